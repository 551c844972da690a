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
//   - rows, in place of both: a list of objects with the columns of the file (or time and value), or csv, a text of them with a
//     header. Rows without a value after the last that has one say what known covariates will be. Few suffice where they go on
//     from the data;
//   - covariates: {column: its values beside those of the series}, of which those before the end of the data need not be given;
//   - known_covariates: {column: its values after the series, as many as are to be forecast, to a whole number of horizons};
//     default: what the data say of those times;
//   - series_name: which of several series, where the model is one of them all; then needed;
//   - steps: how many values to forecast, 1 … MaxForecast, fewer after a long series; default: the horizon.
//
// A series ends at last_time; what the data have before its first value is known too. Closed forms answer for an ensemble only
// where the series begins with the data and ends no earlier than what they were fitted on; elsewhere the networks answer
// alone.
//
// Beyond the horizon the forecast goes on from its own values, and past covariates stay what they were last. The answer is
// {"forecast": […], "times": […]}, to rows with "rows", to csv with "csv" beside them, in the same columns.
func (l look) Answer(ctx context.Context, input *canon.Object, m supervised.Fitted) (*canon.Object, error) {
	l, input, err := l.one(input)
	if err != nil {
		return nil, err
	}
	q, err := l.parseQuery(input)
	if err != nil {
		return nil, err
	}
	h := l.config.Horizon
	s := l.series
	forecast, times := make([]float64, 0, q.steps), make([]string, 0, q.steps)
	out := make([]float32, h)
	for len(forecast) < q.steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := len(q.known) - 1
		origin := windows{view: l.view, problem: l.problem, scaled: q.known, first: at, count: 1, row: q.row, tracks: q.tracks}
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
		for i := range q.tracks {
			if t := &q.tracks[i]; !t.known {
				for range h {
					t.values = append(t.values, t.values[len(t.values)-1])
				}
			}
		}
	}
	return q.answer(forecast, times)
}

// one returns the view of the series that a request names, and the request without its name.
func (l look) one(input *canon.Object) (look, *canon.Object, error) {
	if len(l.singles) == 0 {
		return l, input, nil
	}
	var names []string
	given, err := input.StringOr("series_name", "")
	if err != nil {
		return l, nil, fmt.Errorf("series_name: %w", err)
	}
	for _, p := range l.singles {
		if name := p.series.table.name; name == given {
			input = input.Clone()
			input.Delete("series_name")
			return look{p, l.view}, input, nil
		}
		names = append(names, p.series.table.name)
	}
	return l, nil, fmt.Errorf("series_name %.80q: must be one of %s", given, listed(names))
}

// query is a checked inference request.
type query struct {
	known  []float32 // scaled; ours to append to
	row    int       // of the first of them; it may lie before the data
	steps  int
	tracks []track // of the rows from row on, or from an earlier one
	// answer writes a forecast in the form of the request.
	answer func(forecast []float64, times []string) (*canon.Object, error)
}

// given is what a request says of a series, which ends in row last of the data.
type given struct {
	values []float64 // in units of the file; nil: those of the data
	last   int
	// timed says that the file's own rows say where the values belong: few may go on from the data.
	timed bool
	// beside are the values of covariates in the rows of values and, of those known ahead, after them.
	beside map[string][]float64
}

func (l look) parseQuery(input *canon.Object) (q query, err error) {
	if err := domain.CheckMembers(input, "series", "last_time", "steps", "rows", "csv", "covariates", "known_covariates"); err != nil {
		return q, err
	}
	h := l.config.Horizon
	if q.steps, err = domain.Integer(input, "steps", h, 1, MaxForecast); err != nil {
		return q, err
	}
	g, err := l.parseGiven(input, &q)
	if err != nil {
		return q, err
	}
	if err := l.values(&q, g); err != nil {
		return q, err
	}
	rounds := (q.steps-1)/h + 1
	if most := max(1, maxRows/len(q.known)); rounds > most {
		return q, fmt.Errorf("steps %d: at most %d are forecast after %d values", q.steps, most*h, len(q.known))
	}
	return q, l.tracks(&q, g, g.last+1+rounds*h)
}

// parseGiven reads what a request says of the series, in whichever form.
func (l look) parseGiven(input *canon.Object, q *query) (*given, error) {
	q.answer = plain
	if input.Has("rows") || input.Has("csv") {
		return l.parseRows(input, q)
	}
	t := l.series.table
	g := &given{last: t.Rows() - 1, beside: map[string][]float64{}}
	if v, ok := input.Get("last_time"); ok && v != nil {
		label, err := timeLabel(v)
		if err != nil {
			return g, fmt.Errorf("last_time: %w", err)
		}
		if g.last, err = t.axis.index(label); err != nil {
			return g, fmt.Errorf("last_time %.40q: %w", label, err)
		}
		if g.last < 0 || g.last > t.Rows()+MaxInferSeries {
			return g, fmt.Errorf("last_time %.40q: must be between %q and %q", label, t.Time(0), t.Time(t.Rows()+MaxInferSeries))
		}
	}
	if v, ok := input.Get("series"); ok && v != nil {
		values, err := domain.Reals(v, MaxInferSeries)
		if err != nil {
			return g, fmt.Errorf("series: %w", err)
		}
		g.values = values
	}
	return g, l.parseBeside(input, g)
}

// plain writes an answer without rows.
func plain(forecast []float64, times []string) (*canon.Object, error) {
	return canon.NewObject("forecast", forecast, "times", times), nil
}

// values fills in the known values.
func (l look) values(q *query, g *given) error {
	s, need := l.series, l.config.firstOrigin()+1
	rows := s.table.Rows()
	if g.values == nil {
		if g.last >= rows || g.last+1 < need {
			return errors.New("last_time: outside the data, and no series is given")
		}
		q.known = slices.Clone(s.scaled[:g.last+1])
		return nil
	}
	if len(g.values) < need && !g.timed {
		return fmt.Errorf("series: %d values: need %d", len(g.values), need)
	}
	// A series that goes on from the data, or takes the place of their end, is known with what precedes it.
	if q.row = g.last + 1 - len(g.values); q.row >= 0 && q.row <= rows {
		q.known, q.row = slices.Clone(s.scaled[:q.row]), 0
	}
	for i, y := range g.values {
		scaled, ok := s.scale.To(s.from(y))
		if !ok {
			return fmt.Errorf("series: value %d, %v: too far from the training data", i, y)
		}
		q.known = append(q.known, scaled)
	}
	if len(q.known) < need && q.row > rows {
		return fmt.Errorf("row 1: time %.40q leaves a gap: the data end with %q, the next row is %q", s.table.Time(q.row), s.table.Time(rows-1), s.table.Time(rows))
	}
	if len(q.known) < need {
		return fmt.Errorf("rows: %d values: need %d, or that they go on from the data, which end at %q", len(q.known), need, s.table.Time(rows-1))
	}
	return nil
}
