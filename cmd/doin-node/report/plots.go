package report

import (
	"math"
	"slices"

	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
)

// calibrationBins is the number of groups that probabilities are put in.
const calibrationBins = 10

// evidence is what a worker shows of a champion, read.
type evidence struct {
	kind, unit       string
	times            []string
	actual           []float64
	before           []string // times of the history
	known            []float64
	classes          []string
	models           []shown
	horizon          int
	probabilities    [][]float64 // of the champion
	probabilityTruth []int
}

// shown is what one model predicts.
type shown struct {
	name                string
	predictions, errors []float64
}

// read takes what it finds.
func read(o *canon.Object) (e evidence) {
	e.kind, _ = o.StringOr("kind", "")
	e.unit, _ = o.StringOr("value", "")
	if e.unit == "" {
		e.unit, _ = o.StringOr("target", "value")
	}
	e.times, e.actual, e.classes = texts(o, "times"), numbers(o, "actual"), texts(o, "classes")
	history, _ := o.ObjectOr("history", nil)
	e.before, e.known = texts(history, "times"), numbers(history, "values")
	horizon, _ := o.IntOr("horizon", 1)
	e.horizon = int(horizon)
	models, _ := o.ListOr("models", nil)
	for i, v := range models {
		m, ok := v.(*canon.Object)
		if !ok {
			continue
		}
		name, _ := m.StringOr("name", "")
		e.models = append(e.models, shown{name, numbers(m, "predictions"), numbers(m, "errors")})
		if i == 0 {
			rows, _ := m.ListOr("probabilities", nil)
			for _, row := range rows {
				e.probabilities = append(e.probabilities, floats(row))
			}
		}
	}
	for _, k := range e.actual {
		e.probabilityTruth = append(e.probabilityTruth, int(k))
	}
	return e
}

func texts(o *canon.Object, key string) (out []string) {
	list, _ := o.ListOr(key, nil)
	for _, v := range list {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

func numbers(o *canon.Object, key string) []float64 {
	v, _ := o.Get(key)
	return floats(v)
}

// floats are numbers of a list, NaN for what is none.
func floats(v any) (out []float64) {
	list, _ := v.([]any)
	for _, v := range list {
		f, ok := score.Float(v)
		if !ok {
			f = math.NaN()
		}
		out = append(out, f)
	}
	return out
}

// champion is the first model, beside the best of the others by name; nil where there is none.
func (e *evidence) pair(best string) (champion, other *shown) {
	for i := range e.models {
		switch m := &e.models[i]; {
		case i == 0:
			champion = m
		case m.name == best:
			other = m
		}
	}
	return champion, other
}

// count returns 0, 1, … from a number on.
func count(from, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(from + i)
	}
	return out
}

// charts are the plots of a domain.
func (d *Domain) charts() (out []Chart) {
	out = append(out, d.history())
	if d.Evidence == nil {
		return out
	}
	e := read(d.Evidence)
	best := ""
	if b := score.Best(d.Others); b != nil {
		best = b.Name
	}
	switch e.kind {
	case "series":
		out = append(out, d.forecast(&e, best), e.residuals(best))
		if e.horizon > 1 {
			out = append(out, e.steps())
		}
	case "numbers":
		out = append(out, e.scatter(best), e.residualsOf(best))
	case "classes":
		out = append(out, e.calibration())
	}
	return out
}

// history is the best performance of the search by trials.
func (d *Domain) history() Chart {
	c := Chart{Name: "search", Title: "Best of this node's search", XLabel: "trials", YLabel: "performance"}
	s := Series{Name: "best so far", Style: Steps}
	for _, r := range d.History {
		s.X, s.Y = append(s.X, float64(r.Trials)), append(s.Y, r.Best)
	}
	c.Series = []Series{s}
	return c
}

// forecast is the end of the data, the test predictions beside them, and what comes next.
func (d *Domain) forecast(e *evidence, best string) Chart {
	const before = 72
	from := max(0, len(e.known)-before)
	labels := slices.Concat(e.before[from:], e.times, d.Next.Times)
	known := slices.Concat(e.known[from:], e.actual)
	start := len(e.known) - from
	c := Chart{Name: "forecast", Title: "Data, predictions of the test part one step ahead, and the forecast", YLabel: e.unit, Ticks: labels}
	c.Series = append(c.Series, Series{Name: "data", X: count(0, len(known)), Y: known})
	champion, other := e.pair(best)
	if champion != nil {
		c.Series = append(c.Series, Series{Name: "champion", X: count(start, len(champion.predictions)), Y: champion.predictions})
	}
	if len(d.Next.Values) > 0 {
		at := max(0, len(labels)-len(d.Next.Times))
		x, y := count(at, len(d.Next.Values)), d.Next.Values
		if at > 0 && len(known) > 0 { // from where the data end
			x, y = append([]float64{float64(at - 1)}, x...), append([]float64{known[len(known)-1]}, y...)
		}
		c.Series = append(c.Series, Series{Name: "forecast", X: x, Y: y})
	}
	if other != nil {
		c.Series = append(c.Series, Series{Name: other.name, X: count(start, len(other.predictions)), Y: other.predictions, Dashed: true})
	}
	return c
}

// less returns a − b, as far as both go.
func less(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] - b[i]
	}
	return out
}

// residuals are those of the test cases of a series.
func (e *evidence) residuals(best string) Chart {
	c := Chart{Name: "residuals", Title: "Residuals of the test part, one step ahead: data − prediction", YLabel: e.unit, Ticks: e.times}
	champion, other := e.pair(best)
	for _, m := range []*shown{champion, other} {
		if m != nil {
			y := less(e.actual, m.predictions)
			c.Series = append(c.Series, Series{Name: m.name, X: count(0, len(y)), Y: y, Style: Points})
		}
	}
	return c
}

// steps are the errors by how far ahead is forecast.
func (e *evidence) steps() Chart {
	c := Chart{Name: "steps", Title: "Mean absolute error on the test part, by the step forecast", XLabel: "steps ahead", YLabel: e.unit}
	for i, m := range e.models {
		c.Series = append(c.Series, Series{Name: m.name, X: count(1, len(m.errors)), Y: m.errors, Dashed: i > 0})
	}
	return c
}

// scatter is prediction over target.
func (e *evidence) scatter(best string) Chart {
	c := Chart{Name: "predictions", Title: "Predictions of the test rows", XLabel: e.unit + " in the data", YLabel: "predicted"}
	champion, other := e.pair(best)
	for _, m := range []*shown{champion, other} {
		if m != nil {
			c.Series = append(c.Series, Series{Name: m.name, X: e.actual, Y: m.predictions, Style: Points})
		}
	}
	if len(e.actual) > 0 {
		ends := []float64{slices.Min(e.actual), slices.Max(e.actual)}
		c.Series = append(c.Series, Series{Name: "equal", X: ends, Y: ends, Dashed: true})
	}
	return c
}

// residualsOf are those of a regression, over the prediction.
func (e *evidence) residualsOf(best string) Chart {
	c := Chart{Name: "residuals", Title: "Residuals of the test rows: data − prediction", XLabel: "predicted", YLabel: e.unit}
	champion, other := e.pair(best)
	for _, m := range []*shown{champion, other} {
		if m != nil {
			c.Series = append(c.Series, Series{Name: m.name, X: m.predictions, Y: less(e.actual, m.predictions), Style: Points})
		}
	}
	return c
}

// calibration compares the probabilities that the champion gives, of all classes, with how often they come true.
func (e *evidence) calibration() Chart {
	var sum, hits, n [calibrationBins]float64
	for i, row := range e.probabilities {
		for k, p := range row {
			bin := min(max(int(p*calibrationBins), 0), calibrationBins-1)
			sum[bin] += p
			n[bin]++
			if i < len(e.probabilityTruth) && e.probabilityTruth[i] == k {
				hits[bin]++
			}
		}
	}
	s := Series{Name: "champion", Style: Points}
	for bin := range n {
		if n[bin] > 0 {
			s.X, s.Y = append(s.X, sum[bin]/n[bin]), append(s.Y, hits[bin]/n[bin])
		}
	}
	return Chart{Name: "calibration", Title: "Calibration on the test rows: probabilities of all classes, in groups of a tenth", XLabel: "probability given",
		YLabel: "share that came true", Series: []Series{s, {Name: "equal", X: []float64{0, 1}, Y: []float64{0, 1}, Dashed: true}}}
}

// confusion counts the test rows of each class by the most probable one: [actual][predicted].
func (e *evidence) confusion() [][]int {
	if e.kind != "classes" {
		return nil
	}
	out := make([][]int, len(e.classes))
	for k := range out {
		out[k] = make([]int, len(e.classes))
	}
	for i, row := range e.probabilities {
		best := 0
		for k, p := range row {
			if p > row[best] {
				best = k
			}
		}
		if i < len(e.probabilityTruth) {
			if own := e.probabilityTruth[i]; own >= 0 && own < len(out) && best < len(out) {
				out[own][best]++
			}
		}
	}
	return out
}
