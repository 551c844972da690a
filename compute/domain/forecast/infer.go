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
	// maxRows bounds the known values times the rounds of a horizon each, because closed forms go through all of them in
	// every round: about 3 s.
	maxRows = 1 << 23
)

// Answer implements supervised.View: it forecasts what comes after a series. Members of the input, all optional:
//
//   - series: the known values in the units of the file, at least one more than the longest window and the period minus one;
//     default: all of the data;
//   - last_time: the time of the last of them; default: the last time of the data;
//   - steps: how many values to forecast, 1 … MaxForecast, fewer after a long series; default: the horizon;
//   - rows: in the place of series and last_time, objects {"time", "value"}; see unrolled.
//
// A series ends at last_time; what the data have before its first value is known too. Closed forms answer for an ensemble only where
// the series begins with the data and ends no earlier than what they were fitted on; elsewhere the networks answer alone.
//
// Beyond the horizon the forecast goes on from its own values. The answer is {"forecast": […], "times": […]}.
func (l look) Answer(ctx context.Context, input *canon.Object, m supervised.Fitted) (*canon.Object, error) {
	input, err := l.unrolled(input)
	if err != nil {
		return nil, err
	}
	q, err := l.parseQuery(input)
	if err != nil {
		return nil, err
	}
	h := l.config.Horizon
	if most := max(1, maxRows/len(q.known)); (q.steps-1)/h+1 > most {
		return nil, fmt.Errorf("steps %d: at most %d are forecast after %d values", q.steps, most*h, len(q.known))
	}
	s := l.series
	forecast, times := make([]float64, 0, q.steps), make([]string, 0, q.steps)
	out := make([]float32, h)
	for len(forecast) < q.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := len(q.known) - 1
		origin := windows{view: l.view, problem: l.problem, scaled: q.known, first: at, count: 1, row: q.row}
		m.Predict(&origin, out)
		last := q.known[at]
		for k, difference := range out {
			v := last + difference
			if !vec.IsFinite(v) {
				return nil, errors.New("the forecast runs away")
			}
			q.known = append(q.known, v)
			if len(forecast) < q.steps {
				forecast = append(forecast, s.to(s.scale.From(float64(v))))
				times = append(times, s.table.Time(q.row+at+1+k))
			}
		}
	}
	return canon.NewObject("forecast", forecast, "times", times), nil
}

// query is a checked inference request.
type query struct {
	known []float32 // scaled; ours to append to
	row   int       // of the first of them; it may lie before the data
	steps int
}

func (l look) parseQuery(input *canon.Object) (q query, err error) {
	if err := domain.CheckMembers(input, "series", "last_time", "steps"); err != nil {
		return q, err
	}
	s, need := l.series, l.config.firstOrigin()+1
	if q.steps, err = domain.Integer(input, "steps", l.config.Horizon, 1, MaxForecast); err != nil {
		return q, err
	}
	at := s.table.Rows() - 1
	if v, ok := input.Get("last_time"); ok && v != nil {
		label, err := timeLabel(v)
		if err != nil {
			return q, fmt.Errorf("last_time: %w", err)
		}
		if at, err = s.table.axis.index(label); err != nil {
			return q, fmt.Errorf("last_time %.40q: %w", label, err)
		}
		if at < 0 || at > s.table.Rows()+MaxInferSeries {
			return q, fmt.Errorf("last_time %.40q: must be between %q and %q", label,
				s.table.Time(0), s.table.Time(s.table.Rows()+MaxInferSeries))
		}
	}
	v, given := input.Get("series")
	if !given || v == nil {
		if at >= s.table.Rows() || at+1 < need {
			return q, errors.New("last_time: outside the data, and no series is given")
		}
		q.known = slices.Clone(s.scaled[:at+1])
		return q, nil
	}
	values, err := domain.Reals(v, MaxInferSeries)
	if err != nil {
		return q, fmt.Errorf("series: %w", err)
	}
	if len(values) < need {
		return q, fmt.Errorf("series: %d values: need %d", len(values), need)
	}
	// A series that goes on from the data, or takes the place of their end, is known with what precedes it.
	if q.row = at + 1 - len(values); q.row >= 0 && q.row <= s.table.Rows() {
		q.known, q.row = slices.Clone(s.scaled[:q.row]), 0
	}
	for i, y := range values {
		scaled, ok := s.scale.To(s.from(y))
		if !ok {
			return q, fmt.Errorf("series: value %d, %v: too far from the training data", i, y)
		}
		q.known = append(q.known, scaled)
	}
	return q, nil
}
