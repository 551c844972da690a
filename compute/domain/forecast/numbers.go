package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
)

// cellError is an error of the data about a time or a number.
type cellError struct {
	where *data.Error
	cell  error
}

func (e *cellError) Error() string { return e.where.Error() }

// Unwrap returns both.
func (e *cellError) Unwrap() []error { return []error{e.where, e.cell} }

// digits reports whether all cells of a column are numbers in plain digits, and there are some.
func (r *reader) digits(c *data.Column) bool {
	n := 0
	for line, text := range r.cells(c) {
		if _, err := (number.Format{}).Check(text); err != nil {
			return false
		}
		n = line
	}
	return n > 0
}

// numbers reports whether all cells of a column are numbers, and there are some.
func (r *reader) numbers(c *data.Column) bool {
	n := 0
	for line, text := range r.cells(c) {
		if _, err := r.marks.Check(text); err != nil {
			return false
		}
		n = line
	}
	return n > 0
}

// format finds the marks within numbers in columns, and puts them in the options.
func (r *reader) format(columns ...*data.Column) error {
	d, err := number.NewDetector(r.options.Decimal, r.options.Thousands)
	if err != nil {
		return fmt.Errorf("%w: %w", data.ErrOptions, err)
	}
	for _, c := range columns {
		for line, text := range r.cells(c) {
			d.Add(line, text)
		}
	}
	r.marks, err = d.Format()
	var bad *number.CellError
	if errors.As(err, &bad) {
		return &cellError{&data.Error{Line: bad.Line, Option: bad.Option, Reason: "value " + bad.Error()}, bad}
	}
	r.options.Decimal, r.options.Thousands = r.marks.Settings()
	return err
}

// values finds the column of the values.
func (r *reader) values(times timeColumn) (*data.Column, error) {
	if r.form.ValueColumn != "" {
		c, err := r.named("value_column", r.form.ValueColumn)
		if err == nil {
			err = r.format(append(r.beside(), c)...)
		}
		return c, err
	}
	free := slices.DeleteFunc(r.columns("value_column"), func(c *data.Column) bool { return slices.Contains(times, c) })
	if err := r.format(append(r.beside(), free...)...); err != nil {
		return nil, err
	}
	var found *data.Column
	var others []string
	var counters []*data.Column
	for _, c := range free {
		switch {
		case len(free) > 1 && r.counts(c):
			counters = append(counters, c)
		case !r.numbers(c):
			r.texts = append(r.texts, c.Name())
		case found == nil:
			found = c
		default:
			others = append(others, c.Name())
		}
	}
	if found == nil && len(counters) > 0 {
		found = counters[0]
	}
	if found == nil {
		return nil, r.noValues(free)
	}
	if r.form.ValueColumn = found.Name(); len(others) > 0 {
		r.notes = append(r.notes, data.Note{Column: found.Name(), Text: "the first column of numbers is the value; value_column may name another: " + listed(others)})
	}
	return found, nil
}

// counts reports whether a column only counts rows: whole numbers, each one more than the one before.
func (r *reader) counts(c *data.Column) bool {
	var before int64
	for i, row := range r.rows {
		n, err := strconv.ParseInt(c.Text(int(row)), 10, 64)
		if err != nil || i > 0 && n != before+1 {
			return false
		}
		before = n
	}
	return true
}

// noValues is the error where no column is one of numbers: the first cell that is none, of the column that has most of them.
func (r *reader) noValues(columns []*data.Column) error {
	var worst error
	best := 0
	for _, c := range columns {
		n, odd := 0, error(nil)
		for _, row := range r.rows {
			row := int(row)
			if c.Missing(row) {
				continue
			}
			if _, err := r.number(c, row); err == nil {
				n++
			} else if odd == nil {
				odd = err
			}
		}
		if worst == nil || n > best {
			worst, best = odd, n
		}
	}
	if worst == nil {
		return data.Errorf(0, "", "value_column", "no column of numbers beside the times")
	}
	return worst
}

// number returns a cell as a decimal number; empty: missing.
func (r *reader) number(c *data.Column, row int) (string, error) {
	if c.Missing(row) {
		return "", nil
	}
	s, err := r.marks.Check(c.Text(row))
	if err != nil {
		return "", data.Errorf(r.grid.Line(row), c.Name(), "missing_values", "value %.40q: %v", c.Text(row), err)
	}
	return s, nil
}

// beside returns the columns beside the values that are there.
func (r *reader) beside() (list []*data.Column) {
	names := slices.Concat(r.form.Covariates, r.form.Known)
	for i := range r.grid.Columns() {
		if c := r.grid.Column(i); slices.Contains(names, c.Name()) {
			list = append(list, c)
		}
	}
	return list
}

// covariates gathers the columns beside the values.
func (r *reader) covariates(p *placed) (list []*column, err error) {
	for i, name := range slices.Concat(r.form.Covariates, r.form.Known) {
		key := "covariates"
		if i >= len(r.form.Covariates) {
			key = "known_covariates"
		}
		c, err := r.named(key, name)
		if err != nil {
			return nil, err
		}
		column, err := p.gather(name, r.form.Duplicates, func(p *point) (string, error) { return r.number(c, int(p.row)) })
		if err != nil {
			return nil, err
		}
		list = append(list, column)
	}
	return list, nil
}
