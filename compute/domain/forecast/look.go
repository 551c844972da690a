package forecast

import (
	"fmt"
	"slices"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
)

var _ supervised.View = look{}

// look is a view of a problem's series.
type look struct {
	*problem
	view
}

// sourceKey names the samples of a fold as a view sees them.
type sourceKey struct {
	view
	fold int
}

// Sources implements supervised.View: training from the first origin that the window allows.
func (l look) Sources(fold int) (training, validation nn.Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := sourceKey{l.view, fold}
	w := l.sources[key]
	if w == nil {
		s := l.series
		w = &[2]nn.Source{
			l.each(func(l look) windows { return l.part(l.need(), 0, s.ends(fold)) }),
			l.each(func(l look) windows { return l.fold(min(fold, s.folds()-1)) }),
		}
		l.sources[key] = w
	}
	return w[0], w[1]
}

// each returns the samples that f takes of each series.
func (l look) each(f func(l look) windows) interface {
	nn.Source
	supervised.Cases
} {
	if len(l.singles) == 0 {
		w := f(l)
		return &w
	}
	var parts []*windows
	for _, p := range l.singles {
		w := f(look{p, l.view})
		parts = append(parts, &w)
	}
	return together(parts)
}

// Validation implements supervised.View: the same origins for every view.
func (l look) Validation(fold int) supervised.Cases {
	return l.each(func(l look) windows { return l.fold(fold) })
}

// Learning implements supervised.View: the origins from the first that every view allows.
func (l look) Learning() supervised.Cases {
	return l.each(func(l look) windows { return l.part(l.config.firstOrigin(), 0, l.series.test) })
}

// Test implements supervised.View.
func (l look) Test() supervised.Cases {
	return l.each(func(l look) windows { return l.part(0, l.series.test, l.series.table.Rows()) })
}

// Prediction implements supervised.View: outputs are differences, scaled, as they are or, with a season, above those of the
// season before, which are the last inputs.
func (l look) Prediction(network supervised.Predict) supervised.Predict {
	if l.season == 0 {
		return network
	}
	return func(x, out []float32) {
		network(x, out)
		for k, change := range x[len(x)-len(out):] {
			out[k] += change
		}
	}
}

// part returns the samples whose targets all lie in rows [from, to) and whose origin is at least first.
func (l look) part(first, from, to int) windows {
	first = max(first, from-1)
	return l.windows(first, to-l.config.Horizon-first)
}

// fold returns the validation samples of a fold.
func (l look) fold(i int) windows {
	first := l.series.starts[i] - 1
	return l.windows(first, l.series.starts[i+1]-1-first)
}

// windows returns the samples of some origins of the data, without those that are masked or have a target that is.
func (l look) windows(first, count int) windows {
	w := windows{view: l.view, problem: l.problem, scaled: l.series.scaled, first: first, count: count, tracks: l.series.tracks}
	if l.series.table.masked != nil {
		w.origins = l.series.unmasked(first, count, l.config.Horizon)
		w.first, w.count = w.origins[0], len(w.origins)
	}
	return w
}

// Synthetic implements supervised.View: the samples on which a model is scored. The series goes on from what precedes the
// test part; of several series each has an equal share.
func (l look) Synthetic(series []float64) (supervised.Cases, error) {
	if len(l.singles) == 0 {
		return l.synthetic(series)
	}
	n := len(series) / len(l.singles)
	if n*len(l.singles) != len(series) {
		return nil, fmt.Errorf("series of %d values", len(series))
	}
	var parts []*windows
	for i, p := range l.singles {
		w, err := look{p, l.view}.synthetic(series[i*n:][:n])
		if err != nil {
			return nil, err
		}
		parts = append(parts, w)
	}
	return together(parts), nil
}

// synthetic is Synthetic of one series.
func (l look) synthetic(series []float64) (*windows, error) {
	s, n := l.series, len(series)
	if n < l.config.Horizon || n > supervised.MaxRows {
		return nil, fmt.Errorf("series of %d values", n)
	}
	scaled := slices.Clone(s.scaled[:s.test])
	for i, y := range series {
		x, ok := s.scale.To(y)
		if !ok {
			return nil, fmt.Errorf("value %d, %v: too far from the training data", i, y)
		}
		scaled = append(scaled, x)
	}
	return &windows{view: l.view, problem: l.problem, scaled: scaled, first: s.test - 1, count: n - l.config.Horizon + 1, tracks: s.tracks}, nil
}
