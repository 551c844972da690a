package tabular

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// MaxInferRows bounds the rows of an inference request.
const MaxInferRows = 1024

// Answer implements supervised.View: it predicts the targets of rows. The input has one member, "rows": 1 … MaxInferRows objects that map input columns
// to values, a number or its text for a numeric column, a text or an integer for a categorical one. A column that is
// absent or null, or one of the texts that mark a missing value in a file, is missing.
//
// A classification answers {"classes": […], "predictions": […], "probabilities": [[…], …]}, the names of the classes, of
// each row the most probable one, and its probabilities in the order of the classes; a regression {"predictions": […]} in
// the units of the file.
func (p *problem) Answer(ctx context.Context, input *canon.Object, m supervised.Fitted) (*canon.Object, error) {
	d := p.data
	inputs, err := d.query(input)
	if err != nil {
		return nil, err
	}
	asked := &samples{classes: len(d.classes), width: d.inputs, inputs: slices.Concat(inputs...)}
	out := make([]float32, asked.Len()*asked.Width())
	m.Predict(asked, out)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	classes := d.classes
	predictions, probabilities := make([]any, len(inputs)), make([]any, len(inputs))
	for i := range inputs {
		p := out[i*asked.Width():][:asked.Width()]
		if !vec.AllFinite(p) {
			return nil, fmt.Errorf("row %d: the prediction is not finite", i)
		}
		if len(classes) == 0 {
			predictions[i] = supervised.Shift(d.scale.From(float64(p[0])), d.power)
			continue
		}
		predictions[i] = classes[mostProbable(p)]
		row := make([]float64, len(classes))
		for k, v := range p {
			row[k] = float64(v)
		}
		probabilities[i] = row
	}
	if len(classes) == 0 {
		return canon.NewObject("predictions", predictions), nil
	}
	return canon.NewObject("classes", slices.Clone(classes), "predictions", predictions, "probabilities", probabilities), nil
}

// query reads the rows of a request as inputs of a network.
func (d *dataset) query(input *canon.Object) ([][]float32, error) {
	if err := domain.CheckMembers(input, "rows"); err != nil {
		return nil, err
	}
	rows, err := input.List("rows")
	if err != nil {
		return nil, err
	}
	if len(rows) < 1 || len(rows) > MaxInferRows {
		return nil, fmt.Errorf("rows: %d rows: must be 1 to %d", len(rows), MaxInferRows)
	}
	inputs := make([][]float32, len(rows))
	for i, v := range rows {
		o, ok := v.(*canon.Object)
		if !ok {
			return nil, fmt.Errorf("rows: row %d: %s where an object is needed", i, canon.KindOf(v))
		}
		if inputs[i], err = d.queryRow(o); err != nil {
			return nil, fmt.Errorf("rows: row %d: %w", i, err)
		}
	}
	return inputs, nil
}

func (d *dataset) queryRow(o *canon.Object) ([]float32, error) {
	x := make([]float32, d.inputs)
	given := 0
	for k := range d.encoders {
		e := &d.encoders[k]
		v, ok := o.Get(e.name)
		if ok {
			given++
		}
		if err := e.json(x, v); err != nil {
			return nil, fmt.Errorf("column %.80q: %w", e.name, err)
		}
	}
	if given == o.Len() {
		return x, nil
	}
	for _, key := range o.Keys() {
		if !slices.ContainsFunc(d.encoders, func(e encoder) bool { return e.name == key }) {
			return nil, fmt.Errorf("column %.80q is no input", key)
		}
	}
	return x, nil
}

// json writes the inputs of a JSON value into a row of inputs, which is all zeros.
func (e *encoder) json(x []float32, v any) error {
	if s, ok := v.(string); v == nil || ok && missing(s) {
		e.lose(x)
		return nil
	}
	if n, ok := v.(int64); ok && e.kind == categorical {
		v = strconv.FormatInt(n, 10)
	}
	s, text := v.(string)
	switch {
	case e.kind == categorical && text:
		e.label(x, s)
		return nil
	case e.kind == categorical:
		return fmt.Errorf("%s where a text is needed", canon.KindOf(v))
	}
	var y float64
	var err error
	if text {
		y, err = supervised.Decimal(s)
	} else {
		y, err = domain.Real(v)
	}
	if err != nil {
		return err
	}
	if !e.number(x, supervised.Shift(y, -e.power)) {
		return fmt.Errorf("%v is too far from the training data", y)
	}
	return nil
}
