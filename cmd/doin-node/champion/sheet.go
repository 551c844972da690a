package champion

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxSheetBytes bounds a file of rows to ask with.
const maxSheetBytes = 256 << 20

// sheet is a CSV file with a header: what somebody asks with, or an answer.
type sheet struct {
	names []string
	rows  [][]string
}

// readText reads a file of text; "-" is standard input. What is wrong with the file is an *InputError.
func readText(path string) (string, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", &InputError{err.Error()}
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSheetBytes+1))
	switch {
	case err != nil:
		return "", err
	case len(data) > maxSheetBytes:
		return "", &InputError{fmt.Sprintf("%s: larger than %d MiB", path, maxSheetBytes>>20)}
	case !utf8.Valid(data):
		return "", &InputError{path + ": is no UTF-8 text"}
	}
	return strings.TrimPrefix(string(data), "\ufeff"), nil
}

// readSheet reads a file. The separator is the one of comma, semicolon and tab that the header has most of. What is wrong with the
// file is an *InputError.
func readSheet(path string) (*sheet, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	s, err := parseSheet([]byte(text))
	if err != nil {
		return nil, &InputError{fmt.Sprintf("%s: %v", path, err)}
	}
	return s, nil
}

func parseSheet(data []byte) (*sheet, error) {
	header, _, _ := bytes.Cut(data, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(data))
	for _, separator := range ",;\t" {
		if bytes.Count(header, []byte(string(separator))) > bytes.Count(header, []byte(string(r.Comma))) {
			r.Comma = separator
		}
	}
	all, err := r.ReadAll()
	switch {
	case err != nil:
		return nil, err
	case len(all) < 2:
		return nil, errors.New("has no rows below a header")
	}
	s := &sheet{names: all[0], rows: all[1:]}
	for i, name := range s.names {
		s.names[i] = strings.TrimSpace(name)
	}
	return s, nil
}

// column returns the place of a column, −1 where there is none.
func (s *sheet) column(name string) int {
	for i, n := range s.names {
		if n == name {
			return i
		}
	}
	return -1
}

// without returns the sheet less some columns.
func (s *sheet) without(names map[string]bool) *sheet {
	var keep []int
	out := &sheet{}
	for i, n := range s.names {
		if !names[n] {
			keep, out.names = append(keep, i), append(out.names, n)
		}
	}
	for _, row := range s.rows {
		cells := make([]string, len(keep))
		for j, i := range keep {
			cells[j] = row[i]
		}
		out.rows = append(out.rows, cells)
	}
	return out
}

// encode is the sheet as CSV.
func (s *sheet) encode() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(s.names) // a buffer takes everything
	err := w.WriteAll(s.rows)
	return b.Bytes(), err
}

// WriteFile writes a file that is complete or not there; "-" and "" are out.
func WriteFile(path string, data []byte, out io.Writer) error {
	if path == "" || path == "-" {
		_, err := out.Write(data)
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
