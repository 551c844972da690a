package islands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// entry is a line of a journal; one member is set.
type entry struct {
	Header      *journalHeader `json:"header,omitempty"`
	Calibration *Calibration   `json:"calibration,omitempty"`
	Pair        *Pair          `json:"pair,omitempty"`
}

// journalHeader is what entries can only be compared under.
type journalHeader struct {
	Domain           string   `json:"domain"`
	Path             string   `json:"config"`
	Strategy         string   `json:"strategy"`
	Population       int      `json:"population"`
	Goal             *float64 `json:"goal"`
	CalibrateSeconds float64  `json:"calibrate_seconds"`
	TimeoutSeconds   float64  `json:"timeout_seconds"`
}

// journal is what has been measured, in memory and, line by line, in a file. It is safe for concurrent use.
type journal struct {
	mu      sync.Mutex
	file    *os.File // nil for none
	entries []entry
}

// openJournal opens the file at path, or begins it; "" is a journal in memory. A last line that was cut off by a kill is
// dropped.
func openJournal(path string, c *ClockConfig) (*journal, error) {
	j := &journal{}
	if path == "" {
		return j, nil
	}
	want := journalHeader{Domain: c.Domain, Path: c.Path, Strategy: c.Strategies[0], Population: c.Population, Goal: c.Goal,
		CalibrateSeconds: c.CalibrateFor.Seconds(), TimeoutSeconds: c.Timeout.Seconds()}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	if err := j.parse(whole, &want); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	if err = j.file.Truncate(int64(len(whole))); err == nil {
		_, err = j.file.Seek(0, 2)
	}
	if err == nil && len(whole) == 0 {
		err = j.add(entry{Header: &want})
	}
	if err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

// parse reads lines.
func (j *journal) parse(data []byte, want *journalHeader) error {
	a, err := json.Marshal(want)
	if err != nil {
		return err
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		if len(data) == 0 {
			break
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		if i == 0 {
			if b, err := json.Marshal(e.Header); err != nil || !bytes.Equal(a, b) {
				return fmt.Errorf("it is of another measurement: %s, want %s", b, a)
			}
		}
		j.entries = append(j.entries, e)
	}
	return nil
}

// add appends an entry, to the file too.
func (j *journal) add(e entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
	if j.file == nil {
		return nil
	}
	_, err = j.file.Write(append(data, '\n'))
	return err
}

func (j *journal) close() {
	if j.file != nil {
		j.file.Close()
	}
}

// calibrations returns the scores, in the order in which they were found.
func (j *journal) calibrations() (out []Calibration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.Calibration != nil {
			out = append(out, *e.Calibration)
		}
	}
	return out
}

func (j *journal) scores() (out []float64) {
	for _, c := range j.calibrations() {
		out = append(out, c.Score)
	}
	return out
}

func (j *journal) calibrated(seed int64) bool {
	for _, c := range j.calibrations() {
		if c.Seed == seed {
			return true
		}
	}
	return false
}

// pair returns a seed's, nil if it is not measured yet.
func (j *journal) pair(seed int64) *Pair {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.Pair != nil && e.Pair.Seed == seed {
			return e.Pair
		}
	}
	return nil
}

func (j *journal) paired(seed int64) bool { return j.pair(seed) != nil }
