package csv

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxRecent bounds the round ids remembered from an existing file. Only rows of the last batch
// before a crash can come twice, which is far fewer.
const maxRecent = 1 << 16

// position is the content of NAME.pos.
type position struct {
	Spool string `json:"spool"` // the last row written is (Spool, Seq)
	Seq   uint64 `json:"seq"`
	Size  int64  `json:"size"` // bytes of the file that are written and synced
	// Rounds are the last rounds of the experiments written to most recently, the latest at the end. A search that was
	// killed runs its last rounds again: they are not written again.
	Rounds []lastRound `json:"rounds,omitempty"`
}

// lastRound is the number of an experiment's last round in the file.
type lastRound struct {
	Experiment string `json:"experiment"`
	Number     int64  `json:"number"`
}

// maxRounds bounds position.Rounds. A node runs far fewer experiments at a time.
const maxRounds = 64

// has reports whether the file has the round of an experiment.
func (p *position) has(experiment string, number int64) bool {
	i := slices.IndexFunc(p.Rounds, func(l lastRound) bool { return l.Experiment == experiment })
	return i >= 0 && number <= p.Rounds[i].Number
}

// note notes that the file has the round, in a list that shares nothing with the one before.
func (p *position) note(experiment string, number int64) {
	rounds := make([]lastRound, 0, len(p.Rounds)+1)
	for _, l := range p.Rounds {
		if l.Experiment == experiment {
			number = max(number, l.Number)
		} else {
			rounds = append(rounds, l)
		}
	}
	rounds = append(rounds, lastRound{experiment, number})
	p.Rounds = rounds[max(0, len(rounds)-maxRounds):]
}

// loadPosition returns nil if there is none, or none that can be read.
func loadPosition(path string) (*position, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var p position
	if json.Unmarshal(data, &p) != nil || p.Size < 0 {
		return nil, nil
	}
	return &p, nil
}

func (p *position) save(path string) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return replace(path, append(data, '\n'))
}

// replace writes data beside path and renames it there.
func replace(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// content is what inspect finds in an existing file.
type content struct {
	headerFits bool
	whole      int64    // end of the last whole line
	size       int64    // of the file
	recent     []string // round ids behind the position asked for
	last       position // its Rounds are those of the lines behind the position
}

// inspect reads an existing file: its header, and its lines from offset on (0: from the first).
func inspect(f *os.File, want []string, offset int64) (c content, err error) {
	if c.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return c, err
	}
	header := make([]byte, len(appendHeader(nil, columns(true)))+2)
	n, err := f.ReadAt(header, 0)
	if err != nil && err != io.EOF {
		return c, err
	}
	if line := strings.Join(want, ",") + "\r"; int64(n) == c.size && strings.HasPrefix(line, string(header[:n])) {
		c.size = 0 // a crash cut the very first write: there is nothing to keep
		return c, nil
	}
	first := csv.NewReader(bufio.NewReader(io.NewSectionReader(f, 0, int64(n))))
	first.FieldsPerRecord = -1
	fields, err := first.Read()
	if err != nil || !slices.Equal(fields, want) || first.InputOffset() >= int64(n) && header[n-1] != '\n' {
		return c, nil
	}
	c.headerFits = true
	c.whole = max(offset, first.InputOffset())
	return c, c.lines(f, want)
}

// lines reads the lines from c.whole on and moves c.whole behind the last one that is whole.
func (c *content) lines(f *os.File, columns []string) error {
	id, experiment, number := slices.Index(columns, "round_id"), slices.Index(columns, "experiment_id"), slices.Index(columns, "round_number")
	start := c.whole
	r := csv.NewReader(bufio.NewReaderSize(io.NewSectionReader(f, start, c.size-start), 1<<16))
	r.FieldsPerRecord = len(columns)
	r.ReuseRecord = true
	for {
		line, err := r.Read()
		if err == io.EOF {
			return nil
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return nil
		}
		if err != nil {
			return err
		}
		end := start + r.InputOffset()
		if end == c.size {
			var last [1]byte
			if _, err := f.ReadAt(last[:], end-1); err != nil {
				return err
			}
			if last[0] != '\n' {
				return nil
			}
		}
		c.whole = end
		c.recent = append(c.recent, strings.Clone(line[id]))
		if n, err := strconv.ParseInt(line[number], 10, 64); err == nil {
			c.last.note(strings.Clone(line[experiment]), n)
		}
		if len(c.recent) > 2*maxRecent {
			c.recent = append(c.recent[:0], c.recent[len(c.recent)-maxRecent:]...)
		}
	}
}

// setAside renames path to the first free path.N.bak, N from 1, and returns that name.
func setAside(path string) (string, error) {
	for n := 1; ; n++ {
		bak := fmt.Sprintf("%s.%d.bak", path, n)
		if _, err := os.Lstat(bak); err == nil {
			continue
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		return bak, os.Rename(path, bak)
	}
}

func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) {
		return err
	}
	return nil
}
