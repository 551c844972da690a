package tabular

import (
	"context"
	"fmt"
	"math"

	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// MaxSynthetic bounds the numbers of a synthetic data set: 32 MiB as doubles.
const MaxSynthetic = 1 << 22

// noise is the standard deviation of the noise on synthetic rows, in standard deviations of the column in training.
const noise = 0.1

// Synthesize implements supervised.Problem: a bootstrap of the training rows, as many as they are or as MaxSynthetic
// allows; in classification class by class, each with its share of the rows, rounded down, but at least one. Row i is
// a training row of its class, in their order draw i of the stream (Bootstrap, step 0), uniformly; its target is
// kept. Each of its numeric inputs j that is neither a missing value nor a part of a date becomes x + 0.1·z with z
// normal draw j of the stream (TableNoise, step i), in binary32: a tenth of the column's standard deviation in
// training.
//
// The series holds the rows one after another: the inputs and the scaled target or the index of the class, each a
// binary32 value.
func (p *problem) Synthesize(ctx context.Context, key rng.Key) ([]float64, error) {
	draws := rng.New(key, rng.Bootstrap, 0)
	rows := p.data.learn
	n := rows.Len()
	// Classes whose share is nothing may add a row each.
	total := min(n, MaxSynthetic/(rows.width+1)-rows.classes)
	series := make([]float64, 0, total*(rows.width+1))
	x := make([]float32, rows.width)
	i := uint32(0)
	for _, group := range rows.groups() {
		for range max(1, total*len(group)/n) {
			row := group[draws.Intn(i, uint32(len(group)))]
			copy(x, rows.row(row))
			p.data.blur(x, rng.New(key, rng.TableNoise, i))
			for _, v := range x {
				series = append(series, float64(v))
			}
			series = append(series, rows.target(row))
			i++
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return series, nil
}

// groups returns the samples of each class, ascending, or all samples of a regression as one group.
func (s *samples) groups() [][]int {
	groups := make([][]int, max(1, s.classes))
	for i := range s.Len() {
		g := 0
		if s.classes > 0 {
			g = int(s.labels[i])
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// target returns the target of a sample as a number.
func (s *samples) target(i int) float64 {
	if s.classes > 0 {
		return float64(s.labels[i])
	}
	return float64(s.targets[i])
}

// blur adds noise to the numeric inputs of a row that are no missing values and no parts of a date.
func (d *dataset) blur(x []float32, draws rng.Stream) {
	for k := range d.encoders {
		e := &d.encoders[k]
		if !e.value || e.kind == date || e.gone && x[e.at+1] == 1 {
			continue
		}
		x[e.at] += float32(noise * draws.Normal(uint32(e.at)))
	}
}

// Synthetic implements supervised.View.
func (p *problem) Synthetic(series []float64) (supervised.Cases, error) {
	return p.data.fromSynthetic(series)
}

// fromSynthetic reads the samples of a synthetic data set.
func (d *dataset) fromSynthetic(series []float64) (*samples, error) {
	width := d.inputs + 1
	n := len(series) / width
	if n == 0 || n*width != len(series) || n > supervised.MaxRows || n*width > MaxSynthetic {
		return nil, fmt.Errorf("%d values in rows of %d", len(series), width)
	}
	s := &samples{classes: len(d.classes), width: d.inputs, inputs: make([]float32, 0, n*d.inputs)}
	for i := range n {
		row := series[i*width:][:width]
		for j, v := range row {
			// Noise may carry a value a little beyond the bound of the data.
			if x := float32(v); !(vec.Abs(x) <= 2*supervised.MaxScaled) {
				return nil, fmt.Errorf("row %d, value %d, %v: too far from the training data", i, j, v)
			}
		}
		for _, v := range row[:d.inputs] {
			s.inputs = append(s.inputs, float32(v))
		}
		y := row[d.inputs]
		if s.classes == 0 {
			s.targets = append(s.targets, float32(y))
			continue
		}
		if y != math.Trunc(y) || y < 0 || y >= float64(s.classes) {
			return nil, fmt.Errorf("row %d: class %v of %d", i, y, s.classes)
		}
		s.labels = append(s.labels, int32(y))
	}
	return s, nil
}
