// Package journal keeps what a long benchmark has measured, line by line, so that one that was interrupted goes on: JSON
// values of one type under a header that says what they can only be compared under.
//
// Deliberately absent: synchronisation with the disk. A process that is killed loses at most the line it was writing.
package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// ErrOther is wrapped by Open for a file whose header is not the one asked for.
var ErrOther = errors.New("it is of another measurement")

// A Journal is what has been measured, in memory and, line by line, in a file. The zero value is one in memory alone. It is
// safe for concurrent use.
type Journal[T any] struct {
	mu    sync.Mutex
	file  *os.File // nil for none
	lines []*T
}

// Open opens the file at path, or begins it with the header; "" is a journal in memory. A last line that was cut off by a
// kill is dropped. The caller closes what it has opened.
func Open[T any](path string, header any) (*Journal[T], error) {
	j := &Journal[T]{}
	if path == "" {
		return j, nil
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	want, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	if err := j.parse(whole, want); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	if err = j.file.Truncate(int64(len(whole))); err == nil {
		_, err = j.file.Seek(0, 2)
	}
	if err == nil && len(whole) == 0 {
		_, err = j.file.Write(append(want, '\n'))
	}
	if err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal[T]) parse(data, want []byte) error {
	if len(data) == 0 {
		return nil
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		if i == 0 {
			if !bytes.Equal(line, want) {
				return fmt.Errorf("%w: %.400s, want %s", ErrOther, line, want)
			}
			continue
		}
		v := new(T)
		if err := json.Unmarshal(line, v); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		j.lines = append(j.lines, v)
	}
	return nil
}

// Add appends a line, to the file too. The journal keeps v.
func (j *Journal[T]) Add(v *T) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, v)
	if j.file == nil {
		return nil
	}
	_, err = j.file.Write(append(data, '\n'))
	return err
}

// Lines returns the lines, in order. The slice is the caller's, what it points to is not.
func (j *Journal[T]) Lines() []*T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// Find returns the first line that is meant, nil if there is none.
func (j *Journal[T]) Find(meant func(*T) bool) *T {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := slices.IndexFunc(j.lines, meant); i >= 0 {
		return j.lines[i]
	}
	return nil
}

// Close closes the file.
func (j *Journal[T]) Close() {
	if j.file != nil {
		j.file.Close()
	}
}
