package tabular

import (
	"context"
	"fmt"
	"slices"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// Answer implements supervised.View: it predicts the targets of rows. The input has one member: "rows", 1 …
// MaxInferRows objects that map input columns to values, or "csv", as many rows as CSV text with a header, written as
// the data are. A value is a number or its text for a numeric column, a text or a number for a categorical one, true,
// false or a word for it for a boolean one, and a date as the file writes it. A column that is absent from an object,
// null, or one of the texts that mark a missing value in the file, is missing. The file's other columns, the target
// for one, may stand there too and mean nothing.
//
// A classification answers {"classes": […], "predictions": […], "probabilities": [[…], …]}, the names of the classes
// as in the file, of each row the most probable one, and its probabilities in the order of the classes; a regression
// {"predictions": […]} in the units of the file. "notes" says, where there is any, which categories are unknown and
// which columns are not used or not there.
func (p *problem) Answer(ctx context.Context, input *canon.Object, m supervised.Fitted) (*canon.Object, error) {
	d := p.data
	q, err := d.query(input)
	if err != nil {
		return nil, err
	}
	asked := &samples{classes: len(d.classes), width: d.inputs, inputs: q.inputs}
	out := make([]float32, asked.Len()*asked.Width())
	m.Predict(asked, out)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	classes := d.classes
	predictions, probabilities := make([]any, q.rows), make([]any, q.rows)
	for i := range q.rows {
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
	answer := canon.NewObject("predictions", predictions)
	if len(classes) > 0 {
		answer = canon.NewObject("classes", slices.Clone(classes), "predictions", predictions, "probabilities", probabilities)
	}
	if len(q.notes) > 0 {
		answer.Set("notes", q.notes)
	}
	return answer, nil
}
