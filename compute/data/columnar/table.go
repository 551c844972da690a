package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrContent is what every error about the content of a file wraps.
var ErrContent = errors.New("content")

// Table takes what is read.
type Table interface {
	// Begin gets the columns and says which are wanted: of those that can be read.
	Begin(columns []Column) (wanted []bool, err error)
	// Grow is told how many rows follow, before there is anything of them.
	Grow(rows int64) error
	// Cell gets the next cell of a column that is wanted; a missing value is empty. It does not keep the text.
	Cell(column int, text []byte) error
}

// Column is a column of a file.
type Column struct {
	Name string
	// Refusal says why it cannot be read; empty: it can.
	Refusal string
}

// ColumnError is what is wrong with a column.
type ColumnError struct {
	Name, Reason string
	Row          int64 // from 1; 0: no single one
}

// Error names the column.
func (e *ColumnError) Error() string { return fmt.Sprintf("column %.80q: %s", e.Name, e.Reason) }

// Unwrap returns ErrContent.
func (e *ColumnError) Unwrap() error { return ErrContent }

func refused(name, format string, args ...any) error {
	return &ColumnError{Name: name, Reason: fmt.Sprintf(format, args...)}
}

// guard makes an error of a panic, for the libraries index and allocate by what a file says.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: damaged: %v", ErrContent, p)
	}
}

// emit hands on a cell of text, which is refused unless it is UTF-8.
func emit(t Table, column int, name string, text []byte) error {
	if !utf8.Valid(text) {
		return refused(name, "bytes that are not UTF-8")
	}
	return t.Cell(column, bytes.Trim(text, " \t"))
}
