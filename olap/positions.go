package olap

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// positions is the file that remembers how far each sink has read. Losing it costs only work: the
// rows are delivered again, and sinks know what they have.
type positions struct {
	Spool string            `json:"spool"`
	Sinks map[string]uint64 `json:"sinks"` // sink name → number of the last row it has
}

func positionsPath(dir string) string { return filepath.Join(dir, "positions.json") }

// loadPositions reads the positions in dir. A missing file gives none; so does a damaged one,
// which damaged then reports.
func loadPositions(dir string) (p positions, damaged, err error) {
	data, err := os.ReadFile(positionsPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return positions{}, nil, nil
	}
	if err != nil {
		return positions{}, nil, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return positions{}, fmt.Errorf("%s: %w", positionsPath(dir), err), nil
	}
	return p, nil, nil
}

// save replaces the file; a reader sees the old one or the new one, whole.
func (p *positions) save(dir string) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return replaceFile(positionsPath(dir), append(data, '\n'))
}

// replaceFile writes data beside path and renames it there. The content is not synced: the files
// written so are hints that may be old, not torn.
func replaceFile(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
