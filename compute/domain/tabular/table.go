package tabular

import (
	"io"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
)

// Table is a parsed data file. It is immutable.
type Table struct {
	inputs []*column // ascending by name, the parts of a date one after another
	target *column   // numeric for regression, categorical for classification; nothing missing
	lines  []int32   // of the files, per row
	// first is the number of rows of the data; those from it on are of a file that tests.
	first int
	// tests says which rows test; nil: none is known to.
	tests []bool
	// unused are the names of the columns that are neither input nor target, ascending.
	unused []string
	// schema has the kind of every column; options and format say how the file and its numbers are read.
	schema  Schema
	options data.Options
	format  number.Format
	notes   []string
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return len(t.lines) }

// Inputs returns the names of the input columns in ascending byte order, fresh.
func (t *Table) Inputs() []string {
	var out []string
	for _, c := range t.inputs {
		if len(out) == 0 || out[len(out)-1] != c.name {
			out = append(out, c.name)
		}
	}
	return out
}

// Target returns the name of the target column.
func (t *Table) Target() string { return t.target.name }

// Classes returns the names of the classes in ascending byte order, fresh; none for a regression.
func (t *Table) Classes() []string { return slices.Clone(t.target.labels) }

// Schema returns the schema that the table was read by with the kind of every column in it: it reads the same file as
// the same table, whatever a later version would find in the cells. The caller must not change its lists.
func (t *Table) Schema() Schema { return t.schema }

// Options returns what reads the file again in the same way, the marks within numbers included. The caller must not
// change its lists.
func (t *Table) Options() data.Options { return t.options }

// Notes returns what was dropped, or looks wrong, as sentences without a full stop, fresh.
func (t *Table) Notes() []string { return slices.Clone(t.notes) }

// Parse reads a table; see FromGrid. The rows of further files follow, and test; they are read as the first file was.
func Parse(r io.Reader, o data.Options, s Schema, tests ...io.Reader) (*Table, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	skipped := map[string]bool{}
	keep := func(name string) bool {
		if !slices.Contains(s.Ignored, name) {
			return true
		}
		skipped[name] = true
		return false
	}
	g, err := data.ReadFrom(r, o, keep)
	if err != nil {
		return nil, err
	}
	var others []*data.Grid
	for _, r := range tests {
		reading := g.Reading()
		other, err := data.ReadFrom(r, reading.Options(), keep)
		if err != nil {
			return nil, inTests(err)
		}
		others = append(others, other)
	}
	return fromGrid(g, s, skipped, others)
}

// FromGrid makes a table of the cells of a file, and of others with columns of the same names whose rows test. A row
// without a target is left out. Errors about the content wrap data.ErrData and name line, column and the option that
// helps; a bad schema wraps domain.ErrConfig.
func FromGrid(g *data.Grid, s Schema, tests ...*data.Grid) (*Table, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	return fromGrid(g, s, nil, tests)
}
