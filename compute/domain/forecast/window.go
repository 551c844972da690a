package forecast

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

var (
	_ nn.Source        = (*windows)(nil)
	_ supervised.Cases = (*windows)(nil)
)

// view is how a model sees the series before an origin: the values of window rows before it, as one row of inputs or as
// the steps of a sequence.
type view struct {
	window   int
	sequence bool
	// season is the period whose differences a perceptron sees, and predicts; 0: none. steps is the horizon then.
	season, steps int
}

// need is how many values before the origin's a view looks at.
func (v view) need() int { return v.window + v.back(v.steps-1) }

// back is how many rows before a step's target, counted from 0, the last known one of the same season lies; 0 without a season.
func (v view) back(step int) int {
	if v.season == 0 {
		return 0
	}
	return (step/v.season + 1) * v.season
}

// size is the number of inputs, without those of covariates.
func (v view) size(c *calendar) int {
	if v.sequence {
		return v.window * (1 + c.columns())
	}
	return v.window + c.columns() + v.steps
}

// inputs writes the inputs of an origin in row at, whose value, scaled, is the last of known and has at least need
// values before it. See the package's doc for their order.
func (v view) inputs(known []float32, c *calendar, tracks []track, at, horizon int, x []float32) {
	last := known[len(known)-1]
	before := known[len(known)-1-v.window : len(known)-1]
	if v.season > 0 {
		v.seasonal(known, c, tracks, at, x)
		return
	}
	if !v.sequence {
		for j, y := range before {
			x[j] = y - last
		}
		x = x[v.window:]
		v.beside(tracks, at, horizon, x[copy(x, c.of(at+1)):])
		return
	}
	for j, y := range before {
		x[0] = y - last
		x = x[1+copy(x[1:], c.of(at-v.window+j)):]
		x = v.step(tracks, at-v.window+j+1, horizon, x)
	}
}

// seasonal is inputs of a view with a season.
func (v view) seasonal(known []float32, c *calendar, tracks []track, at int, x []float32) {
	n := len(known) - 1
	last := known[n] - known[n-v.season]
	for j := range v.window {
		i := n - v.window + j
		x[j] = (known[i] - known[i-v.season]) - last
	}
	x = x[v.window:]
	x = x[copy(x, c.of(at+1)):]
	v.beside(tracks, at, v.steps, x)
	x = x[len(x)-v.steps:]
	for k := range v.steps {
		x[k] = v.expected(known, n, k)
	}
}

// expected is the change from the origin, in row at of the values, to the target of a step that the season before made.
func (v view) expected(values []float32, at, step int) float32 {
	back := v.back(step)
	return values[at+1+step-back] - values[at-back]
}

// windows are the samples of count origins of a scaled series, from first on. It is immutable.
type windows struct {
	view
	problem      *problem
	scaled       []float32
	first, count int
	// origins are the origins where some are left out; nil: first … first+count−1.
	origins []int
	// row is that of scaled[0]: 0 for the data, another where somebody asks with a series of his own.
	row int
	// tracks are the covariates.
	tracks []track
}

// origin is that of sample i.
func (w *windows) origin(i int) int {
	if w.origins != nil {
		return w.origins[i]
	}
	return w.first + i
}

// Len implements nn.Source.
func (w *windows) Len() int { return w.count }

// Width implements supervised.Cases: the horizon.
func (w *windows) Width() int { return w.problem.config.Horizon }

// Inputs implements supervised.Cases.
func (w *windows) Inputs(i int, x []float32) {
	origin := w.origin(i)
	w.inputs(w.scaled[:origin+1], &w.problem.series.calendar, w.tracks, w.row+origin, w.Width(), x)
}

// Sample implements nn.Source; see the package's doc for the order of x and y.
func (w *windows) Sample(i int, x, y []float32) {
	w.Inputs(i, x)
	origin := w.origin(i)
	last := w.scaled[origin]
	for k := range y {
		y[k] = w.scaled[origin+1+k] - last
	}
	if w.season > 0 {
		for k := range y {
			y[k] -= w.expected(w.scaled, origin, k)
		}
	}
}

// Targets implements supervised.Cases.
func (w *windows) Targets(out []float32) {
	h := w.Width()
	for i := range w.count {
		origin := w.origin(i)
		for k := range h {
			out[i*h+k] = w.scaled[origin+1+k] - w.scaled[origin]
		}
	}
}

// Errors implements supervised.Cases: the mean absolute error over the outputs of an origin, their sum in ascending order,
// in binary32.
func (w *windows) Errors(predictions, errors []float32) (correct int) {
	h := w.Width()
	for i := range w.count {
		origin := w.origin(i)
		last := w.scaled[origin]
		var sum float32
		for k, p := range predictions[i*h:][:h] {
			sum += vec.Abs(p - (w.scaled[origin+1+k] - last))
		}
		errors[i] = sum / float32(h)
	}
	return 0
}
