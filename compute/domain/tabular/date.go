package tabular

import (
	"errors"
	"math"
	"slices"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/f64"
)

// datePart is one of the numbers that a date becomes. Its number is hashed.
type datePart uint8

const (
	partYear datePart = iota
	partMonth
	partWeekdaySine
	partWeekdayCosine
	partYearSine
	partYearCosine
	partDaySine
	partDayCosine
	dateParts
)

var partNames = [...]string{"year", "month", "weekday, sine", "weekday, cosine", "day of the year, sine", "day of the year, cosine",
	"hour, sine", "hour, cosine"}

// String names the part.
func (p datePart) String() string { return partNames[p] }

// partsOf returns the parts of a kind of stamps; none of numbers.
func partsOf(k when.Kind) []datePart {
	switch k {
	case when.Year:
		return []datePart{partYear}
	case when.Quarter, when.Month:
		return []datePart{partYear, partMonth, partYearSine, partYearCosine}
	case when.Week:
		return []datePart{partYear, partMonth, partYearSine, partYearCosine}
	case when.Day:
		return []datePart{partYear, partMonth, partWeekdaySine, partWeekdayCosine, partYearSine, partYearCosine}
	case when.Moment:
		return []datePart{partYear, partMonth, partWeekdaySine, partWeekdayCosine, partYearSine, partYearCosine, partDaySine, partDayCosine}
	}
	return nil
}

// of returns the part of a stamp, on the clock that was read: the year with the share of its days that has passed,
// the month from 1, or sine or cosine of the share of the week (in days, from Monday), of the year (in days) or of
// the day (in seconds) as an angle.
func (p datePart) of(s when.Stamp) float64 {
	year, month, day := s.Date()
	first := when.Days(year, 1, 1)
	at, length := float64(when.Days(year, month, day)-first), float64(when.Days(year+1, 1, 1)-first)
	switch p {
	case partYear:
		return float64(year) + at/length
	case partMonth:
		return float64(month)
	case partWeekdaySine, partWeekdayCosine:
		at, length = float64(when.Weekday(when.Days(year, month, day))-1), 7
	case partDaySine, partDayCosine:
		at, length = float64(s.Clock()), 24*60*60
	}
	angle := float64(2*math.Pi*at) / length
	switch p {
	case partWeekdaySine, partYearSine, partDaySine:
		return f64.Sin(angle)
	}
	return f64.Cos(angle)
}

// dateSample is the number of cells by which it is judged whether a column that is not all dates is meant to be.
const dateSample = 64

// guessDate finds the form of cells that are dates, not all of them numbers; ok is false for cells that are none.
func (p *parser) guessDate(from *cells) (layout when.Layout, ok bool, err error) {
	if layout, ok, err = p.givenForm(from); ok || err != nil {
		return layout, ok, err
	}
	layout, err = when.Detect(from.known())
	var cell *when.CellError
	switch {
	case !errors.As(err, &cell):
		return layout, err == nil && partsOf(layout.Kind()) != nil, err
	case errors.Is(err, when.ErrAmbiguous):
		return layout, false, p.errorAt(cell.Line, from.name, when.Option, "%v", cell)
	}
	seen, dates := 0, 0
	for _, text := range from.known() {
		if aloneDate(text) {
			dates++
		}
		if seen++; seen == dateSample {
			break
		}
	}
	if 2*dates <= seen {
		return layout, false, nil
	}
	return layout, false, p.errorAt(cell.Line, from.name, "missing_values", "%v, and most cells of the column are dates: give the text as a missing value, or the "+
		"column in categorical_columns", cell)
}

// digitDates finds the form of dates in cells that are eight digits each, as 20200131 is, and enough of them to be no
// chance.
func digitDates(from *cells, known int) (layout when.Layout, ok bool) {
	if known < leastIdentified {
		return layout, false
	}
	for _, text := range from.known() {
		if len(text) != len("20200131") || strings.Trim(text, "0123456789") != "" {
			return layout, false
		}
	}
	layout, err := when.Detect(from.known())
	return layout, err == nil && layout.Kind() == when.Day
}

// givenForm returns the form that the schema gives for dates, if more than half of the cells have it; those that have
// not are an error.
func (p *parser) givenForm(from *cells) (layout when.Layout, ok bool, err error) {
	if p.schema.TimeFormat == "" {
		return layout, false, nil
	}
	if layout, err = when.ByName(p.schema.TimeFormat); err != nil {
		return layout, false, data.Errorf(0, "", when.Option, "%v", err)
	}
	known, dates := 0, 0
	for row, text := range from.known() {
		known++
		if _, bad := layout.Parse(text); bad == nil {
			dates++
		} else if err == nil {
			err = p.errorAt(row, from.name, when.Option, "%.40q: %v", text, bad)
		}
	}
	if 2*dates <= known {
		return layout, false, nil
	}
	return layout, err == nil, err
}

// aloneDate reports whether a text that is no number may be a date.
func aloneDate(text string) bool {
	layout, err := when.Detect(func(yield func(int, string) bool) { yield(0, text) })
	return err == nil && partsOf(layout.Kind()) != nil && !anyNumber(text) || errors.Is(err, when.ErrAmbiguous)
}

// dateColumn reads a column that is listed as dates, of the form of a name; empty: found in the cells.
func (p *parser) dateColumn(from *cells, format string) ([]*column, error) {
	var layout when.Layout
	var err error
	if format != "" {
		layout, err = when.ByName(format)
		if err != nil {
			return nil, data.Errorf(0, from.name, when.Option, "%v", err)
		}
	} else if layout, err = when.Detect(from.known()); err != nil {
		return nil, p.dateError(from.name, err)
	}
	if partsOf(layout.Kind()) == nil {
		return nil, data.Errorf(0, from.name, "date_columns", "numbers that count something (form %s), not dates", layout.Name())
	}
	return p.readDates(from, layout)
}

// dateError turns an error of a cell into one with its line.
func (p *parser) dateError(name string, err error) error {
	var cell *when.CellError
	if !errors.As(err, &cell) || cell.Text == "" {
		return data.Errorf(0, name, "date_columns", "%v", err)
	}
	return p.errorAt(cell.Line, name, when.Option, "%v", cell)
}

// readDates reads dates of a layout.
func (p *parser) readDates(from *cells, layout when.Layout) (out []*column, err error) {
	for _, part := range partsOf(layout.Kind()) {
		out = append(out, &column{name: from.name, kind: date, part: part, layout: layout, numbers: make([]float64, 0, from.len())})
	}
	for row, text := range from.all() {
		var s when.Stamp
		if text != "" {
			if s, err = layout.Parse(text); err != nil {
				return nil, p.errorAt(row, from.name, when.Option, "%.40q: %v", text, err)
			}
		}
		for _, c := range out {
			v := math.NaN()
			if text != "" {
				v = c.part.of(s)
			}
			c.numbers = append(c.numbers, v)
		}
	}
	// Parts that never change say nothing; those that are left keep the missing values with the first.
	left := slices.DeleteFunc(slices.Clone(out), (*column).constant)
	if len(left) == 0 {
		p.dropped.add("all cells are the same", from.name)
		return nil, nil
	}
	return left, nil
}
