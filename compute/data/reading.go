package data

import (
	"fmt"

	"doin.network/node/internal/canon"
)

// Reading is how a file was understood.
type Reading struct {
	// Compression is "gzip", "zip", "zstd" or "bzip2"; empty: none.
	Compression string
	// Form is "text", "parquet", "arrow" or "arrow stream".
	Form string
	// Notes say what was dropped or decided, in the order of the file.
	Notes []Note
	// options are those in force: none is empty that was found in the file.
	options Options
}

// Note is a sentence about the file, without a full stop.
type Note struct {
	Line   int    // of the file, from 1; 0: of none
	Column string // empty: of none
	Text   string
}

// String returns the note with its place.
func (n Note) String() string {
	s := n.Text
	if n.Column != "" {
		s = fmt.Sprintf("column %.80q: %s", n.Column, s)
	}
	if n.Line > 0 {
		s = fmt.Sprintf("line %d: %s", n.Line, s)
	}
	return s
}

// Options returns what reads the file again in the same way.
func (r *Reading) Options() Options { return r.options }

// Object returns the settings in force, by the keys of a configuration, fresh. What is left to the cells, the marks within
// numbers, stands in it where the options have it.
func (r *Reading) Object() *canon.Object { return r.options.Object() }
