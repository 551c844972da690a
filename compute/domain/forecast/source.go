package forecast

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/data/when"
)

// reader finds a series in a grid, and says in form what it found.
type reader struct {
	grid    *data.Grid
	names   []string // of the file's columns, those left out too
	form    *Form
	options *data.Options // in which format puts the marks within numbers
	rows    []int         // of the grid, of the series
	marks   number.Format
	notes   []data.Note
	// texts are columns that are neither times nor numbers: one of them may tell series apart.
	texts []string
}

// source is the points of a series and how their values are read.
type source struct {
	points []point
	layout when.Layout // none where rows are counted
	name   string
	value  func(p *point) (string, error)
}

// source finds the points.
func (r *reader) source() (*source, error) {
	if err := r.series(); err != nil {
		return nil, err
	}
	if len(r.form.Wide) == 0 && r.form.ValueColumn == "" {
		r.form.Wide = r.wideNames()
	}
	if len(r.form.Wide) > 0 {
		return r.wide()
	}
	times, layout, err := r.times()
	if err != nil {
		return nil, err
	}
	values, err := r.values(times)
	if err != nil {
		return nil, err
	}
	s := &source{layout: layout, name: values.Name(), value: func(p *point) (string, error) { return r.number(values, p.row) }}
	if times == nil {
		for _, row := range r.rows {
			s.points = append(s.points, point{line: r.grid.Line(row), row: row})
		}
		return s, nil
	}
	s.points, err = r.points(times, layout)
	return s, err
}

// points reads a column of times.
func (r *reader) points(times timeColumn, layout when.Layout) ([]point, error) {
	points := make([]point, 0, len(r.rows))
	for _, row := range r.rows {
		stamp, err := layout.Parse(times.Text(row))
		if times.Missing(row) {
			err = errors.New("missing")
		}
		if err != nil {
			return nil, data.Errorf(r.grid.Line(row), times.Name(), when.Option, "time %.40q: %v", times.Text(row), err)
		}
		points = append(points, point{stamp: stamp, line: r.grid.Line(row), row: row})
	}
	return points, nil
}

// named returns the column that a setting names.
func (r *reader) named(key, name string) (*data.Column, error) {
	i := slices.Index(r.grid.Names(), name)
	if i < 0 {
		return nil, data.Errorf(1, "", key, "no column %.80q: there are %s", name, listed(r.names))
	}
	return r.grid.Column(i), nil
}

// columns are the columns that no setting names as something else than key does.
func (r *reader) columns(key string) (free []*data.Column) {
	taken := slices.Concat([]string{r.form.SeriesColumn}, r.form.TimeColumns, r.form.Covariates, r.form.Known)
	if key != "time_column" {
		taken = append(taken, r.form.TimeColumn)
	}
	if key != "value_column" {
		taken = append(taken, r.form.ValueColumn)
	}
	for i := range r.grid.Columns() {
		if c := r.grid.Column(i); !slices.Contains(taken, c.Name()) {
			free = append(free, c)
		}
	}
	return free
}

// cells is a column of a file, or several that are read as one.
type cells interface {
	Name() string
	Text(row int) string
	Missing(row int) bool
}

// cells are the texts of a column in the rows of the series that are not missing, by line.
func (r *reader) cells(c cells) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for _, row := range r.rows {
			if !c.Missing(row) && !yield(r.grid.Line(row), c.Text(row)) {
				return
			}
		}
	}
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
		return layout, &cellError{where, bad}
	}
	return layout, err
}

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
		if _, err := (number.Format{}).Parse(text); err != nil {
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
		if _, err := r.marks.Parse(text); err != nil {
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

// decimalYears returns the form of times that are years and twelfths or fourths of them, false where they are not.
func (r *reader) decimalYears(c *data.Column) (when.Layout, bool) {
	_, decimals, _ := strings.Cut(c.Text(r.rows[0]), ".")
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
	var times []when.Stamp
	for _, row := range r.rows {
		s, err := layout.Parse(c.Text(row))
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
		n, err := strconv.ParseInt(c.Text(row), 10, 64)
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
	s := c.Text(row)
	_, err := r.marks.Parse(s)
	if err == nil {
		s, err = r.marks.Plain(s)
	}
	if err != nil {
		return "", data.Errorf(r.grid.Line(row), c.Name(), "missing_values", "value %.40q: %v", s, err)
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
		column, err := p.gather(name, r.form.Duplicates, func(p *point) (string, error) { return r.number(c, p.row) })
		if err != nil {
			return nil, err
		}
		list = append(list, column)
	}
	return list, nil
}

// series finds the rows of the series.
func (r *reader) series() error {
	for row := range r.grid.Rows() {
		r.rows = append(r.rows, row)
	}
	f := r.form
	if f.SeriesColumn == "" {
		return nil
	}
	c, err := r.named("series_column", f.SeriesColumn)
	if err != nil {
		return err
	}
	names := seriesNames(c, r.grid.Rows())
	if f.Series == "" && len(names) == 1 {
		f.Series = names[0]
	}
	if !slices.Contains(names, f.Series) {
		return data.Errorf(0, f.SeriesColumn, "series", "there are %d series, and none is %.80q: %s; %q trains one model on all", len(names), f.Series, listed(names), All)
	}
	r.rows = slices.DeleteFunc(r.rows, func(row int) bool { return c.Text(row) != f.Series })
	return nil
}

// seriesNames are the names of the series, sorted.
func seriesNames(c *data.Column, rows int) []string {
	var names []string
	seen := map[string]bool{}
	for row := range rows {
		if s := c.Text(row); !seen[s] {
			s = strings.Clone(s)
			seen[s] = true
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}

// hint adds to an error about times that are there twice the column that may tell series apart.
func (r *reader) hint(err error) error {
	var e *data.Error
	if errors.As(err, &e) && e.Option == "duplicates" && len(r.texts) > 0 && r.form.SeriesColumn == "" {
		e.Reason += "; if column " + listed(r.texts[:1]) + " tells series apart, name it by series_column and one of them by series"
	}
	return err
}
