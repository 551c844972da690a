package forecast

import (
	"errors"
	"iter"
	"slices"
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
	rows    []int32       // of the grid, of the series
	marks   number.Format
	notes   []data.Note
	// texts are columns that are neither times nor numbers: one of them may tell series apart.
	texts []string
}

// source is the points of a series and how their values are read.
type source struct {
	instants
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
	s := &source{layout: layout, name: values.Name(), value: func(p *point) (string, error) { return r.number(values, int(p.row)) }}
	if times == nil {
		s.points = make([]point, 0, len(r.rows))
		for _, row := range r.rows {
			s.points = append(s.points, point{line: int32(r.grid.Line(int(row))), row: row})
		}
		return s, nil
	}
	s.instants, err = r.instants(times, layout)
	return s, err
}

// forget lets go of the columns of the times, which the points have. In a long file they are half of its memory.
func (r *reader) forget() {
	r.grid = r.grid.Without(slices.DeleteFunc(append([]string{r.form.TimeColumn}, r.form.TimeColumns...), func(name string) bool {
		return name == r.form.ValueColumn || slices.Contains(r.form.Covariates, name) || slices.Contains(r.form.Known, name)
	})...)
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
			row := int(row)
			if !c.Missing(row) && !yield(r.grid.Line(row), c.Text(row)) {
				return
			}
		}
	}
}

// series finds the rows of the series.
func (r *reader) series() error {
	r.rows = make([]int32, r.grid.Rows())
	for i := range r.rows {
		r.rows[i] = int32(i)
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
	r.rows = slices.DeleteFunc(r.rows, func(row int32) bool { return c.Text(int(row)) != f.Series })
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

// fractions adds to an error about gaps between times as 1990.1, 1990.2, 1990.3, 1990.4, 1991.1 what they may be.
func (p *placed) fractions(err error) error {
	var e *data.Error
	if !errors.As(err, &e) || e.Option != "gaps" || p.axis.layout.Name() != "number.1" {
		return err
	}
	for i := range p.points {
		label := p.axis.label(int(p.points[i].at))
		if len(label) != len("1990.1") || label[5] < '1' || label[5] > '4' {
			return err
		}
	}
	e.Reason += `; if these are quarters, set time_format to "%Y.%q"`
	return err
}

// hint adds to an error about times that are there twice the column that may tell series apart.
func (r *reader) hint(err error) error {
	var e *data.Error
	if errors.As(err, &e) && e.Option == "duplicates" && len(r.texts) > 0 && r.form.SeriesColumn == "" {
		e.Reason += "; if column " + listed(r.texts[:1]) + " tells series apart, name it by series_column and one of them by series"
	}
	return err
}
