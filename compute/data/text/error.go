package text

import "fmt"

// Error is what is wrong with a text. Line counts from 1, 0 for no single one; Column is the cell's name or place in its row,
// empty for none; Option is the key of a configuration that helps, empty for none.
type Error struct {
	Line                   int
	Column, Option, Reason string
	open                   bool // a quote is left open
	escaped                bool // a quote is escaped by a backslash
}

// Error returns the reason with its line.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return e.Reason
}

func fault(line int, option, format string, args ...any) *Error {
	return &Error{Line: line, Option: option, Reason: fmt.Sprintf(format, args...)}
}
