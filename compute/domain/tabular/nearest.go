package tabular

import (
	"context"
	"fmt"

	"doin.network/node/compute/domain/supervised"
)

// nearest is a member: the mean target of the k nearest training rows, or the frequencies of their classes with one row's
// weight for those in all of training.
type nearest struct {
	data *dataset
	k    int
}

// maxNearest bounds learning rows squared times inputs; a table with more has no nearest neighbours.
const maxNearest = 1 << 29

// fits reports whether the table is small enough, and has enough rows.
func (n nearest) fits() bool {
	rows := n.data.learn.Len()
	return rows*rows <= maxNearest/n.data.inputs && rows > 4*n.k
}

func (n nearest) Name() string { return fmt.Sprintf("nearest_%d", n.k) }

// Fit implements supervised.Member.
func (n nearest) Fit(_ context.Context, fold int) (supervised.Fitted, error) {
	d := n.data
	f := fittedNearest{nearest: n, rows: d.trainingRows(fold)}
	if len(d.classes) > 0 {
		f.prior = prior(d.learn, f.rows)
	}
	return f, nil
}

// fittedNearest knows its training rows.
type fittedNearest struct {
	nearest
	rows  []int32
	prior []float32
}

// Covers implements supervised.Partial: rows that it was fitted on are their own neighbours.
func (f fittedNearest) Covers(c supervised.Cases) bool { return c != supervised.Cases(f.data.learn) }

// neighbour is a training row and its squared distance.
type neighbour struct {
	distance float64
	row      int32
}

// Predict implements supervised.Fitted.
func (f fittedNearest) Predict(c supervised.Cases, out []float32) {
	x := make([]float32, f.data.inputs)
	for i := range c.Len() {
		c.Inputs(i, x)
		f.predict(f.neighbours(x), out[i*c.Width():][:c.Width()])
	}
}

// neighbours returns the k nearest training rows, the nearest first, of equals the earlier. A squared distance is the chain of
// the squared differences of the inputs, ascending, in binary64.
func (f fittedNearest) neighbours(x []float32) []neighbour {
	list := make([]neighbour, 0, f.k+1)
	for _, row := range f.rows {
		var sum float64
		for j, v := range f.data.learn.row(int(row)) {
			d := float64(v) - float64(x[j])
			sum += float64(d * d)
		}
		at := len(list)
		for at > 0 && sum < list[at-1].distance {
			at--
		}
		if at == f.k {
			continue
		}
		list = append(list, neighbour{})
		copy(list[at+1:], list[at:])
		list[at] = neighbour{sum, row}
		list = list[:min(len(list), f.k)]
	}
	return list
}

func (f fittedNearest) predict(list []neighbour, out []float32) {
	s := f.data.learn
	if s.classes == 0 {
		var sum float64
		for _, n := range list {
			sum += float64(s.targets[n.row])
		}
		out[0] = float32(sum / float64(len(list)))
		return
	}
	copy(out, f.prior)
	for _, n := range list {
		out[s.labels[n.row]]++
	}
	for k := range out {
		out[k] /= float32(len(list) + 1)
	}
}

// Coefficients implements supervised.Fitted: there are none but the data.
func (f fittedNearest) Coefficients() []float64 { return []float64{float64(f.k)} }
