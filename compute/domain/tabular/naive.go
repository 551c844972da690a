package tabular

import (
	"context"

	"doin.network/node/compute/domain/supervised"
)

// Baselines implements supervised.Problem: the frequencies of the classes in training, or median and mean of its targets.
func (p *problem) Baselines() []supervised.Member {
	if p.config.Task == Classification {
		return []supervised.Member{constantMember{"prior", p.data, prior}}
	}
	return []supervised.Member{constantMember{"median", p.data, middle}, constantMember{"mean", p.data, average}}
}

// Members implements supervised.Problem: the constants, and the linear model and the nearest neighbours where the table is
// small enough for them.
func (p *problem) Members() []supervised.Member { return append(p.Baselines(), p.Shown()...) }

// Shown implements supervised.Problem.
func (p *problem) Shown() (list []supervised.Member) {
	if l := (linear{p.data}); l.fits() {
		list = append(list, l)
	}
	for _, k := range []int{5, 15} {
		if n := (nearest{p.data, k}); n.fits() {
			list = append(list, n)
		}
	}
	return list
}

// constantMember predicts the same for every row: what its function makes of the training rows.
type constantMember struct {
	name string
	data *dataset
	of   func(s *samples, rows []int32) []float32
}

func (c constantMember) Name() string { return c.name }

// Fit implements supervised.Member.
func (c constantMember) Fit(_ context.Context, fold int) (supervised.Fitted, error) {
	return constant(c.of(c.data.learn, c.data.trainingRows(fold))), nil
}

// trainingRows returns the learning rows that a fold trains on; all of them for the last one.
func (d *dataset) trainingRows(fold int) []int32 {
	if fold < len(d.folds) {
		return d.folds[fold].training.rows
	}
	all := make([]int32, d.learn.Len())
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// constant is a prediction that ignores the inputs.
type constant []float32

// Predict implements supervised.Fitted.
func (p constant) Predict(c supervised.Cases, out []float32) {
	for i := range c.Len() {
		copy(out[i*len(p):], p)
	}
}

// Coefficients implements supervised.Fitted.
func (p constant) Coefficients() []float64 {
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = float64(v)
	}
	return out
}

// prior returns the frequencies of the classes.
func prior(s *samples, rows []int32) []float32 {
	counts := s.counts(rows)
	out := make([]float32, s.classes)
	for k, n := range counts {
		out[k] = float32(n) / float32(len(rows))
	}
	return out
}

// counts returns how many of rows each class has; none in a regression.
func (s *samples) counts(rows []int32) []int {
	n := make([]int, s.classes)
	if s.classes == 0 {
		return n
	}
	for _, row := range rows {
		n[s.labels[row]]++
	}
	return n
}

// numbers returns the scaled targets of rows.
func (s *samples) numbers(rows []int32) []float64 {
	y := make([]float64, len(rows))
	for i, row := range rows {
		y[i] = float64(s.targets[row])
	}
	return y
}

// middle returns the median of the targets.
func middle(s *samples, rows []int32) []float32 { return []float32{float32(median(s.numbers(rows)))} }

// average returns the mean of the targets, their sum in order, in binary64.
func average(s *samples, rows []int32) []float32 {
	var sum float64
	for _, y := range s.numbers(rows) {
		sum += y
	}
	return []float32{float32(sum / float64(len(rows)))}
}
