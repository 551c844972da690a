package forecast

import (
	"fmt"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
)

var _ supervised.View = look{}

// look is a view of a problem's series.
type look struct {
	*problem
	view
}

// Sources implements supervised.View: the samples from the first origin that the window allows.
func (l look) Sources() (training, validation nn.Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.sources[l.view]
	if w == nil {
		s, horizon := l.series, l.config.Horizon
		w = &[2]windows{
			part(s.scaled, &s.calendar, l.view, horizon, l.window, 0, s.validation),
			part(s.scaled, &s.calendar, l.view, horizon, l.window, s.validation, s.test),
		}
		l.sources[l.view] = w
	}
	return &w[0], &w[1]
}

// Parts implements supervised.View.
func (l look) Parts() [3]supervised.Samples {
	m := l.measured(l.view)
	return [3]supervised.Samples{&m[0], &m[1], &m[2]}
}

// Synthetic implements supervised.View: the samples on which a model is scored, at the same origins for every window. The
// series is scaled as the data are; its row 0 has the calendar position of theirs.
func (l look) Synthetic(series []float64) (supervised.Samples, error) {
	s, first := l.series, l.config.firstOrigin()
	n := len(series)
	if n < first+1+l.config.Horizon || n > supervised.MaxRows {
		return nil, fmt.Errorf("series of %d values", n)
	}
	scaled := make([]float32, n)
	for i, y := range series {
		x, ok := s.scale.To(y)
		if !ok {
			return nil, fmt.Errorf("value %d, %v: too far from the training data", i, y)
		}
		scaled[i] = x
	}
	w := part(scaled, &s.calendar, l.view, l.config.Horizon, first, 0, n)
	return &w, nil
}
