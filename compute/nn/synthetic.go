package nn

import (
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// synthetic is the source of a task's synthetic samples, defined in CONTRACT.md. Sample i is that of number from+i.
type synthetic struct {
	key     rng.Key
	from, n int
	loss    Loss
	soft    bool
}

// samples returns the n samples from that number on.
func (s synthetic) samples(from, n int) synthetic {
	s.from, s.n = from, n
	return s
}

func (s synthetic) Len() int { return s.n }

func (s synthetic) Sample(i int, x, y []float32) {
	rng.New(s.key, rng.Sample, uint32(s.from+i)).Uniforms(x, 0)
	for k, u := range x {
		x[k] = vec.FMA32(2, u, -1)
	}
	surfaceTargets(x, y)
	switch {
	case s.soft:
		for c, v := range y {
			y[c] = vec.Abs(v)
		}
	case s.loss == BinaryCrossEntropy:
		for c, v := range y {
			y[c] = 0
			if v > 0 {
				y[c] = 1
			}
		}
	case s.loss == SoftmaxCrossEntropy:
		largest := 0
		for c, v := range y {
			if v > y[largest] {
				largest = c
			}
		}
		clear(y)
		y[largest] = 1
	}
}

// surfaceTargets writes smooth functions of x: y[c] = fma(a, b, tanh(a − b)) with a = x[c], b = x[c+1], indices modulo the
// number of inputs.
func surfaceTargets(x, y []float32) {
	for c := range y {
		a, b := x[c%len(x)], x[(c+1)%len(x)]
		y[c] = vec.FMA32(a, b, vec.Tanh(a-b))
	}
}
