package tabular

import (
	"context"
	"math"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/f64"
)

// Settings of the linear models, in DOIN-F64 (package f64).
const (
	newtonSteps = 8
	penalty     = 1.0     // on the squares of the weights, the intercept's not among them
	maxWork     = 1 << 31 // multiply-adds of a fit; a table that needs more has no linear model
	maxLinear   = 256     // inputs
)

// linear is a member: ridge regression, or logistic regressions of each class against the others whose probabilities are
// divided by their sum, each fitted by a fixed number of Newton's steps from 0.
type linear struct{ data *dataset }

// fits reports whether the table is small enough.
func (l linear) fits() bool {
	d := l.data
	steps := 1
	if len(d.classes) > 0 {
		steps = newtonSteps * outputs(len(d.classes))
	}
	return d.inputs <= maxLinear && d.learn.Len()*d.inputs*d.inputs/2*steps <= maxWork
}

func (l linear) Name() string { return "linear" }

// Fit implements supervised.Member.
func (l linear) Fit(ctx context.Context, fold int) (supervised.Fitted, error) {
	d := l.data
	rows := d.trainingRows(fold)
	f := &fittedLinear{classes: len(d.classes), inputs: d.inputs}
	for k := range outputs(f.classes) {
		class := k
		if f.classes == 2 {
			class = 1
		}
		w, err := d.newton(ctx, rows, class)
		if err != nil {
			return nil, err
		}
		f.weights = append(f.weights, w)
	}
	return f, nil
}

// newton returns the weights of the inputs and the intercept, last.
func (d *dataset) newton(ctx context.Context, rows []int32, class int) ([]float64, error) {
	n := d.inputs + 1
	w, x := make([]float64, n), make([]float64, n)
	steps := newtonSteps
	if len(d.classes) == 0 {
		steps = 1
	}
	for range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g, b := make([]float64, f64.Triangle(n)), make([]float64, n)
		for _, row := range rows {
			d.learn.wide(int(row), x)
			y, weight := d.working(int(row), class, w, x)
			for i := range x {
				x[i] = float64(x[i] * weight)
			}
			f64.Gram(g, b, x, float64(y*weight))
		}
		for i := range d.inputs {
			g[f64.Triangle(i+1)-1] += penalty
		}
		g[len(g)-1] += 0x1p-20 // of the intercept: for classes of which the model is sure everywhere
		if !f64.Cholesky(g, n) {
			return w, nil // as far as it came
		}
		f64.Solve(g, b)
		copy(w, b)
	}
	return w, nil
}

// working returns what a step regresses on for a row, and the root of its weight: the target, or the working response of a
// logistic regression (McCullagh, Nelder, Generalized linear models, 1989, section 2.5).
func (d *dataset) working(row, class int, w, x []float64) (y, root float64) {
	if len(d.classes) == 0 {
		return float64(d.learn.targets[row]), 1
	}
	z := f64.Dot(w, x)
	p := logistic(z)
	v := float64(p * (1 - p))
	if v < 0x1p-10 {
		v = 0x1p-10
	}
	target := 0.0
	if int(d.learn.labels[row]) == class {
		target = 1
	}
	return z + (target-p)/v, math.Sqrt(v)
}

// wide writes a row's inputs and 1.
func (s *samples) wide(i int, x []float64) {
	for j, v := range s.row(i) {
		x[j] = float64(v)
	}
	x[s.width] = 1
}

// logistic returns 1 ÷ (1 + e^−z), z taken within ±30.
func logistic(z float64) float64 {
	if z > 30 {
		z = 30
	} else if z < -30 {
		z = -30
	}
	return 1 / (1 + f64.Exp(-z))
}

// fittedLinear is a fitted linear member.
type fittedLinear struct {
	classes, inputs int
	weights         [][]float64 // [output][inputs + 1]
}

// Predict implements supervised.Fitted.
func (f *fittedLinear) Predict(c supervised.Cases, out []float32) {
	narrow, x := make([]float32, f.inputs), make([]float64, f.inputs+1)
	x[f.inputs] = 1
	for i := range c.Len() {
		c.Inputs(i, narrow)
		for j, v := range narrow {
			x[j] = float64(v)
		}
		f.predict(x, out[i*c.Width():][:c.Width()])
	}
}

func (f *fittedLinear) predict(x []float64, out []float32) {
	switch f.classes {
	case 0:
		out[0] = float32(f64.Dot(f.weights[0], x))
	case 2:
		p := logistic(f64.Dot(f.weights[0], x))
		out[0], out[1] = float32(1-p), float32(p)
	default:
		p := make([]float64, f.classes)
		for k, w := range f.weights {
			p[k] = logistic(f64.Dot(w, x))
		}
		sum := f64.Sum(p)
		for k := range p {
			out[k] = float32(p[k] / sum)
		}
	}
}

// Coefficients implements supervised.Fitted.
func (f *fittedLinear) Coefficients() (all []float64) {
	for _, w := range f.weights {
		all = append(all, w...)
	}
	return all
}
