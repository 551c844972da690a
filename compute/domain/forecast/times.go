package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
)

// instants reads a column of times.
func (r *reader) instants(times timeColumn, layout when.Layout) (instants, error) {
	out := instants{make([]when.Stamp, 0, len(r.rows)), make([]point, 0, len(r.rows))}
	for _, row := range r.rows {
		row := int(row)
		stamp, err := layout.Parse(times.Text(row))
		if times.Missing(row) {
			err = errors.New("missing")
		}
		if err != nil {
			return instants{}, data.Errorf(r.grid.Line(row), times.Name(), when.Option, "time %.40q: %v", times.Text(row), err)
		}
		out.add(stamp, r.grid.Line(row), row, 0)
	}
	return out, nil
}

// times finds the column of the times and their form; nil where there is none.
func (r *reader) times() (timeColumn, when.Layout, error) {
	f := r.form
	switch {
	case f.TimeColumn == None && !slices.Contains(r.grid.Names(), None):
		return nil, when.Layout{}, nil
	case f.TimeColumn != "":
		c, err := r.named("time_column", f.TimeColumn)
		if err != nil {
			return nil, when.Layout{}, err
		}
		return r.timed(c)
	case len(f.TimeColumns) > 0:
		return r.timed(nil)
	}
	if list := r.together(); list != nil {
		for _, c := range list {
			f.TimeColumns = append(f.TimeColumns, c.Name())
		}
		r.notes = append(r.notes, data.Note{Text: "columns " + listed(f.TimeColumns) + " are one time together"})
		return r.timed(nil)
	}
	c, layout, err := r.findTimes()
	if err != nil {
		return nil, layout, err
	}
	if c != nil {
		return timeColumn{c}, layout, nil
	}
	f.TimeColumn = None
	r.notes = append(r.notes, data.Note{Text: "no column of times: rows are counted from 0, and no calendar is known"})
	return nil, when.Layout{}, nil
}

// timed returns a column of times, or those of the setting, with their form.
func (r *reader) timed(c *data.Column) (timeColumn, when.Layout, error) {
	list := timeColumn{c}
	if c == nil {
		list = nil
	}
	for _, name := range r.form.TimeColumns {
		c, err := r.named("time_columns", name)
		if err != nil {
			return nil, when.Layout{}, err
		}
		list = append(list, c)
	}
	layout, err := r.layout(list)
	r.form.TimeFormat = layout.Name()
	return list, layout, err
}

// timeNames are what columns are called that may be times although they are numbers.
var timeNames = []string{"time", "date", "datetime", "timestamp", "t", "ds", "year", "quarter", "month", "week", "day", "hour", "minute", "second", "period", "epoch"}

// findTimes finds the column of times: the first that is no column of numbers, else of dates in digits alone, else of numbers
// that step evenly. Columns of numbers are only looked at where they are the first or have one of timeNames. Without any it is
// an error if the first column is none of numbers.
func (r *reader) findTimes() (column *data.Column, layout when.Layout, err error) {
	best := 3
	var odd error
	for i, c := range r.columns("time_column") {
		rank, digits := 0, r.digits(c)
		if digits && (i > 0 && !slices.Contains(timeNames, strings.ToLower(c.Name())) || r.grid.Columns() < 2) {
			continue
		}
		l, err := r.layout(c)
		if err == nil && digits && r.serial(c, l) {
			return nil, l, r.serialError(c)
		}
		if errors.Is(err, when.ErrAmbiguous) && r.constant(c) { // whatever it is, it is no time of a row
			continue
		}
		if errors.Is(err, when.ErrAmbiguous) && !digits {
			return nil, l, err
		}
		if err != nil {
			if i == 0 && !digits {
				odd = err
			}
			continue
		}
		if digits {
			if rank = 1; l.Kind() == when.Number {
				rank = 2
			}
			if !r.ascending(c, l) {
				if l, digits = r.decimalYears(c); !digits {
					continue
				}
			}
		}
		if rank < best {
			best, column, layout = rank, c, l
		}
	}
	if column == nil {
		return nil, layout, odd
	}
	r.form.TimeColumn, r.form.TimeFormat = column.Name(), layout.Name()
	return column, layout, nil
}

// Serial dates of spreadsheets are told by the name of their column and by their magnitude, 1954 to 2119 in the system of 1900. Which
// system it is, cells do not say.
const (
	minSerial = 20_000
	maxSerial = 80_000
)

// dateNames are what columns of dates are called, in small letters.
var dateNames = []string{"date", "datetime", "timestamp", "day", "ds", "datum", "fecha", "data", "observation_date"}

// serial reports whether a column of numbers may be one of serial dates.
func (r *reader) serial(c *data.Column, layout when.Layout) bool {
	if layout.Kind() != when.Number || r.form.TimeFormat != "" || !slices.Contains(dateNames, strings.ToLower(c.Name())) {
		return false
	}
	for _, text := range r.cells(c) {
		if s, err := layout.Parse(text); err != nil || s.Value < minSerial || s.Value > maxSerial {
			return false
		}
	}
	return true
}

// serialError says so.
func (r *reader) serialError(c *data.Column) error {
	for line, text := range r.cells(c) {
		whole, _, fraction := strings.Cut(text, ".")
		var dates []string
		names := []string{"excel-1900", "excel-1904"}
		day, _ := when.ByName("%Y-%m-%d")
		for i, name := range names {
			l, err := when.ByName(name)
			if err != nil {
				return err
			}
			s, err := l.Parse(whole)
			if err != nil {
				return err
			}
			if dates = append(dates, day.Format(s)); fraction {
				names[i] += ".5"
			}
		}
		bad := &when.CellError{Line: line, Text: text, Err: when.ErrAmbiguous, Reason: fmt.Sprintf("may be a serial date of a spreadsheet, %s or %s: set %s to %s, or to number if it only counts",
			dates[0], dates[1], when.Option, strings.Join(names, " or "))}
		return &cellError{&data.Error{Line: line, Column: c.Name(), Option: when.Option, Reason: "time " + bad.Error()}, bad}
	}
	return nil
}

// constant reports whether all cells of a column are the same, and there are several.
func (r *reader) constant(c *data.Column) bool {
	for _, row := range r.rows {
		if c.Text(int(row)) != c.Text(int(r.rows[0])) {
			return false
		}
	}
	return len(r.rows) > 1
}

// layout finds the form of the times of a column.
func (r *reader) layout(c cells) (when.Layout, error) {
	if r.form.TimeFormat != "" {
		layout, err := when.ByName(r.form.TimeFormat)
		if err != nil {
			err = data.Errorf(0, "", when.Option, "%v", err)
		}
		return layout, err
	}
	layout, err := when.Detect(r.cells(c))
	var bad *when.CellError
	if errors.As(err, &bad) {
		where := &data.Error{Line: bad.Line, Column: c.Name(), Option: when.Option, Reason: "time " + bad.Error()}
		if errors.Is(err, when.ErrForm) && !strings.ContainsAny(bad.Text, "0123456789") {
			where.Reason += "; if the line is no row, name it in skip_lines"
		}
		return layout, &cellError{where, bad}
	}
	return layout, err
}

// decimalYears returns the form of times that are years and twelfths or fourths of them, false where they are not.
func (r *reader) decimalYears(c *data.Column) (when.Layout, bool) {
	_, decimals, _ := strings.Cut(c.Text(int(r.rows[0])), ".")
	for _, name := range [...]string{"year/4", "year/12"} {
		l, err := when.ByName(fmt.Sprintf("%s.%d", name, len(decimals)))
		if err != nil {
			l, err = when.ByName(name)
		}
		if err == nil && r.ascending(c, l) {
			return l, true
		}
	}
	return when.Layout{}, false
}

// ascending reports whether times that are numbers may be times: they go one way, and they step evenly.
func (r *reader) ascending(c *data.Column, layout when.Layout) bool {
	times := make([]when.Stamp, 0, len(r.rows))
	for _, row := range r.rows {
		s, err := layout.Parse(c.Text(int(row)))
		if err != nil {
			return false
		}
		times = append(times, s)
	}
	if len(times) < 2 {
		return true
	}
	if times[0].Compare(times[1]) > 0 {
		slices.Reverse(times)
	}
	for i := 1; i < len(times); i++ {
		if times[i-1].Compare(times[i]) >= 0 {
			return false
		}
	}
	_, err := stepOf(times)
	return err == nil
}
