package data

import (
	"errors"
	"fmt"
	"strings"
)

// ErrData is what every error about the content of a file wraps.
var ErrData = errors.New("data")

// Error says what is wrong with the content of a file, where, and what helps.
type Error struct {
	// Line is that of the file at which the row begins, from 1; 0: the error is about no single line.
	Line int
	// Column names the column; empty: the error is about no single column.
	Column string
	// Option is the key of the configuration that helps; empty: none does.
	Option string
	// Reason is a clause without a full stop.
	Reason string
}

// Error implements error: data: line 7: column "x": reason (option: separator).
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(ErrData.Error())
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ": column %.80q", e.Column)
	}
	b.WriteString(": " + e.Reason)
	if e.Option != "" {
		fmt.Fprintf(&b, " (option: %s)", e.Option)
	}
	return b.String()
}

// Unwrap returns ErrData.
func (e *Error) Unwrap() error { return ErrData }

// Errorf returns an *Error; line, column and option may be absent.
func Errorf(line int, column, option, format string, args ...any) error {
	return &Error{Line: line, Column: column, Option: option, Reason: fmt.Sprintf(format, args...)}
}
