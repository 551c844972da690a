package forecast

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/internal/canon"
)

// maxCSV bounds the text of a request, in bytes.
const maxCSV = 16 << 20

// parseRows reads a request that gives its series as rows of the file.
func (l look) parseRows(input *canon.Object, q *query) (*given, error) {
	for _, other := range []string{"series", "last_time", "covariates", "known_covariates"} {
		if v, ok := input.Get(other); ok && v != nil {
			return nil, fmt.Errorf("%s: given beside rows of the file", other)
		}
	}
	var text, key string
	var err error
	o := l.series.table.options
	o.Separator, o.Encoding, o.Quote, o.Comment, o.Header, o.FirstLine, o.Index, o.Progress = ",", "", `"`, "none", "first", 0, "keep", nil
	answer := asRows
	if input.Has("rows") {
		key = "rows"
		text, err = l.written(input)
	} else if text, err = input.String("csv"); err == nil {
		key, answer = "csv", asCSV
		o.Separator, o.Quote, o.Comment, o.Header, o.Index = "", "", "", "", ""
	}
	if err != nil {
		return nil, err
	}
	if len(text) > maxCSV {
		return nil, fmt.Errorf("%s: %d bytes: at most %d are allowed", key, len(text), maxCSV)
	}
	f := l.series.table.form
	if name := l.series.table.name; f.Series == All {
		f.Series = name
	} else if f.ValueColumn == All {
		f.ValueColumn = name
	}
	g, err := l.read(text, o, &f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	q.answer = func(forecast []float64, times []string) (*canon.Object, error) { return answer(&f, forecast, times) }
	return g, nil
}

// The names by which requests may call the columns of any series.
const (
	timeName  = "time"
	valueName = "value"
)

// asked changes a form to what a request has: of a wide table, rows of a time and a value unless it is wide too; columns named time
// and value in place of the file's; no column of series where there is none.
func (f *Form) asked(a *axis, names []string) error {
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case len(f.Wide) > 0 && !has(f.Wide[0]):
		f.Wide, f.TimeColumn, f.ValueColumn, f.TimeFormat = nil, timeName, valueName, a.layout.Name()
	case len(f.TimeColumns) > 0 && !has(f.TimeColumns[0]):
		f.TimeColumns, f.TimeColumn = nil, timeName
	case f.TimeColumn == None && a.kind == 0 && has(timeName):
		return errors.New("the data have no times, so that rows cannot have one")
	case !f.isOther() && f.TimeColumn != None && !has(f.TimeColumn) && has(timeName):
		f.TimeColumn = timeName
	}
	if f.ValueColumn != "" && !has(f.ValueColumn) && has(valueName) {
		f.ValueColumn = valueName
	}
	if f.SeriesColumn != "" && !has(f.SeriesColumn) {
		f.SeriesColumn, f.Series = "", ""
	}
	return nil
}

// written writes a request's rows as the text of a file.
func (l look) written(input *canon.Object) (string, error) {
	list, err := input.List("rows")
	if err != nil {
		return "", err
	}
	if len(list) > MaxInferSeries {
		return "", fmt.Errorf("rows: %d: at most %d are allowed", len(list), MaxInferSeries)
	}
	var header []string
	at := map[string]int{}
	rows := make([]*canon.Object, len(list))
	for i, v := range list {
		o, ok := v.(*canon.Object)
		if !ok {
			return "", fmt.Errorf("rows: row %d: %s where an object is needed", i, canon.KindOf(v))
		}
		rows[i] = o
		for _, name := range o.Keys() {
			if _, ok := at[name]; !ok {
				at[name] = len(header)
				header = append(header, name)
			}
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(header)
	for i, o := range rows {
		cells := make([]string, len(header))
		for name, v := range o.All() {
			if cells[at[name]], err = l.cell(v); err != nil {
				return "", fmt.Errorf("rows: row %d: %.80q: %w", i, name, err)
			}
		}
		w.Write(cells)
	}
	w.Flush()
	return b.String(), w.Error()
}

// cell writes a value as the file has it.
func (l look) cell(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool, int64:
		return fmt.Sprint(v), nil
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if l.series.table.options.Decimal == "," {
			s = strings.Replace(s, ".", ",", 1)
		}
		return s, nil
	}
	return "", fmt.Errorf("%s where a text or a number is needed", canon.KindOf(v))
}

// read reads the text of a request, and says in f in which form it is.
func (l look) read(text string, o data.Options, f *Form) (*given, error) {
	t := l.series.table
	grid, err := data.ReadText(strings.NewReader(text), o, nil)
	if err != nil {
		return nil, err
	}
	if err := f.asked(&t.axis, grid.Names()); err != nil {
		return nil, err
	}
	r := reader{grid: grid, names: grid.Names(), form: f, options: &o}
	source, err := r.source()
	if err != nil {
		return nil, err
	}
	if len(source.points) == 0 {
		return nil, errors.New("no row")
	}
	if len(source.points) > MaxInferSeries {
		return nil, fmt.Errorf("%d rows: at most %d are allowed", len(source.points), MaxInferSeries)
	}
	p := &placed{instants: source.instants, axis: t.axis}
	first, err := p.onto(t, f)
	if err != nil {
		return nil, err
	}
	values, err := p.gather(source.name, f.Duplicates, source.value)
	if err != nil {
		return nil, err
	}
	return t.given(values, first, func() ([]*column, error) { return r.covariates(p) }, f)
}

// onto gives points their rows, counted from that of the first, which it returns.
func (p *placed) onto(t *Table, f *Form) (first int, err error) {
	a := &t.axis
	if a.kind == 0 {
		p.count()
		return t.Rows() - p.rows, nil // the last row that has a value is the last of the data: see given
	}
	if err := p.sort(f); err != nil {
		return 0, err
	}
	for i := range p.points {
		pt, stamp := &p.points[i], p.stamps[i]
		row, err := a.rowOf(stamp)
		if err != nil && a.base == rowBase && stamp.Compare(a.times[len(a.times)-1]) > 0 {
			row, err = t.Rows(), nil // counted on from the data
			if i > 0 {
				before := int(p.points[i-1].at) + first
				if row = max(row, before+1); p.again(i) {
					row = before
				}
			}
		}
		if err != nil {
			return 0, data.Errorf(int(pt.line), f.TimeColumn, "", "time %s: %v", p.write(stamp), err)
		}
		if i == 0 {
			first = row
		}
		at := row - first
		if at > 2*MaxInferSeries {
			return 0, data.Errorf(int(pt.line), f.TimeColumn, "", "time %s: %d rows after the first", p.write(stamp), at)
		}
		pt.at, p.rows = int32(at), at+1
	}
	return first, p.unite(f)
}

// given makes of columns, whose first row is one of the data's, what a request gives.
func (t *Table) given(values *column, first int, beside func() ([]*column, error), f *Form) (*given, error) {
	from, to := values.span()
	if from > 0 || to == 0 {
		return nil, data.Errorf(int(values.lines[0]), values.name, "", "no value in the first row")
	}
	g := &given{values: values.values[:to], last: first + to - 1, timed: t.axis.kind != 0, beside: map[string][]float64{}}
	if t.axis.kind == 0 {
		g.last = t.Rows() - 1
	}
	if err := t.gapless(values, to, first, f); err != nil {
		return nil, err
	}
	if g.last < 0 || g.last > t.Rows()+MaxInferSeries {
		return nil, fmt.Errorf("the last time with a value is %q: must be between %q and %q", t.Time(g.last), t.Time(0), t.Time(t.Rows()+MaxInferSeries))
	}
	columns, err := beside()
	if err != nil {
		return nil, err
	}
	for i, c := range columns {
		end := to
		if i >= len(f.Covariates) {
			if _, end = c.span(); end < to {
				return nil, data.Errorf(int(c.lines[end]), c.name, "", "no value at %q", t.Time(first+end))
			}
		}
		if err := t.gapless(c, end, first, f); err != nil {
			return nil, err
		}
		g.beside[c.name] = c.values[:end]
	}
	return g, nil
}

// gapless fills the gaps of a column's first rows as the data's are, or refuses them.
func (t *Table) gapless(c *column, to, first int, f *Form) error {
	cells, absent, at := c.missing(0, to)
	switch {
	case cells+absent == 0:
		return nil
	case f.Gaps == Error || f.Gaps == Bridge || c.texts[0] == "" || c.texts[to-1] == "":
		return c.refuse(at, strconv.Quote(t.Time(first+at)), "")
	}
	c.fill(0, to, f.Gaps == Carry)
	return nil
}

// asRows writes an answer with rows.
func asRows(f *Form, forecast []float64, times []string) (*canon.Object, error) {
	var rows []any
	for i, v := range forecast {
		row := canon.NewObject()
		if f.isOther() {
			row.Set(timeName, times[i])
		} else if f.TimeColumn != None {
			row.Set(f.TimeColumn, times[i])
		}
		rows = append(rows, row.Set(f.valueName(), v))
	}
	return canon.NewObject("forecast", forecast, "times", times, "rows", rows), nil
}

// asCSV writes an answer with a text of rows.
func asCSV(f *Form, forecast []float64, times []string) (*canon.Object, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	header := []string{f.TimeColumn, f.valueName()}
	if f.isOther() {
		header[0] = timeName
	} else if f.TimeColumn == None {
		header = header[1:]
	}
	w.Write(header)
	for i, v := range forecast {
		cells := []string{times[i], strconv.FormatFloat(v, 'g', -1, 64)}
		w.Write(cells[2-len(header):])
	}
	w.Flush()
	return canon.NewObject("forecast", forecast, "times", times, "csv", b.String()), w.Error()
}

// isOther reports whether the times of answers are in no column of the file.
func (f *Form) isOther() bool { return len(f.Wide) > 0 || len(f.TimeColumns) > 0 }

// valueName is the name of the values in answers.
func (f *Form) valueName() string {
	if f.ValueColumn == "" {
		return valueName
	}
	return f.ValueColumn
}
