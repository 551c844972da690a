package data

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
)

// Read reads a file. keep says which columns are stored, by name; nil: all. Errors about the content wrap ErrData, the others
// are the file system's.
func Read(path string, o Options, keep func(name string) bool) (*Grid, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFrom(f, o, keep)
}

// ReadFrom is Read of what r gives.
func ReadFrom(r io.Reader, o Options, keep func(name string) bool) (*Grid, error) {
	if o.Missing == nil {
		o.Missing = DefaultMissing()
	}
	rows := csv.NewReader(io.LimitReader(r, MaxBytes))
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return nil, Errorf(0, "", "", "empty file")
	}
	t := newTable(header, newMissing(o.Missing), keep)
	for {
		cells, err := rows.Read()
		if err == io.EOF {
			return t.finish(Reading{Form: "text", options: o}), nil
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			return nil, Errorf(pe.Line, "", "separator", "%v", pe.Err)
		}
		if err != nil {
			return nil, fmt.Errorf("read data: %w", err)
		}
		line, _ := rows.FieldPos(0)
		for i, b := range t.builders {
			if b != nil {
				b.add([]byte(cells[i]))
			}
		}
		t.row(line)
	}
}
