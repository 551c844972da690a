package tabular

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
)

// parser makes one table.
type parser struct {
	Table
	files   []file
	dropped remarks
	warned  remarks
}

// file is one grid.
type file struct {
	grid  *data.Grid
	place map[string]int // of a column
	rows  []int32        // that are kept, ascending
}

// cells returns the cells of a column.
func (p *parser) cells(name string) *cells {
	c := &cells{name: name}
	for _, f := range p.files {
		c.parts = append(c.parts, part{f.grid.Column(f.place[name]), f.rows})
	}
	return c
}

// errorAt is an error about a cell of the table; option may be empty.
func (p *parser) errorAt(row int, column, option, format string, args ...any) error {
	return p.Table.errorAt(row, column, option, format, args...)
}

func (t *Table) errorAt(row int, column, option, format string, args ...any) error {
	err := data.Errorf(int(t.lines[row]), column, option, format, args...)
	if row >= t.first {
		return inTests(err)
	}
	return err
}

// inTests says that an error is about a file that tests.
func inTests(err error) error { return fmt.Errorf("test_data: %w", err) }

// fromGrid makes a table; skipped are ignored columns that the grids lack.
func fromGrid(g *data.Grid, s Schema, skipped map[string]bool, tests []*data.Grid) (*Table, error) {
	p := &parser{}
	reading := g.Reading()
	p.schema, p.options, p.dropped.verb = s, reading.Options(), "dropped "
	for _, n := range reading.Notes {
		p.notes = append(p.notes, n.String())
	}
	if len(tests) > 0 && s.Split != "" {
		return nil, fmt.Errorf("%w: split_column: given beside test_data", domain.ErrConfig)
	}
	if err := p.columns(g, skipped); err != nil {
		return nil, err
	}
	for i, g := range append([]*data.Grid{g}, tests...) {
		if err := p.addFile(g, i > 0); err != nil {
			return nil, err
		}
	}
	if err := p.findFormat(); err != nil {
		return nil, err
	}
	if err := p.readTarget(); err != nil {
		return nil, err
	}
	if err := p.readInputs(); err != nil {
		return nil, err
	}
	p.finish()
	return &p.Table, nil
}

// columns checks the names of the schema against those of the file and finds the target.
func (p *parser) columns(g *data.Grid, skipped map[string]bool) error {
	names := g.Names()
	if len(names)+len(skipped) < 2 {
		return data.Errorf(0, "", "separator", "the file has one column: a target and an input are needed")
	}
	for _, list := range p.schema.lists() {
		for _, name := range list.names {
			if !slices.Contains(names, name) && !skipped[name] {
				return data.Errorf(0, "", list.key, "the file has no column %.80q%s: it has %s", name, suggestion(name, names), columnList(names))
			}
		}
	}
	if p.schema.Target == "" {
		for _, name := range names {
			if name != p.schema.Split && !slices.Contains(p.schema.Ignored, name) {
				p.schema.Target = name
			}
		}
	}
	if p.schema.Target == "" {
		return data.Errorf(0, "", "ignored_columns", "no column is left as the target")
	}
	return nil
}

// addFile adds the rows of a file that have a target.
func (p *parser) addFile(g *data.Grid, tests bool) error {
	f := file{grid: g, place: map[string]int{}}
	for i, name := range g.Names() {
		f.place[name] = i
	}
	if tests {
		if err := p.sameColumns(f.place); err != nil {
			return err
		}
	}
	target, lost := g.Column(f.place[p.schema.Target]), 0
	for row := range target.Len() {
		if target.Missing(row) {
			lost++
			continue
		}
		if err := p.assign(g, f.place, row, tests); err != nil {
			return err
		}
		f.rows = append(f.rows, int32(row))
		p.lines = append(p.lines, int32(min(g.Line(row), math.MaxInt32)))
	}
	where := ""
	if !tests {
		p.first = len(p.lines)
	} else {
		where = "test_data: "
	}
	if lost > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%s%d of %d rows have no target and are left out", where, lost, target.Len()))
	}
	p.files = append(p.files, f)
	if len(f.rows) == 0 && !tests {
		return data.Errorf(0, p.schema.Target, "target_column", "no row has a target")
	}
	return nil
}

// sameColumns checks that a file has the columns of the data; others are said to have no use.
func (p *parser) sameColumns(place map[string]int) error {
	var more []string
	for name := range place {
		if _, ok := p.files[0].place[name]; !ok {
			more = append(more, name)
		}
	}
	for _, name := range p.files[0].grid.Names() {
		if _, ok := place[name]; !ok {
			return inTests(data.Errorf(0, name, "ignored_columns", "the file lacks a column that the data have"))
		}
	}
	if slices.Sort(more); more != nil {
		p.notes = append(p.notes, "test_data: "+columnList(more)+": not in the data, passed over")
	}
	return nil
}

// assign says whether a row tests, where that is known.
func (p *parser) assign(g *data.Grid, place map[string]int, row int, tests bool) error {
	switch {
	case p.schema.Split != "":
		c := g.Column(place[p.schema.Split])
		switch cell := c.Text(row); cell {
		case "train", "validation", "test":
			p.tests = append(p.tests, cell == "test")
		default:
			return data.Errorf(g.Line(row), c.Name(), "split_column", "%.40q: must be train, validation or test", cell)
		}
	case tests:
		if p.tests == nil {
			p.tests = make([]bool, p.first)
		}
		p.tests = append(p.tests, true)
	}
	return nil
}

// readInputs reads all other columns.
func (p *parser) readInputs() error {
	names := p.files[0].grid.Names()
	slices.Sort(names)
	for _, name := range names {
		if name == p.schema.Target || name == p.schema.Split || slices.Contains(p.schema.Ignored, name) {
			continue
		}
		var columns []*column
		var err error
		if k, format := p.schema.kindOf(name); k == undecided {
			columns, err = p.guess(p.cells(name))
		} else {
			columns, err = p.listed(p.cells(name), k, format)
		}
		if err != nil {
			return err
		}
		if columns == nil {
			p.schema.Ignored = append(p.schema.Ignored[:len(p.schema.Ignored):len(p.schema.Ignored)], name)
		}
		p.inputs = append(p.inputs, columns...)
	}
	if len(p.inputs) == 0 {
		return data.Errorf(0, "", "ignored_columns", "no column is left as an input%s", strings.Join(append([]string{""}, p.dropped.notes()...), "; "))
	}
	return nil
}

// finish names what was decided.
func (p *parser) finish() {
	s := &p.schema
	s.Numeric, s.Categorical, s.Boolean, s.Dates = nil, nil, nil, nil
	for _, c := range p.inputs {
		switch c.kind {
		case numeric:
			s.Numeric = append(s.Numeric, c.name)
		case categorical:
			s.Categorical = append(s.Categorical, c.name)
		case boolean:
			s.Boolean = append(s.Boolean, c.name)
		case date:
			if n := len(s.Dates); n == 0 || s.Dates[n-1].Name != c.name {
				s.Dates = append(s.Dates, DateColumn{c.name, c.layout.Name()})
			}
		}
	}
	s.TimeFormat, s.MaxCategories = "", s.maxCategories()
	s.Ignored = slices.Sorted(slices.Values(s.Ignored))
	p.unused = slices.Clone(s.Ignored)
	if s.Split != "" {
		p.unused = append(p.unused, s.Split)
	}
	p.warnOfLeaks()
	p.notes = slices.Concat(p.notes, p.dropped.notes(), p.warned.notes())
}
