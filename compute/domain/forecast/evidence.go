package forecast

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

var _ supervised.Evident = look{}

// shownRows is how much of a series precedes its test part in an evidence.
const shownRows = 400

// Evidence implements supervised.Evident: {"kind": "series", "horizon", "value", "history": {"times", "values"}, "times", "actual",
// "models": [{"name", "predictions", "errors"}]}. The history ends where the test part begins; predictions are those of the first step,
// errors the mean absolute ones of every step, over all cases.
func (l look) Evidence(list []supervised.Prediction, most int) *canon.Object {
	s, t := l.series, l.series.table
	w := l.part(0, s.test, t.Rows()) // as Test has them
	h, stride := w.Width(), supervised.Stride(w.Len(), most)
	times, actual := []any{}, []any{}
	for i := 0; i < w.count; i += stride {
		row := w.origin(i) + 1
		times, actual = append(times, t.Time(row)), append(actual, t.Value(row))
	}
	before, known := []any{}, []any{}
	for row := max(0, w.first+1-shownRows); row <= w.first; row++ {
		before, known = append(before, t.Time(row)), append(known, t.Value(row))
	}
	models := []any{}
	for _, p := range list {
		models = append(models, l.shown(&w, p, h, stride))
	}
	return canon.NewObject("kind", "series", "horizon", h, "value", l.config.ValueColumn, "history", canon.NewObject("times", before, "values", known),
		"times", times, "actual", actual, "models", models)
}

// shown is one model's predictions and errors.
func (l look) shown(w *windows, p supervised.Prediction, h, stride int) *canon.Object {
	s := l.series
	predictions, errors := []any{}, []any{}
	for i := 0; i < w.count; i += stride {
		predictions = append(predictions, s.to(s.scale.From(float64(w.scaled[w.origin(i)]+p.Values[i*h]))))
	}
	for k := range h {
		var sum float64
		for i := range w.count {
			origin := w.origin(i)
			sum += float64(vec.Abs(p.Values[i*h+k] - (w.scaled[origin+1+k] - w.scaled[origin])))
		}
		errors = append(errors, s.to(float64(sum/float64(w.count)*s.scale.Unit)))
	}
	return canon.NewObject("name", p.Name, "predictions", predictions, "errors", errors)
}
