package closed

import (
	"math"

	"doin.network/node/compute/f64"
)

// ridge forecasts the change from the last value, one regression a step.
type ridge struct {
	features *features
	lambda   float64
	weights  [][]float64 // [step][1 + columns]: the constant, then a weight for each feature, 0 for those not taken
}

func (r *ridge) coefficients() []float64 {
	var c []float64
	for _, w := range r.weights {
		c = append(c, w...)
	}
	return c
}

func (r *ridge) walk(z []float64, first, horizon int, out []float64) {
	sums := sumsOf(z)
	x := make([]float64, r.features.columns())
	for t := first; t <= len(z); t++ {
		row := out[(t-first)*horizon:][:horizon]
		for k := range row {
			r.features.fill(x, z, sums, t-1, k)
			w := r.weights[k]
			row[k] = z[t-1] + (w[0] + f64.Dot(x, w[1:]))
		}
	}
}

// lambdas are the penalties tried, in units of one standardised row.
var lambdas = []float64{0.01, 1, 10, 100, 1000}

// ridge chooses columns and penalty on the last part of the series, then fits all steps on all of it.
func (f *fitting) ridge(level bool) (core, error) {
	all := newFeatures(len(f.z), f.horizon, f.periods, level)
	sums := sumsOf(f.z)
	choice, err := f.choose(all, sums)
	if err != nil {
		return nil, err
	}
	r := &ridge{features: all, lambda: choice.lambda}
	for k := range f.horizon {
		if err := f.ctx.Err(); err != nil {
			return nil, err
		}
		m := newMoments(f.z, sums, all, k, all.first(f.horizon), len(f.z)-1-k, f.horizon)
		w := m.solve(choice.take, choice.lambda)
		r.weights = append(r.weights, w)
	}
	return r, nil
}

// moments are the normal equations of one step, of standardised columns.
type moments struct {
	columns    int
	mean, unit []float64 // of each column: (x − mean)·unit has mean 0 and mean square 1; unit 0 where it never changes
	target     float64   // mean of the targets
	gram       []float64 // lower triangle
	b          []float64
	square     float64 // of the targets less their mean: the sum of squares, where lagMoments made it
	rows       int
}

// rowBudget bounds the work of one fit: rows · columns² · steps. Where there are more rows every step-th is taken, the last
// among them.
const rowBudget = 2e8

// newMoments takes the origins o, from ≤ o < to, each with its target z[o+1+k] − z[o]; it may be none.
func newMoments(z, sums []float64, f *features, k, from, to, horizon int) *moments {
	n := f.columns()
	m := &moments{columns: n, mean: make([]float64, n), unit: make([]float64, n), gram: make([]float64, f64.Triangle(n)), b: make([]float64, n)}
	if to <= from {
		return m // no change is the forecast
	}
	step := max(1, int(math.Ceil(float64(to-from)*float64(n*n*horizon)/rowBudget)))
	first := to - 1 - (to-1-from)/step*step
	x := make([]float64, n)
	squares := make([]float64, n)
	for o := first; o < to; o += step {
		f.fill(x, z, sums, o, k)
		f64.Axpy(1, x, m.mean)
		m.target += z[o+1+k] - z[o]
		m.rows++
	}
	for j := range m.mean {
		m.mean[j] /= float64(m.rows)
	}
	m.target /= float64(m.rows)
	for o := first; o < to; o += step {
		f.fill(x, z, sums, o, k)
		for j := range x {
			d := x[j] - m.mean[j]
			squares[j] += float64(d * d)
		}
	}
	for j, s := range squares {
		if s > 0 {
			m.unit[j] = 1 / math.Sqrt(s/float64(m.rows))
		}
	}
	for o := first; o < to; o += step {
		f.fill(x, z, sums, o, k)
		for j := range x {
			x[j] = float64((x[j] - m.mean[j]) * m.unit[j])
		}
		f64.Gram(m.gram, m.b, x, z[o+1+k]-z[o]-m.target)
	}
	return m
}

// solve returns the constant and the weight of every column, 0 for those not taken.
func (m *moments) solve(take []int, lambda float64) []float64 {
	n := len(take)
	a, b := make([]float64, f64.Triangle(n)), make([]float64, n)
	at := 0
	for i, p := range take {
		row := m.gram[f64.Triangle(p):]
		for _, q := range take[:i+1] {
			a[at] = row[q]
			at++
		}
		a[at-1] += lambda
		b[i] = m.b[p]
	}
	w := make([]float64, 1+m.columns)
	w[0] = m.target
	if !f64.Cholesky(a, n) {
		return w
	}
	f64.Solve(a, b)
	for i, p := range take {
		v := float64(b[i] * m.unit[p])
		w[1+p] = v
		w[0] -= float64(v * m.mean[p])
	}
	return w
}
