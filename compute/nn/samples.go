package nn

import (
	"reflect"

	"doin.network/node/compute/vec"
)

// Source is a set of samples. Sample must be a pure function of i: the same i gives the same bits, however often and
// in whatever order it is asked, from several goroutines if tasks that train at once share the source.
type Source interface {
	// Len returns the number of samples.
	Len() int
	// Sample writes sample i, 0 ≤ i < Len, into x [Inputs] and y [Outputs], completely. It retains neither.
	Sample(i int, x, y []float32)
}

// maxResident is how many elements of a source a run keeps in memory, 32 MiB.
const maxResident = 1 << 23

// data is what a task's samples are read from.
type data struct{ train, validation *samples }

// samples reads a source. One that is small enough, and asked often enough, is read once and kept.
type samples struct {
	source          Source
	inputs, outputs int
	stride, pad     int
	x, y            []float32 // [n …][stride], [n][outputs]; nil if not kept
}

// holds reports whether s is what newSamples would read again. Sources that compare as equal have the same samples.
func (s *samples) holds(source Source, c *Config, stride, pad int) bool {
	return s != nil && s.x != nil && s.stride == stride && s.pad == pad && s.inputs == c.Inputs && s.outputs == c.Outputs &&
		reflect.ValueOf(source).Comparable() && reflect.TypeOf(source) == reflect.TypeOf(s.source) && source == s.source
}

// newSamples returns the samples of a source of which about uses samples will be asked for, their inputs stride apart:
// at the number of inputs, or farther, with a 1 behind them and then zeros. A multiple of pad samples can be looked at.
func newSamples(s Source, c *Config, uses, stride, pad int) *samples {
	r := &samples{source: s, inputs: c.Inputs, outputs: c.Outputs, stride: stride, pad: pad}
	n := s.Len()
	if uses < n || n > maxResident/(stride+c.Outputs) {
		return r
	}
	r.x, r.y = make([]float32, ceil(n, pad)*stride), make([]float32, n*c.Outputs)
	if stride > c.Inputs {
		for i := range n {
			r.x[i*stride+c.Inputs] = 1
		}
	}
	for i := range n {
		r.read(i, r.x, r.y, i)
	}
	return r
}

// read writes sample i to row r of x and y.
func (s *samples) read(i int, x, y []float32, r int) {
	s.source.Sample(i, x[r*s.stride:][:s.inputs:s.inputs], y[r*s.outputs:][:s.outputs:s.outputs])
}

// gather writes the samples listed in index to the rows of x and y.
func (s *samples) gather(k *vec.Kernels, x, y []float32, index []uint32) {
	if s.x != nil {
		k.GatherRows(x, s.x, index, s.stride)
		k.GatherRows(y, s.y, index, s.outputs)
		return
	}
	for r, i := range index {
		s.read(int(i), x, y, r)
	}
}

// block returns the samples first … first+rows−1 and what follows up to a multiple of pad, in x and y where they are not
// kept.
func (s *samples) block(x, y []float32, first, rows int) (xs, ys []float32) {
	if s.x != nil {
		return s.x[first*s.stride:], s.y[first*s.outputs:][:rows*s.outputs]
	}
	for r := range rows {
		s.read(first+r, x, y, r)
	}
	return x, y
}
