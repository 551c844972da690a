package forecast

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// Limits of an inference request.
const (
	MaxForecast    = 4096 // values
	MaxInferSeries = 1 << 16
)

// Answer implements supervised.View: it forecasts what comes after a series. Members of the input, all optional:
//
//   - series: the known values in the units of the file, at least one more than the window; default: all of the data;
//   - last_time: the time of the last of them; default: the last time of the data;
//   - steps: how many values to forecast, 1 … MaxForecast; default: the horizon.
//
// Beyond the horizon the forecast goes on from its own values. The answer is {"forecast": […], "times": […]}.
func (l look) Answer(ctx context.Context, input *canon.Object, p supervised.Predict) (*canon.Object, error) {
	q, err := l.parseQuery(input)
	if err != nil {
		return nil, err
	}
	s, horizon := l.series, l.config.Horizon
	forecast, times := make([]float64, 0, q.steps), make([]string, 0, q.steps)
	x := make([]float32, l.size(&s.calendar))
	out := make([]float32, horizon)
	// known holds the window's values and the last one; at is the row of the last one.
	known, at := q.known, q.at
	for len(forecast) < q.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		last := known[len(known)-1]
		l.inputs(known, &s.calendar, at, x)
		p(x, out)
		for _, difference := range out {
			v := last + difference
			if !vec.IsFinite(v) {
				return nil, errors.New("the forecast runs away")
			}
			known = append(known, v)
			at++
			if len(forecast) < q.steps {
				forecast = append(forecast, s.scale.From(float64(v)))
				times = append(times, s.table.Time(at))
			}
		}
	}
	return canon.NewObject("forecast", forecast, "times", times), nil
}

// query is a checked inference request.
type query struct {
	known []float32 // scaled, at least window+1 values; ours to append to
	at    int       // the row, ≥ 0 modulo the period, of the last one
	steps int
}

func (l look) parseQuery(input *canon.Object) (q query, err error) {
	if err := domain.CheckMembers(input, "series", "last_time", "steps"); err != nil {
		return q, err
	}
	s, window := l.series, l.window
	if q.steps, err = domain.Integer(input, "steps", l.config.Horizon, 1, MaxForecast); err != nil {
		return q, err
	}
	q.at = s.table.Rows() - 1
	if v, ok := input.Get("last_time"); ok && v != nil {
		label, err := timeLabel(v)
		if err != nil {
			return q, fmt.Errorf("last_time: %w", err)
		}
		if q.at, err = s.table.axis.index(label); err != nil {
			return q, fmt.Errorf("last_time %.40q: %w", label, err)
		}
		if q.at < 0 || q.at > s.table.Rows()+MaxInferSeries {
			return q, fmt.Errorf("last_time %.40q: must be between %q and %q", label,
				s.table.Time(0), s.table.Time(s.table.Rows()+MaxInferSeries))
		}
	}
	v, given := input.Get("series")
	if !given || v == nil {
		if q.at >= s.table.Rows() || q.at < window {
			return q, errors.New("last_time: outside the data, and no series is given")
		}
		q.known = slices.Clone(s.scaled[q.at-window : q.at+1])
		return q, nil
	}
	values, err := domain.Reals(v, MaxInferSeries)
	if err != nil {
		return q, fmt.Errorf("series: %w", err)
	}
	if len(values) < window+1 {
		return q, fmt.Errorf("series: %d values: need %d", len(values), window+1)
	}
	for i, y := range values[len(values)-window-1:] {
		scaled, ok := s.scale.To(y)
		if !ok {
			return q, fmt.Errorf("series: value %d, %v: too far from the training data", len(values)-window-1+i, y)
		}
		q.known = append(q.known, scaled)
	}
	return q, nil
}
