package forecast

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

var (
	_ nn.Source          = (*windows)(nil)
	_ supervised.Samples = (*windows)(nil)
)

// view is how a model sees the series before an origin: the values of window rows before it, as one row of inputs or as
// the steps of a sequence.
type view struct {
	window   int
	sequence bool
}

// size is the number of inputs.
func (v view) size(c *calendar) int {
	if v.sequence {
		return v.window * (1 + c.columns())
	}
	return v.window + c.columns()
}

// inputs writes the inputs of an origin in row at, whose value, scaled, is the last of known and has at least window
// values before it. See the package's doc for their order.
func (v view) inputs(known []float32, c *calendar, at int, x []float32) {
	last := known[len(known)-1]
	before := known[len(known)-1-v.window : len(known)-1]
	if !v.sequence {
		for j, y := range before {
			x[j] = y - last
		}
		copy(x[v.window:], c.of(at+1))
		return
	}
	for j, y := range before {
		x[0] = y - last
		x = x[1+copy(x[1:], c.of(at-v.window+j)):]
	}
}

// windows are the samples of the origins first … first+count−1 of a scaled series. It is immutable.
type windows struct {
	view
	scaled                []float32
	calendar              *calendar
	horizon, first, count int
}

// part returns the samples whose targets all lie in rows [from, to) and whose origin is at least first.
func part(scaled []float32, c *calendar, v view, horizon, first, from, to int) windows {
	first = max(first, from-1)
	return windows{
		view: v, scaled: scaled, calendar: c, horizon: horizon,
		first: first, count: to - horizon - first,
	}
}

// Len implements nn.Source.
func (w *windows) Len() int { return w.count }

// Sample implements nn.Source; see the package's doc for the order of x and y.
func (w *windows) Sample(i int, x, y []float32) {
	origin := w.first + i
	w.inputs(w.scaled[:origin+1], w.calendar, origin, x)
	last := w.scaled[origin]
	for k := range w.horizon {
		y[k] = w.scaled[origin+1+k] - last
	}
}

// Measure implements supervised.Samples. The loss is the mean absolute error, scaled: R3 over samples and then outputs, in
// binary32. A forecaster writes the differences of an origin, scaled.
func (w *windows) Measure(p supervised.Predict) supervised.Measure {
	x := make([]float32, w.size(w.calendar))
	y, out := make([]float32, w.horizon), make([]float32, w.horizon)
	var sum vec.Summer
	for i := range w.count {
		w.Sample(i, x, y)
		p(x, out)
		for k := range out {
			out[k] = vec.Abs(out[k] - y[k])
		}
		sum.Add(out)
	}
	return supervised.Measure{Loss: sum.Mean()}
}

// lastValue forecasts the last value: its differences are zero.
func lastValue(_, out []float32) { clear(out) }

// seasonal returns what forecasts the value one period before the target, or so many periods that it is known at the
// origin. It is for one Measure of w.
func (w *windows) seasonal() supervised.Predict {
	origin, period := w.first, w.calendar.period
	return func(_, out []float32) {
		for k := range out {
			back := (k/period + 1) * period
			out[k] = w.scaled[origin+1+k-back] - w.scaled[origin]
		}
		origin++
	}
}
