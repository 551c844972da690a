package tabular

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
	near "doin.network/node/internal/nearest"
)

// Limits of an inference request.
const (
	MaxInferRows  = 1024
	MaxInferBytes = 4 << 20 // of CSV text
	maxRemarks    = 16      // of an answer
)

// asks is how the rows of a request are read: as those of the data.
type asks struct {
	unused  []string        // names of columns of the data that are no inputs, the target's among them
	names   map[string]bool // of all columns
	missing []string        // texts of missing values
	format  number.Format
	options data.Options // of text
}

func (t *Table) asks() asks {
	a := asks{unused: append(slices.Clone(t.unused), t.target.name), names: map[string]bool{}, format: t.format, options: t.options}
	for _, name := range slices.Concat(a.unused, t.Inputs()) {
		a.names[name] = true
	}
	a.missing = append(a.options.Missing, "")
	a.options.Header, a.options.Encoding, a.options.FirstLine = "first", "", 1 // which are a file's own
	return a
}

// query is one inference request being read.
type query struct {
	data   *dataset
	inputs []float32 // [rows][inputs]
	rows   int
	given  map[string]bool // columns that some row has
	notes  []string
}

// note adds a remark to the answer, each once and not too many.
func (q *query) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(q.notes) < maxRemarks && !slices.Contains(q.notes, text) {
		q.notes = append(q.notes, text)
	}
}

// query reads the rows of a request as inputs of a network.
func (d *dataset) query(input *canon.Object) (*query, error) {
	if err := domain.CheckMembers(input, "rows", "csv"); err != nil {
		return nil, err
	}
	q := &query{data: d, given: map[string]bool{}}
	if input.Has("csv") {
		if input.Has("rows") {
			return nil, errors.New("rows and csv: give one of them")
		}
		text, err := input.String("csv")
		if err == nil {
			err = q.readText(text)
		}
		if err != nil {
			return nil, fmt.Errorf("csv: %w", err)
		}
		return q, nil
	}
	rows, err := input.List("rows")
	if err != nil {
		return nil, err
	}
	if err := checkRows(len(rows)); err != nil {
		return nil, fmt.Errorf("rows: %w", err)
	}
	for i, v := range rows {
		o, ok := v.(*canon.Object)
		if !ok {
			return nil, fmt.Errorf("rows: row %d: %s where an object is needed", i, canon.KindOf(v))
		}
		if err := q.add(o.Keys(), func(name string) (any, bool) { return o.Get(name) }); err != nil {
			return nil, fmt.Errorf("rows: row %d: %w", i, err)
		}
	}
	q.remark()
	return q, nil
}

func checkRows(n int) error {
	if n < 1 || n > MaxInferRows {
		return fmt.Errorf("%d rows: must be 1 to %d", n, MaxInferRows)
	}
	return nil
}

// readText reads rows of CSV with a header, written as the data are. It has every input's column.
func (q *query) readText(text string) error {
	if len(text) > MaxInferBytes {
		return fmt.Errorf("%d bytes: at most %d are allowed", len(text), MaxInferBytes)
	}
	g, err := data.ReadText(strings.NewReader(text), q.data.asks.options, nil)
	if err != nil {
		return err
	}
	if err := checkRows(g.Rows()); err != nil {
		return err
	}
	names := g.Names()
	for i := range q.data.encoders {
		if name := q.data.encoders[i].name; !slices.Contains(names, name) {
			return data.Errorf(0, name, "", "the text lacks this column: its header has %s", columnList(names))
		}
	}
	columns := map[string]*data.Column{}
	for i, name := range names {
		columns[name] = g.Column(i)
	}
	for row := range g.Rows() {
		err := q.add(names, func(name string) (any, bool) {
			if columns[name].Missing(row) {
				return nil, true
			}
			return columns[name].Text(row), true
		})
		if err != nil {
			return fmt.Errorf("line %d: %w", g.Line(row), err)
		}
	}
	q.remark()
	return nil
}

// add reads a row: the values of columns by name. Columns that the data have and no input is made of are passed over.
func (q *query) add(names []string, value func(name string) (any, bool)) error {
	d := q.data
	q.inputs = append(q.inputs, make([]float32, d.inputs)...)
	x := q.inputs[q.rows*d.inputs:]
	q.rows++
	for _, name := range names {
		q.given[name] = true
		if !d.asks.names[name] {
			return unknownColumn(name, d.encoders)
		}
	}
	for k := range d.encoders {
		e := &d.encoders[k]
		v, _ := value(e.name)
		if err := q.encode(e, x, v); err != nil {
			return fmt.Errorf("column %.80q: %w", e.name, err)
		}
	}
	return nil
}

// unknownColumn refuses a name that is none of the data's.
func unknownColumn(name string, encoders []encoder) error {
	known := make([]string, len(encoders))
	for i := range encoders {
		known[i] = encoders[i].name
	}
	return fmt.Errorf("column %.80q is no input%s", name, suggestion(name, known))
}

// suggestion names the known name that is nearest to another, with a comma before it; empty: none is near.
func suggestion(name string, known []string) string {
	if like := near.Of(name, known); like != "" {
		return fmt.Sprintf(", did you mean %q?", like)
	}
	return ""
}

// remark says what of the request had no use, and what it lacks.
func (q *query) remark() {
	d := q.data
	var unused, absent []string
	for _, name := range d.asks.unused {
		if q.given[name] {
			unused = append(unused, name)
		}
	}
	for k := range d.encoders {
		if name := d.encoders[k].name; !q.given[name] && !slices.Contains(absent, name) {
			absent = append(absent, name)
		}
	}
	if unused != nil {
		q.note("%s: no input, passed over", columnList(unused))
	}
	if absent != nil {
		q.note("%s: not given, taken as missing", columnList(absent))
	}
}
