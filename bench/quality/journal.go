package quality

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// journal is what has been measured, in memory and, line by line, in a file: a header, then lines of one type. It is for one
// goroutine.
type journal[T any] struct {
	file *os.File // nil for none
	list []*T
}

// openJournal opens the file at path, or begins it with the header; "" is a journal in memory. A last line that was cut off
// by a kill is dropped. A file with another header is refused.
func openJournal[T any](path string, header any) (*journal[T], error) {
	j := &journal[T]{}
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
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *journal[T]) parse(data, want []byte) error {
	if len(data) == 0 {
		return nil
	}
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		if i == 0 {
			if !bytes.Equal(line, want) {
				return fmt.Errorf("it is of another measurement: %.400s, want %s", line, want)
			}
			continue
		}
		r := new(T)
		if err := json.Unmarshal(line, r); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		j.list = append(j.list, r)
	}
	return nil
}

// add appends a line, to the file too.
func (j *journal[T]) add(r *T) error {
	j.list = append(j.list, r)
	if j.file == nil {
		return nil
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(data, '\n'))
	return err
}

// find returns the first line that is meant, nil if there is none.
func (j *journal[T]) find(meant func(*T) bool) *T {
	for _, r := range j.list {
		if meant(r) {
			return r
		}
	}
	return nil
}

func (j *journal[T]) close() {
	if j.file != nil {
		j.file.Close()
	}
}
