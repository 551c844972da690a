package closed

import "math"

// The grids of parameters, ascending. β is a part of α, γ of 1 − α.
var (
	alphas = []float64{0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1}
	betas  = []float64{0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4}
	gammas = []float64{0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8}
	phis   = []float64{0.8, 0.9, 0.95, 0.98, 1}
)

// gridOrigins is how many origins the error of a grid's point is taken over, at most.
const gridOrigins = 240

// grid is one parameter and the values that it may have.
type grid struct {
	at     *float64
	values []float64
}

// origins returns the origins that errors are taken over: every step-th of those that leave horizon steps, the last of them
// included, from begin on.
func origins(begin, n, horizon, most int) (first, step int) {
	last := n - horizon
	if begin > last {
		begin = last
	}
	step = (last-begin)/most + 1
	return last - (last-begin)/step*step, step
}

// search sets the parameters of s to the point of the grids with the least mean absolute error over all steps: from the
// middle of each grid on, one parameter at a time is set to its best value, the least of equals, until a round changes none,
// three rounds at most.
func (f *fitting) search(s *smoothing, grids []grid) error {
	for _, g := range grids {
		*g.at = g.values[len(g.values)/2]
	}
	e := newEvaluation(f.z, f.horizon, s.period)
	best := e.of(s)
	for range 3 {
		changed := false
		for _, g := range grids {
			keep := *g.at
			for _, v := range g.values {
				if err := f.ctx.Err(); err != nil {
					return err
				}
				if v == keep {
					continue
				}
				old := *g.at
				*g.at = v
				if x := e.of(s); x < best {
					best, changed = x, true
				} else {
					*g.at = old
				}
			}
		}
		if !changed {
			break
		}
	}
	return nil
}

// evaluation is the error of a smoothing on the series that it is fitted on.
type evaluation struct {
	z           []float64
	horizon     int
	first, step int
	row, season []float64
}

func newEvaluation(z []float64, horizon, period int) *evaluation {
	first, step := origins(max(len(z)/5, 2*period, 4), len(z), horizon, gridOrigins)
	return &evaluation{z: z, horizon: horizon, first: first, step: step, row: make([]float64, horizon)}
}

// of returns the sum of absolute errors over all origins and steps; +Inf where it is no number.
func (e *evaluation) of(s *smoothing) float64 {
	w := s.begin(e.season)
	e.season = w.season
	var sum float64
	next := e.first
	for t, v := range e.z {
		if t == next {
			s.forecast(&w, t, e.row)
			for k, p := range e.row {
				sum += math.Abs(p - e.z[t+k])
			}
			if next += e.step; next+e.horizon > len(e.z) {
				break
			}
		}
		s.step(&w, t, v)
	}
	if sum != sum {
		return math.Inf(1)
	}
	return sum
}
