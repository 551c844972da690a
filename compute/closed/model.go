package closed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/f64"
)

// ErrSeries is returned by Fit where a series is too short for a member, not finite, or not positive where logarithms are
// asked for.
var ErrSeries = errors.New("closed: series")

// Model is a fitted member. It is immutable and safe for concurrent use.
type Model struct {
	spec    Spec
	horizon int
	rows    int     // of the fitting part
	scale   float64 // a power of two: what the series is multiplied by
	floor   float64 // of what logarithms are taken of
	core    core
}

// core is a kind's fitted form, on the series as scaled and transformed. walk writes forecasts [len(z)−first+1][horizon].
type core interface {
	coefficients() []float64
	walk(z []float64, first, horizon int, out []float64)
}

// Fit fits a member on y, all that may be known, for forecasts of 1 … horizon steps. Grids, windows and penalties are
// chosen inside y. It retains neither slice. ctx ends it early with ctx.Err(); ErrSeries is wrapped where y does not allow s.
//
// On 9,000 rows with a horizon of 24 all members together take about 1 s of one core (BenchmarkFit).
func Fit(ctx context.Context, s Spec, y []float64, periods []int, horizon int) (*Model, error) {
	if err := check(s, y, horizon); err != nil {
		return nil, err
	}
	m := &Model{spec: s, horizon: horizon, rows: len(y), scale: scaleOf(y)}
	if s.Log {
		m.floor = float64(0.5 * float64(slices.Min(y)*m.scale))
	}
	z := m.transformed(y)
	f := &fitting{ctx: ctx, z: z, horizon: horizon, periods: usable(periods, len(y))}
	core, err := f.fit(s)
	if err != nil {
		return nil, fmt.Errorf("closed: %v: %w", s, err)
	}
	m.core = core
	return m, nil
}

func check(s Spec, y []float64, horizon int) error {
	least, period := 1, 0 // rows, and the shortest period that the kind has a meaning for
	switch s.Kind {
	case Last:
	case Seasonal, SeasonalMean, HoltWinters, HoltWintersMultiplicative:
		period = 2
		fallthrough
	default:
		least = max(MinRows, horizon+4)
	}
	if s.Period > 0 {
		least = max(least, 2*s.Period+2)
	}
	if s.Kind == ARIMA {
		least = max(least, arimaRows(s.Period, horizon))
	}
	if horizon < 1 || s.Period < period || len(y) < least {
		return fmt.Errorf("%w: %v on %d rows, for a horizon of %d", ErrSeries, s, len(y), horizon)
	}
	for i, v := range y {
		if !(math.Abs(v) <= math.MaxFloat64) || s.Log && !(v > 0) {
			return fmt.Errorf("%w: %v: row %d is %v", ErrSeries, s, i, v)
		}
	}
	return nil
}

// scaleOf returns the power of two that brings the largest magnitude of y into [½, 1); 1 for a series of zeros.
func scaleOf(y []float64) float64 {
	var high float64
	for _, v := range y {
		if a := math.Abs(v); a > high {
			high = a
		}
	}
	_, e := math.Frexp(high)
	return math.Ldexp(1, min(max(-e, -1000), 1000))
}

// transformed returns y scaled, and its logarithms where the member has them: what is not above 0 later on counts as half
// the smallest value of the fitting part.
func (m *Model) transformed(y []float64) []float64 {
	z := make([]float64, len(y))
	for i, v := range y {
		z[i] = float64(v * m.scale)
		if m.spec.Log {
			if !(z[i] >= m.floor) {
				z[i] = m.floor
			}
			z[i] = f64.Log(z[i])
		}
	}
	return z
}

// Name returns the member's name: that of its Spec.
func (m *Model) Name() string { return m.spec.String() }

// Horizon returns the number of steps that each origin is forecast for.
func (m *Model) Horizon() int { return m.horizon }

// Coefficients returns what was fitted, scale first: the bits of these numbers stand for the model. The caller owns them.
func (m *Model) Coefficients() []float64 {
	return append([]float64{m.scale, m.floor, float64(m.rows)}, m.core.coefficients()...)
}

// Walk writes the forecasts of the steps 1 … Horizon from every origin t, first ≤ t ≤ len(y), to out [len(y) − first +
// 1][Horizon]: out[t − first] knows y[:t] alone. y begins where the fitting part began; first is at least its length.
// Coefficients stay as fitted, states run on.
//
// A forecast lies within the range of y[:t], widened by that range on both sides (logarithms: the range of logarithms).
func (m *Model) Walk(y []float64, first int, out []float64) {
	if first < m.rows || first > len(y) || len(out) != (len(y)-first+1)*m.horizon {
		panic("closed: Walk: first before the end of the fitting part, or out of another length")
	}
	z := m.transformed(y)
	m.core.walk(z, first, m.horizon, out)
	low, high := z[0], z[0]
	for t := range z {
		low, high = min(low, z[t]), max(high, z[t])
		if t+1 < first {
			continue
		}
		row := out[(t+1-first)*m.horizon:][:m.horizon]
		m.bound(row, z[t], low, high)
	}
	for i, v := range out {
		if m.spec.Log {
			v = f64.Exp(v)
		}
		out[i] = v / m.scale
	}
}

// bound clamps forecasts to [low − range, high + range]; what is no number becomes the last value.
func (m *Model) bound(row []float64, last, low, high float64) {
	r := high - low
	for i, v := range row {
		switch {
		case v != v:
			row[i] = last
		case v < low-r:
			row[i] = low - r
		case v > high+r:
			row[i] = high + r
		}
	}
}

// fitting is one call of Fit: the series as scaled and transformed.
type fitting struct {
	ctx     context.Context
	z       []float64
	horizon int
	periods []int
}

func (f *fitting) fit(s Spec) (core, error) {
	switch s.Kind {
	case Last:
		return last{}, nil
	case Seasonal:
		return seasonal{s.Period}, nil
	case Drift:
		return drift{}, nil
	case Median:
		return median{medianOf(f.z)}, nil
	case SeasonalMean:
		return seasonalMean{s.Period}, nil
	case Simple, Damped:
		return f.adjust(s.Period, func(f *fitting) (core, error) { return f.smooth(Spec{Kind: s.Kind}) })
	case HoltWinters, HoltWintersMultiplicative:
		return f.smooth(s)
	case Theta:
		return f.adjust(s.Period, (*fitting).theta)
	case AR, ARChanges:
		return f.autoregression(s.Kind == ARChanges, s.Period)
	case ARIMA:
		return f.arima(s.Period)
	case Ridge, RidgeLevel:
		return f.ridge(s.Kind == RidgeLevel)
	}
	return nil, fmt.Errorf("%w: no such kind", ErrSeries)
}
