package forecast

import (
	"context"
	"fmt"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
)

var (
	_ nn.Source        = (*panel)(nil)
	_ supervised.Cases = (*panel)(nil)
)

// All is the series that stands for all of them: one model is trained on every one, each in units of its own scale.
const All = "*"

// MaxSeries bounds the series of one model.
const MaxSeries = 256

// panel is the samples of several series, one series after the other. It is immutable.
type panel struct {
	parts []*windows
	ends  []int // of the samples of each
}

// together is one series' samples, or a panel of several.
func together(parts []*windows) interface {
	nn.Source
	supervised.Cases
} {
	if len(parts) == 1 {
		return parts[0]
	}
	p := &panel{parts: parts}
	n := 0
	for _, w := range parts {
		n += w.count
		p.ends = append(p.ends, n)
	}
	return p
}

// of returns the series of a sample, and which of its it is.
func (p *panel) of(i int) (*windows, int) {
	k, _ := slices.BinarySearch(p.ends, i+1)
	if k > 0 {
		i -= p.ends[k-1]
	}
	return p.parts[k], i
}

// Len implements nn.Source.
func (p *panel) Len() int { return p.ends[len(p.ends)-1] }

// Width implements supervised.Cases.
func (p *panel) Width() int { return p.parts[0].Width() }

// Inputs implements supervised.Cases.
func (p *panel) Inputs(i int, x []float32) {
	w, i := p.of(i)
	w.Inputs(i, x)
}

// Sample implements nn.Source.
func (p *panel) Sample(i int, x, y []float32) {
	w, i := p.of(i)
	w.Sample(i, x, y)
}

// each calls f for each series with its share of values, which are Width a sample.
func (p *panel) each(values []float32, f func(k int, w *windows, values []float32)) {
	from := 0
	for k, w := range p.parts {
		n := w.count * p.Width()
		f(k, w, values[from:from+n])
		from += n
	}
}

// Targets implements supervised.Cases.
func (p *panel) Targets(out []float32) {
	p.each(out, func(_ int, w *windows, out []float32) { w.Targets(out) })
}

// Errors implements supervised.Cases.
func (p *panel) Errors(predictions, errors []float32) (correct int) {
	p.each(predictions, func(k int, w *windows, predictions []float32) {
		w.Errors(predictions, errors[p.ends[k]-w.count:p.ends[k]])
	})
	return 0
}

// forms is a closed form fitted to each series.
type forms []supervised.Fitted

// fitEach fits a closed form to each series.
func (c closedForm) fitEach(ctx context.Context, fold int) (supervised.Fitted, error) {
	var list forms
	for _, p := range c.problem.singles {
		f, err := closedForm{p, c.spec}.Fit(ctx, fold)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// Covers implements supervised.Partial.
func (f forms) Covers(c supervised.Cases) bool {
	covers := func(f supervised.Fitted, w *windows) bool {
		p, partial := f.(supervised.Partial)
		return !partial || p.Covers(w)
	}
	p, ok := c.(*panel)
	if !ok {
		w := c.(*windows)
		return covers(f[w.problem.which], w)
	}
	for k, w := range p.parts {
		if !covers(f[k], w) {
			return false
		}
	}
	return true
}

// Predict implements supervised.Fitted.
func (f forms) Predict(c supervised.Cases, out []float32) {
	if p, ok := c.(*panel); ok {
		p.each(out, func(k int, w *windows, out []float32) { f[k].Predict(w, out) })
		return
	}
	f[c.(*windows).problem.which].Predict(c, out)
}

// Coefficients implements supervised.Fitted.
func (f forms) Coefficients() (list []float64) {
	for _, one := range f {
		list = append(list, one.Coefficients()...)
	}
	return list
}

// panelOf makes a table of every series of a grid, in the order of their names, with the rows that all of them have. They are
// told apart by the column of series or, where the value column is All, are the columns of numbers. It says in the form of the
// first what was found.
func panelOf(g *data.Grid, names []string, f Form) (*Table, error) {
	option, set := "series", func(one *Form, name string) { one.Series = name }
	if f.ValueColumn == All {
		option, set = "value_column", func(one *Form, name string) { one.ValueColumn = name }
	}
	list, err := membersOf(g, names, &f)
	if err == nil && len(list) == 0 {
		err = data.Errorf(0, f.SeriesColumn, option, "no series")
	}
	if err == nil && len(list) > MaxSeries {
		err = data.Errorf(0, f.SeriesColumn, option, "%d series: at most %d are trained together", len(list), MaxSeries)
	}
	if err == nil && slices.Contains(list, All) {
		err = starred(option)
	}
	if err != nil {
		return nil, err
	}
	var lead *Table
	gaps := ""
	for _, name := range list {
		one := f
		if lead != nil { // read as the first is
			one = lead.form
			one.Order, one.Duplicates, one.Gaps = f.Order, f.Duplicates, f.Gaps
		}
		set(&one, name)
		t, err := fromGrid(g, names, one)
		if err != nil {
			return nil, fmt.Errorf("series %.80q: %w", name, err)
		}
		if t.form.Gaps == Interpolate || gaps == "" {
			gaps = t.form.Gaps
		}
		if lead == nil {
			lead = t
		} else {
			lead.others = append(lead.others, t)
		}
		t.name = name
	}
	if err := lead.align(); err != nil {
		return nil, err
	}
	reading := g.Reading()
	for _, o := range lead.others {
		for _, n := range o.notes[min(len(o.notes), len(reading.Notes)):] { // those of the file are the lead's already
			n.Text = fmt.Sprintf("series %.80q: %s", o.name, n.Text)
			lead.notes = append(lead.notes, n)
		}
	}
	set(&lead.form, All)
	lead.form.Gaps = gaps
	return lead, nil
}

// starred refuses a name that stands for all names.
func starred(option string) error {
	return data.Errorf(0, All, option, "%q stands for all of them, so that none can have it as its name: rename it in the file", All)
}

// membersOf returns the names of the series of a panel, sorted.
func membersOf(g *data.Grid, names []string, f *Form) ([]string, error) {
	one := *f
	r := reader{grid: g, names: names, form: &one, options: new(data.Options)}
	if f.ValueColumn != All {
		c, err := r.named("series_column", f.SeriesColumn)
		if err != nil {
			return nil, err
		}
		return seriesNames(c, g.Rows()), nil
	}
	one.ValueColumn = ""
	*r.options = optionsOf(g)
	if err := r.series(); err != nil {
		return nil, err
	}
	times, _, err := r.times()
	if err != nil {
		return nil, err
	}
	free := slices.DeleteFunc(r.columns("value_column"), func(c *data.Column) bool { return slices.Contains(times, c) })
	if err := r.format(free...); err != nil {
		return nil, err
	}
	var list []string
	for _, c := range free {
		if r.numbers(c) && !r.counts(c) {
			list = append(list, c.Name())
		}
	}
	slices.Sort(list)
	return list, nil
}

// align cuts the tables of a panel to the rows that all of them have.
func (t *Table) align() error {
	first, last := 0, t.Rows()
	offsets := make([]int, len(t.others))
	for i, o := range t.others {
		row, err := 0, error(nil)
		if t.axis.kind != 0 {
			row, err = t.axis.rowOf(o.axis.stamp(0))
		}
		if err != nil || o.axis.frequency != t.axis.frequency {
			return data.Errorf(0, t.form.SeriesColumn, "frequency", "series %.80q begins at %q and is %s, series %.80q at %q and is %s: they have no times together",
				o.name, o.Time(0), o.axis.frequency, t.name, t.Time(0), t.axis.frequency)
		}
		offsets[i] = row
		first, last = max(first, row), min(last, row+o.Rows())
	}
	if last-first < 2 {
		return data.Errorf(0, t.form.SeriesColumn, "series", "the series have %d rows together: need more", max(0, last-first))
	}
	cut := 0
	for i, o := range t.others {
		for row := first; row < last; row++ {
			if label := o.Time(row - offsets[i]); t.axis.kind != 0 && label != t.Time(row) {
				return data.Errorf(0, t.form.SeriesColumn, "gaps", "series %.80q has a row at %q, series %.80q at %q", o.name, label, t.name, t.Time(row))
			}
		}
		cut += o.Rows() - (last - first)
		o.crop(first-offsets[i], last-offsets[i])
	}
	cut += t.Rows() - (last - first)
	t.crop(first, last)
	note := fmt.Sprintf("%d series, %d rows each from %s to %s, train one model", len(t.others)+1, last-first, t.Time(0), t.Time(last-first-1))
	if cut > 0 {
		note += ": " + plural(cut, "row") + " that others lack left out"
	}
	column := t.form.SeriesColumn
	if t.form.ValueColumn == t.name {
		column = ""
	}
	t.notes = append(t.notes, data.Note{Column: column, Text: note})
	return nil
}

// crop leaves only the rows in [from, to).
func (t *Table) crop(from, to int) {
	n := t.Rows()
	t.values, t.texts = t.values[from:to], t.texts[from:to]
	if t.masked != nil {
		t.masked = t.masked[from:to]
	}
	for i := range t.covariates {
		c := &t.covariates[i]
		end := to
		if c.known && to == n {
			end = len(c.values)
		}
		c.values = c.values[from:end]
	}
	t.axis.cut(from, to, to == n)
}
