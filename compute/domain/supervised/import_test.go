package supervised

import (
	"fmt"
	"math"
	"testing"

	"doin.network/node/compute/graph"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/onnx"
	"doin.network/node/compute/rng"
)

// noise is samples of numbers around 0.
type noise struct{ n int }

func (s noise) Len() int { return s.n }

func (s noise) Sample(i int, x, y []float32) {
	draws := rng.NewSeq(rng.Key{5, 6}, rng.Probe, uint32(i))
	for j := range x {
		x[j] = 2*draws.Uniform() - 1
	}
	for j := range y {
		y[j] = x[j%len(x)] * x[0]
	}
}

// TestImported: a network that is written as ONNX and imported again is the same layers with the same weights, and its outputs, which are
// computed of those, are the same.
func TestImported(t *testing.T) {
	base := nn.DefaultConfig()
	base.Inputs, base.Outputs, base.MaxSteps, base.Batch, base.EvalEvery, base.WarmupSteps = 12, 2, 30, 8, 10, 5
	configs := map[string]nn.Config{}
	for _, a := range []nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.SiLU, nn.GELU} {
		c := base
		c.Hidden, c.Activation = []int{7, 3}, a
		configs[fmt.Sprint("mlp ", a)] = c
		c = base
		c.Activation, c.Steps = "", 6
		c.Layers = []nn.Layer{{Kind: nn.TCN, Width: 3, Kernel: 2, Dilation: 1, Activation: a}, {Kind: nn.TCN, Width: 3, Kernel: 3, Dilation: 2, Activation: a},
			{Kind: nn.Conv1D, Width: 4, Kernel: 2, Dilation: 3, Activation: a}, {Kind: nn.LastStep}}
		configs[fmt.Sprint("tcn ", a)] = c
		c.Layers = []nn.Layer{{Kind: nn.Conv1D, Width: 2, Kernel: 3, Dilation: 1, Activation: a}, {Kind: nn.Flatten}, {Kind: nn.Dense, Width: 5, Activation: a}}
		configs[fmt.Sprint("flat ", a)] = c
	}
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			r, err := nn.Train(t.Context(), c, rng.Key{1, 2}, noise{60}, noise{40})
			if err != nil {
				t.Fatal(err)
			}
			g := onnx.New("network")
			x := g.Input("x", onnx.Float, []int{-1, c.Inputs}, "")
			out, _, err := Network(g, &network{net: r.Network}, x)
			if err != nil {
				t.Fatal(err)
			}
			g.Output("y", out, onnx.Float, []int{-1, c.Outputs}, "")
			m, err := graph.Import(g.Model("test", "1", ""), c.Loss)
			if err != nil {
				t.Fatal(err)
			}
			got, weights, err := m.Lowered(c)
			if err != nil {
				t.Fatal(err)
			}
			want := r.Network.Weights()
			if len(weights) != len(want) || got.Parameters() != c.Parameters() || got.Steps != c.Steps || len(got.Layers) != len(c.Layers) {
				t.Fatalf("imported as %+v with %d weights, want %+v with %d", got, len(weights), c, len(want))
			}
			for i := range want {
				if math.Float32bits(weights[i]) != math.Float32bits(want[i]) {
					t.Fatalf("weight %d is %v, want %v", i, weights[i], want[i])
				}
			}
			xs, ys, outputs := make([]float32, c.Inputs), make([]float32, c.Outputs), make([]float32, c.Outputs)
			for i := range 5 {
				noise{}.Sample(900+i, xs, ys)
				r.Network.Predict(xs, outputs)
				run, err := m.Run(xs)
				if err != nil {
					t.Fatal(err)
				}
				for j, v := range run {
					if was := float64(outputs[j]); math.Abs(v-was) > 1e-6*max(1, math.Abs(was)) {
						t.Errorf("output %d of sample %d is %v, want %v", j, i, v, was)
					}
				}
			}
		})
	}
}
