package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Positions is the file in a queue's folder that remembers how far each reader is. Losing it costs only work: readers must
// know what they have.
type Positions struct {
	Queue   string            `json:"spool"` // the ID of the queue they belong to
	Readers map[string]uint64 `json:"sinks"` // reader's name → number of the last record it has
}

func positionsPath(dir string) string { return filepath.Join(dir, "positions.json") }

// LoadPositions reads the positions in dir. A missing file gives none; so does a damaged one,
// which damaged then reports.
func LoadPositions(dir string) (p Positions, damaged, err error) {
	data, err := os.ReadFile(positionsPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return Positions{}, nil, nil
	}
	if err != nil {
		return Positions{}, nil, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return Positions{}, fmt.Errorf("%s: %w", positionsPath(dir), err), nil
	}
	return p, nil, nil
}

// Save replaces the file; a reader sees the old one or the new one, whole.
func (p *Positions) Save(dir string) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return replaceFile(positionsPath(dir), append(data, '\n'))
}

// replaceFile writes data beside path and renames it there. The content is not synced: positions may be old, not torn.
func replaceFile(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
