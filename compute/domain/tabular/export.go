package tabular

import (
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/onnx"
	"doin.network/node/internal/canon"
)

var _ supervised.Exported = (*problem)(nil)

// Export implements supervised.Exported. There is one input for each column, named like it, [n][1]: a numeric one in the unit of
// the file, in binary64, NaN where missing; a categorical one as text, "" where missing, and so "true" and "false". A classification has the outputs
// "probabilities" [n][classes] and "prediction", the names of the most probable classes; a regression "prediction" [n][1] in the
// unit of the file.
func (p *problem) Export(g *onnx.Graph, m supervised.Weighted) error {
	d := p.data
	x, err := d.exportInputs(g)
	if err != nil {
		return err
	}
	out, err := m.Mean(g, nil, func(f supervised.Fitted) (onnx.Value, error) { return d.exportMember(g, f, x) })
	if err != nil {
		return err
	}
	if len(d.classes) == 0 {
		y := g.Do("Add", g.DoubleOf(d.scale.Offset), g.Do("Mul", g.Cast(out, onnx.Double), g.DoubleOf(d.scale.Unit)))
		g.Output("prediction", g.Shift(y, d.power), onnx.Double, []int{-1, 1}, d.target+", in the unit of the file")
		return nil
	}
	best := g.With("ArgMax", []onnx.Value{out}, onnx.Integer("axis", 1), onnx.Integer("keepdims", 0))
	codes := make([]int64, len(d.classes))
	for k := range codes {
		codes[k] = int64(k)
	}
	name := g.ML("LabelEncoder", []onnx.Value{best}, onnx.Integers("keys_int64s", codes), onnx.Words("values_strings", d.classes))
	g.Output("prediction", name, onnx.Text, []int{-1}, "the most probable class")
	g.Output("probabilities", out, onnx.Float, []int{-1, len(d.classes)}, fmt.Sprintf("of the classes %q", d.classes))
	return nil
}

// outputNames are those of the outputs, which no column may have.
var outputNames = []string{"prediction", "probabilities"}

// exportInputs adds the inputs and returns those of a network, [n][inputs].
func (d *dataset) exportInputs(g *onnx.Graph) (onnx.Value, error) {
	var parts []onnx.Value
	for k := range d.encoders {
		e := &d.encoders[k]
		var err error
		var v []onnx.Value
		switch {
		case slices.Contains(outputNames, e.name):
			err = fmt.Errorf("column %.80q has the name of an output", e.name)
		case e.kind == numeric:
			v = e.exportNumber(g)
		case e.kind == categorical || e.kind == boolean:
			v = e.exportCategory(g)
		default:
			if e.width() > 0 {
				err = fmt.Errorf("column %.80q is of a kind that cannot be written as ONNX", e.name)
			}
		}
		if err != nil {
			return "", err
		}
		parts = append(parts, v...)
	}
	return g.Concat(1, parts...), nil
}

// exportNumber is number and lose.
func (e *encoder) exportNumber(g *onnx.Graph) (out []onnx.Value) {
	x := g.Input(e.name, onnx.Double, []int{-1, 1}, "a number in the unit of the file; not a number: missing")
	gone := g.Do("IsNaN", x)
	if e.value {
		y := g.Do("Div", g.Do("Sub", g.Shift(x, -e.power), g.DoubleOf(e.scale.Offset)), g.DoubleOf(e.scale.Unit))
		fill, _ := e.scale.To(e.fill)
		out = append(out, g.Do("Where", gone, g.FloatOf(fill), g.Cast(y, onnx.Float)))
	}
	if e.gone {
		out = append(out, g.Cast(gone, onnx.Float))
	}
	return out
}

// unseen is the code of a category that has no input.
const unseen = -1

// exportCategory is label and lose.
func (e *encoder) exportCategory(g *onnx.Graph) []onnx.Value {
	doc := "a category; empty: missing"
	if e.kind == boolean {
		doc = "true or false; empty: missing"
	}
	x := g.Input(e.name, onnx.Text, []int{-1, 1}, doc)
	if e.width() == 0 {
		return nil
	}
	var words []string
	var codes []int64
	for i, label := range e.labels {
		words, codes = append(words, label), append(codes, int64(i))
	}
	missing, other := unseen, unseen
	switch {
	case e.gone:
		missing = e.width() - 1
	case e.kind == boolean && e.fill == 1:
		missing = 0
	}
	if e.pooled {
		other = len(e.labels)
	}
	words, codes = append(words, ""), append(codes, int64(missing))
	code := g.ML("LabelEncoder", []onnx.Value{x}, onnx.Words("keys_strings", words), onnx.Integers("values_int64s", codes),
		onnx.Integer("default_int64", other))
	each := make([]int64, e.width())
	for i := range each {
		each[i] = int64(i)
	}
	return []onnx.Value{g.Cast(g.Do("Equal", code, g.Ints(each, 1, len(each))), onnx.Float)}
}

// exportMember is a member's predictions, [n][width].
func (d *dataset) exportMember(g *onnx.Graph, f supervised.Fitted, x onnx.Value) (onnx.Value, error) {
	if v, ok, err := supervised.Network(g, f, x); ok {
		if err != nil || len(d.classes) == 0 {
			return v, err
		}
		if len(d.classes) == 2 { // the logit of the second class alone
			v = g.Concat(1, g.Do("Mul", v, g.FloatOf(0)), v)
		}
		return g.With("Softmax", []onnx.Value{v}, onnx.Integer("axis", 1)), nil
	}
	switch f := f.(type) {
	case constant:
		n := g.Do("Mul", g.Slice(x, 0, 1, 1), g.FloatOf(0))
		return g.Do("Add", n, g.Floats(f, 1, len(f))), nil
	case *fittedLinear:
		return f.export(g, x), nil
	case fittedNearest:
		return f.export(g, x), nil
	case *fittedBoost:
		return f.model.Export(g, f.features.export(g, x, f.features.means)), nil
	}
	return "", fmt.Errorf("a member of the ensemble, %T, cannot be written as ONNX", f)
}

// export is predict.
func (f *fittedLinear) export(g *onnx.Graph, x onnx.Value) onnx.Value {
	outputs := len(f.weights)
	w, b := make([]float64, f.inputs*outputs), make([]float64, outputs)
	for k, row := range f.weights {
		for j := range f.inputs {
			w[j*outputs+k] = row[j]
		}
		b[k] = row[f.inputs]
	}
	z := g.Do("Add", g.Do("MatMul", g.Cast(x, onnx.Double), g.Doubles(w, f.inputs, outputs)), g.Doubles(b, 1, outputs))
	if f.classes == 0 {
		return g.Cast(z, onnx.Float)
	}
	z = g.Do("Min", g.Do("Max", z, g.DoubleOf(-30)), g.DoubleOf(30))
	p := g.Do("Div", g.DoubleOf(1), g.Do("Add", g.DoubleOf(1), g.Do("Exp", g.Do("Neg", z))))
	if f.classes == 2 {
		return g.Cast(g.Concat(1, g.Do("Sub", g.DoubleOf(1), p), p), onnx.Float)
	}
	return g.Cast(g.Do("Div", p, g.Do("ReduceSum", p, g.List(1))), onnx.Float)
}

// export adds the squared differences input by input, as neighbours does, so that equal distances are equal there too.
func (f fittedNearest) export(g *onnx.Graph, x onnx.Value) onnx.Value {
	n, s := len(f.rows), f.data.learn
	wide := g.Cast(x, onnx.Double)
	var sum onnx.Value
	for j := range s.width {
		column := make([]float64, n)
		for i, row := range f.rows {
			column[i] = float64(s.row(int(row))[j])
		}
		difference := g.Do("Sub", g.Doubles(column, 1, n), g.Slice(wide, j, j+1, 1))
		square := g.Do("Mul", difference, difference)
		if sum == "" {
			sum = square
		} else {
			sum = g.Do("Add", sum, square)
		}
	}
	found := g.Many("TopK", []onnx.Value{sum, g.List(f.k)}, 2, onnx.Integer("axis", 1), onnx.Integer("largest", 0), onnx.Integer("sorted", 1))
	width := s.Width()
	targets := make([]float32, n*width)
	for i, row := range f.rows {
		s.target32(int(row), targets[i*width:][:width])
	}
	// [n][k][width]
	total := g.Do("ReduceSum", g.Cast(g.Gather(g.Floats(targets, n, width), found[1], 0), onnx.Double), g.List(1))
	total = g.Reshape(total, -1, width)
	if s.classes == 0 {
		return g.Cast(g.Do("Div", total, g.DoubleOf(float64(f.k))), onnx.Float)
	}
	votes := g.Do("Add", g.Cast(total, onnx.Float), g.Floats(f.prior, 1, width))
	return g.Do("Div", votes, g.FloatOf(float32(f.k+1)))
}

// export is row: the features of trees.
func (f *boostFeatures) export(g *onnx.Graph, x onnx.Value, m means) onnx.Value {
	nan, coded := g.FloatOf(float32(math.NaN())), 0
	var parts []onnx.Value
	for k := range f.data.encoders {
		e := &f.data.encoders[k]
		if e.width() == 0 {
			continue
		}
		in := g.Slice(x, e.at, e.at+e.width(), 1)
		switch {
		case e.value && e.gone:
			gone := g.Do("Equal", g.Slice(in, 1, 2, 1), g.FloatOf(1))
			parts = append(parts, g.Do("Where", gone, nan, g.Slice(in, 0, 1, 1)))
		case e.value:
			parts = append(parts, g.Slice(in, 0, 1, 1))
		default:
			parts = append(parts, in)
		}
		if coded < len(f.coded) && f.coded[coded] == k {
			labels := g.Slice(in, 0, e.categories(), 1)
			mean := g.Do("MatMul", labels, g.Floats(m[coded], e.categories(), 1))
			known := g.Do("ReduceSum", labels, g.List(1))
			parts = append(parts, g.Do("Where", g.Do("Equal", known, g.FloatOf(1)), mean, nan))
			coded++
		}
	}
	return g.Concat(1, parts...)
}

// Inputs says what a row has: see domain.Asked. Where rare categories are pooled, every category is welcome and none is listed.
func (p *problem) Inputs() (out []*canon.Object) {
	for k := range p.data.encoders {
		e := &p.data.encoders[k]
		if k > 0 && e.name == p.data.encoders[k-1].name {
			continue // a further part of a date
		}
		o := canon.NewObject("name", e.name, "kind", "number")
		switch {
		case e.kind == date:
			o.Set("kind", "date")
		case e.kind == boolean:
			o.Set("kind", "boolean")
		case e.kind == categorical && e.pooled:
			o.Set("kind", "category")
		case e.kind == categorical:
			o.Set("kind", "category").Set("categories", e.labels).Set("missing", p.data.asks.missing)
		}
		out = append(out, o)
	}
	return out
}
