package forecast

import (
	"io"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/supervised"
)

// Table is a series: times that step evenly, or rows that are counted, ascending, and one finite value for each.
type Table struct {
	axis   axis
	values []float64
	texts  []string // of the values, as decimal numbers; nil for a table that is of no file
	// masked are the rows that were filled in and nothing is measured on; nil: none.
	masked []bool
	// covariates are what else is known of the rows, and of those that known covariates have beyond.
	covariates []covariate
	form       Form // with what was found
	options    data.Options
	// name is that of the series, of several; others are the others, with the same rows.
	name   string
	others []*Table
	notes  []data.Note
}

// covariate is a column beside the values.
type covariate struct {
	name   string
	known  bool // ahead: values has rows beyond the table's
	values []float64
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return len(t.values) }

// Time returns the label of row i as the file writes it; rows beyond the last continue the spacing.
func (t *Table) Time(i int) string { return t.axis.label(i) }

// Value returns the value of row i.
func (t *Table) Value(i int) float64 { return t.values[i] }

// Notes returns what was decided that the file does not say, in sentences without a full stop.
func (t *Table) Notes() []data.Note { return t.notes }

// sentences are the notes with their places.
func (t *Table) sentences() (out []string) {
	for _, n := range t.notes {
		out = append(out, n.String())
	}
	return out
}

// Parse reads a table; see FromGrid.
func Parse(r io.Reader, o data.Options, f Form) (*Table, error) {
	var names []string
	keep := f.keep()
	g, err := data.ReadFrom(r, o, func(name string) bool {
		names = append(names, name)
		return keep == nil || keep(name)
	})
	if err != nil {
		return nil, err
	}
	return fromGrid(g, names, f)
}

// FromGrid makes a table of the cells of a file. Errors wrap data.ErrData and say where, why and which setting helps. A table has
// two to supervised.MaxRows rows.
func FromGrid(g *data.Grid, f Form) (*Table, error) { return fromGrid(g, g.Names(), f) }

func fromGrid(g *data.Grid, names []string, f Form) (*Table, error) {
	if f.Series == All && f.SeriesColumn != "" || f.ValueColumn == All {
		return panelOf(g, names, f)
	}
	reading, options := g.Reading(), optionsOf(g)
	r := reader{grid: g, names: names, form: &f, options: &options, notes: slices.Clone(reading.Notes)}
	source, err := r.source()
	if err != nil {
		return nil, err
	}
	switch { // found, not given
	case f.ValueColumn == All:
		return nil, starred("value_column")
	case f.Series == All && f.SeriesColumn != "":
		return nil, starred("series")
	}
	g = nil
	r.forget()
	p, err := place(source.instants, source.layout, &f)
	if err != nil {
		return nil, r.hint(err)
	}
	t := &Table{axis: p.axis, notes: append(r.notes, p.notes...)}
	values, err := p.gather(source.name, f.Duplicates, source.value)
	if err != nil {
		return nil, err
	}
	columns, err := r.covariates(p)
	if err != nil {
		return nil, err
	}
	if err := t.fill(values, columns, &f); err != nil {
		return nil, p.fractions(err)
	}
	if len(t.values) > supervised.MaxRows {
		return nil, data.Errorf(0, "", "", "%d rows: at most %d are allowed", len(t.values), supervised.MaxRows)
	}
	t.form, t.options = f, options
	return t, nil
}

// optionsOf returns the options by which a grid was read.
func optionsOf(g *data.Grid) data.Options {
	reading := g.Reading()
	return reading.Options()
}
