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
}

// validate returns the first contradiction in the schema.
func (s *Schema) validate() error {
	seen := map[string]string{}
	if s.Target != "" {
		seen[s.Target] = "target_column"
	}
	for _, list := range [...]struct {
		key   string
		names []string
	}{{"numeric_columns", s.Numeric}, {"categorical_columns", s.Categorical}, {"ignored_columns", s.Ignored}} {
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
// "NA" and "?". Anything else is an error that wraps supervised.ErrData and names the line; a bad schema wraps
// domain.ErrConfig.
func Parse(r io.Reader, s Schema) (*Table, error) {
	if err := s.Task.check(); err != nil {
		return nil, err
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	var columns []*column
	var target int
	t := new(Table)
	err := supervised.ReadTable(r, func(names []string) (err error) {
		columns, target, err = s.columns(names)
		return err
	}, func(line int, cells []string) error {
		t.lines = append(t.lines, int32(min(line, math.MaxInt32)))
		if cell := cells[target]; missing(cell) {
			return supervised.AtLine(line, "column %.80q: %q: the target is missing", columns[target].name, cell)
		}
		for i, c := range columns {
			if c == nil {
				continue
			}
			if err := c.add(cells[i]); err != nil {
				return supervised.AtLine(line, "column %.80q: %v", c.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(t.lines) == 0 {
		return nil, supervised.AtLine(1, "no rows after the header")
	}
	for i, c := range columns {
		if c == nil {
			continue
		}
		c.finish()
		if i == target {
			t.target = c
		} else {
			t.inputs = append(t.inputs, c)
		}
	}
	return t, nil
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
	for _, list := range [...]struct {
		names []string
		kind  kind
	}{{s.Numeric, numeric}, {s.Categorical, categorical}, {s.Ignored, undecided}} {
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
