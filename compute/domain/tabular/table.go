package tabular

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
)

// Schema says what the columns of a file are.
type Schema struct {
	Task Task
	// Target names the target column; empty it is the last one.
	Target string
	// Numeric and Categorical name columns of that kind, Ignored those that are no inputs. The kind of the others is
	// that of their first cell that is not missing.
	Numeric, Categorical, Ignored []string
	// Split names a column that says what a row is for, "train", "validation" or "test", and is no input; empty: there is
	// none. The rows of the first two learn.
	Split string
}

// validate returns the first contradiction in the schema.
func (s *Schema) validate() error {
	seen := map[string]string{}
	if s.Target != "" {
		seen[s.Target] = "target_column"
	}
	split := []string{}
	if s.Split != "" {
		split = append(split, s.Split)
	}
	for _, list := range [...]struct {
		key   string
		names []string
	}{{"split_column", split}, {"numeric_columns", s.Numeric}, {"categorical_columns", s.Categorical}, {"ignored_columns", s.Ignored}} {
		for _, name := range list.names {
			if before, ok := seen[name]; ok {
				return fmt.Errorf("%s: column %.80q is in %s too", list.key, name, before)
			}
			seen[name] = list.key
		}
	}
	return nil
}

// Table is a parsed data file. It is immutable.
type Table struct {
	inputs []*column // in the order of the file
	target *column   // numeric for regression, categorical for classification; nothing missing
	lines  []int32   // of the file, per row
	// tests says which rows test; nil: none is known to.
	tests []bool
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return len(t.lines) }

// Inputs returns the names of the input columns in the order of the file, fresh.
func (t *Table) Inputs() []string {
	out := make([]string, len(t.inputs))
	for i, c := range t.inputs {
		out[i] = c.name
	}
	return out
}

// Target returns the name of the target column.
func (t *Table) Target() string { return t.target.name }

// Classes returns the names of the classes in ascending byte order, fresh; none for a regression.
func (t *Table) Classes() []string { return slices.Clone(t.target.labels) }

// Parse reads a table (see supervised.ReadTable) with distinct column names. Numbers are decimal, missing values are "",
// "NA" and "?". The rows of further files with the same header follow, and test. Anything else is an error that wraps
// supervised.ErrData and names the line; a bad schema wraps domain.ErrConfig.
func Parse(r io.Reader, s Schema, tests ...io.Reader) (*Table, error) {
	if err := s.Task.check(); err != nil {
		return nil, err
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	p := parser{schema: &s, split: -1}
	if err := supervised.ReadTable(r, p.header, p.row); err != nil {
		return nil, err
	}
	if len(p.table.lines) == 0 {
		return nil, supervised.AtLine(1, "no rows after the header")
	}
	if len(tests) > 0 && s.Split != "" {
		return nil, fmt.Errorf("%w: split_column: given beside test_data", domain.ErrConfig)
	}
	for _, r := range tests {
		if p.table.tests == nil {
			p.table.tests = make([]bool, len(p.table.lines))
		}
		p.testing = true
		if err := supervised.ReadTable(r, p.sameHeader, p.row); err != nil {
			return nil, fmt.Errorf("test_data: %w", err)
		}
	}
	return p.finish(), nil
}

// parser is one Parse.
type parser struct {
	schema  *Schema
	names   []string
	columns []*column // nil for what is no input
	target  int
	split   int  // the column that says what a row is for; −1: none
	testing bool // rows are of a further file
	table   Table
}

func (p *parser) header(names []string) (err error) {
	p.names = slices.Clone(names)
	if p.schema.Split != "" {
		if p.split, err = supervised.Column(names, p.schema.Split); err != nil {
			return err
		}
	}
	p.columns, p.target, err = p.schema.columns(names)
	return err
}

func (p *parser) sameHeader(names []string) error {
	if !slices.Equal(names, p.names) {
		return supervised.AtLine(1, "header %.200q: want that of the data, %.200q", names, p.names)
	}
	return nil
}

func (p *parser) row(line int, cells []string) error {
	t := &p.table
	t.lines = append(t.lines, int32(min(line, math.MaxInt32)))
	switch {
	case p.split >= 0:
		switch cell := cells[p.split]; cell {
		case "train", "validation", "test":
			t.tests = append(t.tests, cell == "test")
		default:
			return supervised.AtLine(line, "column %.80q: %.40q: must be train, validation or test", p.schema.Split, cell)
		}
	case t.tests != nil:
		t.tests = append(t.tests, p.testing)
	}
	if cell := cells[p.target]; missing(cell) {
		return supervised.AtLine(line, "column %.80q: %q: the target is missing", p.columns[p.target].name, cell)
	}
	for i, c := range p.columns {
		if c == nil {
			continue
		}
		if err := c.add(cells[i]); err != nil {
			return supervised.AtLine(line, "column %.80q: %v", c.name, err)
		}
	}
	return nil
}

func (p *parser) finish() *Table {
	for i, c := range p.columns {
		if c == nil {
			continue
		}
		c.finish()
		if i == p.target {
			p.table.target = c
		} else {
			p.table.inputs = append(p.table.inputs, c)
		}
	}
	return &p.table
}

// columns makes the columns of a header, nil for ignored ones, and finds the target.
func (s *Schema) columns(header []string) (columns []*column, target int, err error) {
	place := make(map[string]int, len(header))
	columns = make([]*column, len(header))
	for i, name := range header {
		switch before, twice := place[name]; {
		case twice:
			return nil, 0, supervised.AtLine(1, "columns %d and %d are both called %.80q", before+1, i+1, name)
		case name == "" || len(name) > MaxName || !utf8.ValidString(name):
			return nil, 0, supervised.AtLine(1, "column %d: name %.40q: must be 1 to %d bytes of UTF-8", i+1, name, MaxName)
		}
		name = strings.Clone(name) // the header is one string
		place[name] = i
		columns[i] = &column{name: name, limit: MaxCategories}
	}
	target = len(header) - 1
	if s.Target != "" {
		if target, err = supervised.Column(header, s.Target); err != nil {
			return nil, 0, err
		}
	}
	left := len(header) - 1
	ignored := s.Ignored
	if s.Split != "" {
		ignored = append(slices.Clone(ignored), s.Split)
	}
	for _, list := range [...]struct {
		names []string
		kind  kind
	}{{s.Numeric, numeric}, {s.Categorical, categorical}, {ignored, undecided}} {
		for _, name := range list.names {
			i, err := supervised.Column(header, name)
			if err != nil {
				return nil, 0, err
			}
			if i == target {
				return nil, 0, supervised.AtLine(1, "column %.80q is the target and listed as an input or ignored", name)
			}
			columns[i].kind = list.kind
			if list.kind == undecided {
				columns[i] = nil
				left--
			}
		}
	}
	if left == 0 {
		return nil, 0, supervised.AtLine(1, "no column is left as an input")
	}
	columns[target].kind = numeric
	if s.Task == Classification {
		columns[target].kind, columns[target].limit = categorical, MaxClasses
	}
	return columns, target, nil
}
