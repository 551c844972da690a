package nn

import (
	"math"
	"testing"

	"doin.network/node/compute/rng"
)

// TestGradientsByFiniteDifferences compares every element of the gradient, for every activation and loss, with central
// differences of the float64 twin.
func TestGradientsByFiniteDifferences(t *testing.T) {
	for a := range activations {
		for l := range losses {
			t.Run(string(a)+"/"+string(l), func(t *testing.T) {
				c := DefaultConfig()
				c.Inputs, c.Hidden, c.Outputs, c.Batch = 5, []int{7, 6}, 3, 70
				c.Activation, c.Loss = a, l
				key := rng.Key{11, 12}
				tr := newTrainer(c, key, wide{surface{70, key, 0}}, surface{5, key, 100})
				tr.gather(0)
				got := tr.objective.gradient(tr.w, tr.batch)

				twin := twin64{&c, tr.layers}
				w := make([]float64, len(tr.w))
				for i, v := range tr.w {
					w[i] = float64(v)
				}
				x, y := tr.objective.pass.value[0], tr.objective.target
				if want := twin.loss(w, x, y, 70); math.Abs(float64(got)-want) > 1e-5*want {
					t.Errorf("loss = %v, want %v", got, want)
				}
				const h = 1e-6
				largest := 0.0
				numeric := make([]float64, len(w))
				for i := range w {
					old := w[i]
					w[i] = old + h
					up := twin.loss(w, x, y, 70)
					w[i] = old - h
					numeric[i] = (up - twin.loss(w, x, y, 70)) / (2 * h)
					w[i] = old
					largest = math.Max(largest, math.Abs(numeric[i]))
				}
				for i, want := range numeric {
					if got := float64(tr.objective.back.gradient[i]); math.Abs(got-want) > 2e-5*largest {
						t.Errorf("gradient[%d] = %v, want %v (largest %v)", i, got, want, largest)
					}
				}
			})
		}
	}
}

// wide scales the targets of a source so that the errors lie on both sides of the corner of the Huber loss.
type wide struct{ Source }

func (s wide) Sample(i int, x, y []float32) {
	s.Source.Sample(i, x, y)
	for c := range y {
		y[c] *= 3
	}
}
