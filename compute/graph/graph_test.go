package graph

import (
	"errors"
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

// TestEngineAgreesWithGorgonia compares loss and gradients of the engine with the oracle's for every activation and
// loss, without and with hidden layers, over more than one chunk of samples.
func TestEngineAgreesWithGorgonia(t *testing.T) {
	for _, a := range []nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU} {
		for _, l := range []nn.Loss{nn.MSE, nn.MAE, nn.Huber} {
			for _, hidden := range [][]int{nil, {7}, {9, 6, 5}} {
				c := nn.DefaultConfig()
				c.Inputs, c.Hidden, c.Outputs = 6, hidden, 3
				c.Activation, c.Loss = a, l
				const rows = 70
				w := uniform(0, c.Parameters(), 0.7)
				x, y := uniform(1, rows*c.Inputs, 2), uniform(2, rows*c.Outputs, 3)
				loss, gradient, err := nn.Gradient(c, w, x, y)
				if err != nil {
					t.Fatal(err)
				}
				wantLoss, want, err := Gradient(c, w, x, y)
				if err != nil {
					t.Fatalf("%s, %s, %v: %v", a, l, hidden, err)
				}
				if math.Abs(float64(loss)-wantLoss) > 1e-5*wantLoss {
					t.Errorf("%s, %s, %v: loss %v, want %v", a, l, hidden, loss, wantLoss)
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
						t.Errorf("%s, %s, %v: gradient[%d] = %v, want %v", a, l, hidden, i, gradient[i], g)
					}
				}
			}
		}
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
