package forecast

import (
	"context"

	"doin.network/node/compute/domain/supervised"
)

// Baselines implements supervised.Problem: the last value and, where there is a period, the value one period before the
// target, or so many periods that it is known at the origin.
func (p *problem) Baselines() []supervised.Member {
	list := []supervised.Member{ready{"naive", lastValue{}}}
	if p.config.Period > 1 {
		list = append(list, ready{"seasonal", seasonal{p.config.Period}})
	}
	return list
}

// ready is a member that has nothing to fit.
type ready struct {
	name string
	supervised.Fitted
}

func (r ready) Name() string                                        { return r.name }
func (r ready) Fit(context.Context, int) (supervised.Fitted, error) { return r.Fitted, nil }

// lastValue forecasts the last value: its differences are zero.
type lastValue struct{}

func (lastValue) Predict(_ supervised.Cases, out []float32) { clear(out) }
func (lastValue) Coefficients() []float64                   { return nil }

// seasonal forecasts the value whole periods before the target.
type seasonal struct{ period int }

func (s seasonal) Predict(c supervised.Cases, out []float32) {
	if p, ok := c.(*panel); ok {
		p.each(out, func(_ int, w *windows, out []float32) { s.Predict(w, out) })
		return
	}
	w := c.(*windows)
	h := w.Width()
	for i := range w.count {
		origin := w.origin(i)
		for k := range h {
			back := (k/s.period + 1) * s.period
			out[i*h+k] = w.scaled[origin+1+k-back] - w.scaled[origin]
		}
	}
}

func (seasonal) Coefficients() []float64 { return nil }
