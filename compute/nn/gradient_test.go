package nn

import (
	"math"
	"testing"

	"doin.network/node/compute/rng"
)

// TestGradientsByFiniteDifferences compares every element of the gradient, for every activation and loss and for every
// kind of layer, with central differences of the float64 twin.
func TestGradientsByFiniteDifferences(t *testing.T) {
	small := func() Config {
		c := DefaultConfig()
		c.Inputs, c.Hidden, c.Outputs, c.Batch = 5, []int{7, 6}, 3, 70
		return c
	}
	for a := range activations {
		for l := range losses {
			t.Run(string(a)+"/"+string(l), func(t *testing.T) {
				c := small()
				c.Activation, c.Loss = a, l
				checkGradient(t, c)
			})
		}
		t.Run(string(a)+"/soft", func(t *testing.T) {
			c := small()
			c.Activation, c.Loss = a, SoftmaxCrossEntropy
			checkGradientOf(t, c, true)
		})
	}
	last := Layer{Kind: LastStep}
	for name, layers := range map[string][]Layer{
		"conv1d":         {{Kind: Conv1D, Width: 4, Kernel: 3, Dilation: 2, Activation: Tanh}, {Kind: Flatten}},
		"two conv1d":     {{Kind: Conv1D, Width: 3, Kernel: 2, Dilation: 1, Activation: SiLU}, {Kind: Conv1D, Width: 2, Kernel: 3, Dilation: 3, Activation: None}, last},
		"kernel 1":       {{Kind: Conv1D, Width: 3, Kernel: 1, Dilation: 5, Activation: GELU}, {Kind: Conv1D, Width: 3, Kernel: 1, Dilation: 1, Activation: ReLU}, last},
		"long kernel":    {{Kind: Dense, Width: 3, Activation: Tanh}, {Kind: Conv1D, Width: 3, Kernel: 9, Dilation: 1, Activation: Tanh}, last},
		"tcn":            {{Kind: TCN, Width: 4, Kernel: 2, Dilation: 1, Activation: Tanh}, {Kind: TCN, Width: 4, Kernel: 2, Dilation: 2, Activation: SiLU}, last},
		"tcn as it is":   {{Kind: TCN, Width: 2, Kernel: 2, Dilation: 1, Activation: Tanh}, last},
		"tcn twice":      {{Kind: TCN, Width: 3, Kernel: 2, Dilation: 1, Activation: GELU, Rate: 0.25}, {Kind: TCN, Width: 4, Kernel: 2, Dilation: 1, Activation: Sigmoid, Rate: 0.125}, {Kind: Flatten}},
		"tcn linear":     {{Kind: Dense, Width: 3, Activation: None}, {Kind: TCN, Width: 3, Kernel: 2, Dilation: 3, Activation: None}, {Kind: TCN, Width: 2, Kernel: 2, Dilation: 1, Activation: None}, last},
		"layer norm":     {{Kind: Dense, Width: 6, Activation: Tanh}, {Kind: LayerNorm}, {Kind: Dense, Width: 4, Activation: SiLU}, {Kind: LayerNorm}, {Kind: Flatten}},
		"norm at first":  {{Kind: LayerNorm}, {Kind: Conv1D, Width: 4, Kernel: 2, Dilation: 1, Activation: Tanh}, {Kind: LayerNorm}, {Kind: TCN, Width: 4, Kernel: 2, Dilation: 1, Activation: Tanh}, last},
		"dropout":        {{Kind: Dropout, Rate: 0.125}, {Kind: Dense, Width: 5, Activation: Tanh}, {Kind: Dropout, Rate: 0.5}, {Kind: Flatten}, {Kind: Dropout, Rate: 0.25}},
		"last, then all": {last, {Kind: Dense, Width: 4, Activation: Tanh}, {Kind: LayerNorm}, {Kind: Dropout, Rate: 0.5}, {Kind: TCN, Width: 3, Kernel: 4, Dilation: 1, Activation: Tanh, Rate: 0.25}},
	} {
		for _, batch := range []int{3, 15} { // positions in one chunk of order R2 and in several
			t.Run(name, func(t *testing.T) {
				c := small()
				c.Hidden, c.Layers, c.Steps, c.Inputs, c.Batch = nil, layers, 7, 14, batch
				checkGradient(t, c)
			})
		}
	}
}

// checkGradient compares loss and gradient of a training's first step with the twin's. The weights of layer norms and
// the biases, which begin as 1 and 0, are moved first.
func checkGradient(t *testing.T, c Config) {
	t.Helper()
	checkGradientOf(t, c, false)
}

func checkGradientOf(t *testing.T, c Config, soft bool) {
	t.Helper()
	key := rng.Key{11, 12}
	r := newTestRun(t, c, key, targets{surface{c.Batch, key, 0}, c.Loss, soft}, surface{5, key, 100})
	r.gather(0)
	weights := r.state.W
	for i := range weights {
		weights[i] += 0.1 * float32(i%7-3) / 3
	}
	o := r.objective
	o.training, o.draws.Step = true, 1
	got := o.mean(weights, c.Batch)

	twin := twin64{&c, &o.draws}
	w := make([]float64, len(weights))
	for i, v := range weights {
		w[i] = float64(v)
	}
	x, y := o.input(c.Batch), o.target
	if want := twin.loss(w, x, y, c.Batch); math.Abs(float64(got)-want) > 1e-5*want {
		t.Errorf("loss = %v, want %v", got, want)
	}
	const h = 1e-6
	largest := 0.0
	numeric := make([]float64, len(w))
	for i := range w {
		old := w[i]
		w[i] = old + h
		up := twin.loss(w, x, y, c.Batch)
		w[i] = old - h
		numeric[i] = (up - twin.loss(w, x, y, c.Batch)) / (2 * h)
		w[i] = old
		largest = math.Max(largest, math.Abs(numeric[i]))
	}
	for i, want := range numeric {
		if got := float64(o.gradient[i]); math.Abs(got-want) > 2e-5*largest {
			t.Errorf("gradient[%d] = %v, want %v (largest %v)", i, got, want, largest)
		}
	}
}

// targets gives a source targets that suit a loss: one-hot or 0 and 1 for the cross-entropies, or smooth ones that are
// weighted; else scaled so that the errors lie on both sides of the corner of the Huber loss.
type targets struct {
	Source
	loss Loss
	soft bool
}

func (s targets) Sample(i int, x, y []float32) {
	s.Source.Sample(i, x, y)
	for c := range y {
		switch s.loss {
		case SoftmaxCrossEntropy:
			y[c] = 0
		case BinaryCrossEntropy:
			y[c] = float32(i >> c & 1)
		default:
			y[c] *= 3
		}
	}
	if s.soft {
		for c := range y {
			y[c] = float32((i+c)%4) / 3
		}
	} else if s.loss == SoftmaxCrossEntropy {
		y[i%len(y)] = 1
	}
}
