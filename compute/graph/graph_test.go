package graph

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// uniform returns n numbers in [−limit, limit).
func uniform(step uint32, n int, limit float32) []float32 {
	draws := rng.NewSeq(rng.Key{21, 22}, rng.Probe, step)
	x := make([]float32, n)
	for i := range x {
		x[i] = (2*draws.Uniform() - 1) * limit
	}
	return x
}

// compare compares loss and gradient of the engine with the oracle's, on samples drawn for the model.
func compare(t *testing.T, c nn.Config, rows int) {
	t.Helper()
	compareWith(t, c, c, rows)
}

// compareWith is compare for an engine's model c and an oracle's that says the same in another way.
func compareWith(t *testing.T, c, oracle nn.Config, rows int) {
	t.Helper()
	w := uniform(0, c.Parameters(), 0.7)
	x, y := uniform(1, rows*c.Inputs, 2), uniform(2, rows*c.Outputs, 3)
	for i, v := range y {
		switch c.Loss {
		case nn.SoftmaxCrossEntropy:
			if sample := i / c.Outputs; sample%2 == 1 { // weighted and smooth
				y[i] = float32(math.Abs(float64(v)))
			} else if y[i] = 0; i%c.Outputs == sample%c.Outputs {
				y[i] = 1
			}
		case nn.BinaryCrossEntropy:
			y[i] = 0
			if v > 0 {
				y[i] = 1
			}
		}
	}
	loss, gradient, err := nn.Gradient(c, w, x, y)
	if err != nil {
		t.Fatal(err)
	}
	wantLoss, want, err := Gradient(oracle, w, x, y)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(loss)-wantLoss) > 1e-5*wantLoss {
		t.Errorf("loss %v, want %v", loss, wantLoss)
	}
	if len(gradient) != len(want) {
		t.Fatalf("%d gradients, want %d", len(gradient), len(want))
	}
	largest := 0.0
	for _, g := range want {
		largest = math.Max(largest, math.Abs(g))
	}
	for i, g := range want {
		if math.Abs(float64(gradient[i])-g) > 1e-5*largest+1e-4*math.Abs(g) {
			t.Errorf("gradient[%d] = %v, want %v", i, gradient[i], g)
		}
	}
}

// TestEngineAgreesWithGorgonia covers every activation and loss, without and with hidden layers, over more than one chunk
// of samples.
func TestEngineAgreesWithGorgonia(t *testing.T) {
	for _, a := range []nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.None} {
		for _, l := range []nn.Loss{nn.MSE, nn.MAE, nn.Huber, nn.SoftmaxCrossEntropy, nn.BinaryCrossEntropy} {
			for _, hidden := range [][]int{nil, {7}, {9, 6, 5}} {
				t.Run(fmt.Sprint(a, l, hidden), func(t *testing.T) {
					c := nn.DefaultConfig()
					c.Inputs, c.Hidden, c.Outputs = 6, hidden, 3
					c.Activation, c.Loss = a, l
					compare(t, c, 70)
				})
			}
		}
	}
}

// TestLayersAgreeWithGorgonia covers the other layers, over more than one chunk of positions.
func TestLayersAgreeWithGorgonia(t *testing.T) {
	last := nn.Layer{Kind: nn.LastStep}
	for name, layers := range map[string][]nn.Layer{
		"dense":      {{Kind: nn.Dense, Width: 4, Activation: nn.Tanh}, {Kind: nn.Flatten}},
		"conv1d":     {{Kind: nn.Conv1D, Width: 4, Kernel: 3, Dilation: 2, Activation: nn.Tanh}, last},
		"two conv1d": {{Kind: nn.Conv1D, Width: 3, Kernel: 2, Dilation: 1, Activation: nn.SiLU}, {Kind: nn.Conv1D, Width: 5, Kernel: 4, Dilation: 3, Activation: nn.GELU}, {Kind: nn.Flatten}},
		"tcn":        {{Kind: nn.TCN, Width: 4, Kernel: 3, Dilation: 1, Activation: nn.Tanh}, {Kind: nn.TCN, Width: 4, Kernel: 3, Dilation: 2, Activation: nn.ReLU}, last},
		"layer norm": {{Kind: nn.LayerNorm}, {Kind: nn.Dense, Width: 5, Activation: nn.Tanh}, {Kind: nn.LayerNorm}, last},
	} {
		t.Run(name, func(t *testing.T) {
			c := nn.DefaultConfig()
			c.Steps, c.Inputs, c.Outputs, c.Layers, c.Activation = 8, 24, 2, layers, ""
			compare(t, c, 11)
		})
	}
}

func TestGradientRefusesShapes(t *testing.T) {
	c := nn.DefaultConfig()
	c.Inputs, c.Outputs = 2, 1
	if _, _, err := Gradient(c, make([]float32, 3), make([]float32, 5), make([]float32, 2)); !errors.Is(err, ErrShape) {
		t.Errorf("Gradient = %v, want ErrShape", err)
	}
	if _, _, err := Gradient(nn.Config{}, nil, nil, nil); !errors.Is(err, nn.ErrConfig) {
		t.Errorf("Gradient = %v, want nn.ErrConfig", err)
	}
}
