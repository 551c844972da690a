package gpu

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// maxFileBytes bounds a file of the committed set.
const maxFileBytes = 4 << 20

// Committed is a set of tasks with the roots of their digests.
type Committed struct {
	Names []string
	Tasks []nn.Task
	Roots []string // hexadecimal
}

// LoadCommitted reads a folder laid out as compute/nn/testdata: tasks/*.json, and roots.json. Where only is not empty, tasks
// whose names begin with none of them are left out.
func LoadCommitted(folder string, only []string) (*Committed, error) {
	text, err := readBounded(filepath.Join(folder, "roots.json"))
	if err != nil {
		return nil, err
	}
	var roots map[string]string
	if err := json.Unmarshal(text, &roots); err != nil {
		return nil, fmt.Errorf("%s: roots.json: %w", folder, err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "tasks", "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	c := new(Committed)
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if len(only) > 0 && !slices.ContainsFunc(only, begins) {
			continue
		}
		if err := c.add(f, name, roots[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	if len(c.Tasks) == 0 {
		return nil, fmt.Errorf("%s: no tasks", folder)
	}
	return c, nil
}

func (c *Committed) add(file, name, root string) error {
	if root == "" {
		return fmt.Errorf("no root in roots.json")
	}
	text, err := readBounded(file)
	if err != nil {
		return err
	}
	o, err := canon.ParseObject(text)
	if err != nil {
		return err
	}
	t, err := nn.ParseTask(o)
	if err != nil {
		return err
	}
	c.Names, c.Tasks, c.Roots = append(c.Names, name), append(c.Tasks, *t), append(c.Roots, root)
	return nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		err = fmt.Errorf("%s: more than %d bytes", path, maxFileBytes)
	}
	return text, err
}
