package tabular

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"doin.network/node/compute/domain"
)

// Limits of a data file.
const (
	MaxFileBytes = 64 << 20
	MaxRows      = 1 << 20
	MaxColumns   = 1024
)

// ErrData is what every error about the content of a data file wraps.
var ErrData = errors.New("tabular: data")

// lineError is an error at a line of the file, counted from 1.
type lineError struct {
	line   int
	reason string
}

func (e *lineError) Error() string {
	return fmt.Sprintf("tabular: data: line %d: %s", e.line, e.reason)
}

// Unwrap returns ErrData.
func (e *lineError) Unwrap() error { return ErrData }

func atLine(line int, format string, args ...any) error {
	return &lineError{line, fmt.Sprintf(format, args...)}
}

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

// Parse reads a CSV file (RFC 4180, UTF-8, comma) with a header line of distinct names. Numbers are decimal, missing
// values are "", "NA" and "?", and every row has as many cells as the header. Anything else is an error that wraps
// ErrData and names the line; a bad schema wraps domain.ErrConfig. A file has at most MaxRows, MaxColumns and MaxFileBytes.
func Parse(r io.Reader, s Schema) (*Table, error) {
	if !s.Task.known() {
		return nil, fmt.Errorf("%w: task %.80q", domain.ErrConfig, string(s.Task))
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("tabular: read data: %w", err)
	}
	if len(data) > MaxFileBytes {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrData, MaxFileBytes)
	}
	cells := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	cells.ReuseRecord = true
	header, err := cells.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: empty file", ErrData)
	}
	if err != nil {
		return nil, csvError(err)
	}
	columns, target, err := s.columns(header)
	if err != nil {
		return nil, err
	}
	t := &Table{target: columns[target]}
	for {
		row, err := cells.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := cells.FieldPos(0)
		if len(t.lines) == MaxRows {
			return nil, atLine(line, "more than %d rows", MaxRows)
		}
		if missing(row[target]) {
			return nil, atLine(line, "column %.80q: %q: the target is missing", t.target.name, row[target])
		}
		for i, c := range columns {
			if c == nil {
				continue
			}
			if err := c.add(row[i]); err != nil {
				return nil, atLine(line, "column %.80q: %v", c.name, err)
			}
		}
		t.lines = append(t.lines, int32(min(line, math.MaxInt32)))
	}
	if len(t.lines) == 0 {
		return nil, atLine(1, "no rows after the header")
	}
	for i, c := range columns {
		if c == nil {
			continue
		}
		c.finish()
		if i != target {
			t.inputs = append(t.inputs, c)
		}
	}
	return t, nil
}

// csvError names the line of an error of encoding/csv.
func csvError(err error) error {
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		return atLine(pe.Line, "%v", pe.Err)
	}
	return fmt.Errorf("%w: %w", ErrData, err)
}

// columns makes the columns of a header, nil for ignored ones, and finds the target.
func (s *Schema) columns(header []string) (columns []*column, target int, err error) {
	if len(header) < 2 || len(header) > MaxColumns {
		return nil, 0, atLine(1, "header has %d columns: must be 2 to %d", len(header), MaxColumns)
	}
	place := make(map[string]int, len(header))
	columns = make([]*column, len(header))
	for i, name := range header {
		switch before, twice := place[name]; {
		case twice:
			return nil, 0, atLine(1, "columns %d and %d are both called %.80q", before+1, i+1, name)
		case name == "" || len(name) > MaxName || !utf8.ValidString(name):
			return nil, 0, atLine(1, "column %d: name %.40q: must be 1 to %d bytes of UTF-8", i+1, name, MaxName)
		}
		if _, err := domain.Decimal(name, maxValue); err == nil {
			return nil, 0, atLine(1, "no header: column name %.40q is a number", name)
		}
		name = strings.Clone(name) // the header is one string
		place[name] = i
		columns[i] = &column{name: name, limit: MaxCategories}
	}
	target = len(header) - 1
	find := func(name string) (int, error) {
		i, ok := place[name]
		if !ok {
			return 0, atLine(1, "header has no column %.80q", name)
		}
		return i, nil
	}
	if s.Target != "" {
		if target, err = find(s.Target); err != nil {
			return nil, 0, err
		}
	}
	left := len(header) - 1
	for _, list := range [...]struct {
		names []string
		kind  kind
	}{{s.Numeric, numeric}, {s.Categorical, categorical}, {s.Ignored, undecided}} {
		for _, name := range list.names {
			i, err := find(name)
			if err != nil {
				return nil, 0, err
			}
			if i == target {
				return nil, 0, atLine(1, "column %.80q is the target and listed as an input or ignored", name)
			}
			columns[i].kind = list.kind
			if list.kind == undecided {
				columns[i] = nil
				left--
			}
		}
	}
	if left == 0 {
		return nil, 0, atLine(1, "no column is left as an input")
	}
	columns[target].kind = numeric
	if s.Task == Classification {
		columns[target].kind, columns[target].limit = categorical, MaxClasses
	}
	return columns, target, nil
}
