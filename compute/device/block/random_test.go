package block

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
	"doin.network/node/kernels/host"
)

// samples are drawn numbers; their targets are a smooth function of them.
type samples struct {
	key        rng.Key
	n, from    int
	loss       nn.Loss
	poisonedAt int // a sample with a NaN, −1 for none
}

func (s samples) Len() int { return s.n }

func (s samples) Sample(i int, x, y []float32) {
	draws := rng.New(s.key, rng.Probe, uint32(s.from+i))
	for k := range x {
		x[k] = vec.FMA32(2, draws.Uniform(uint32(k)), -1)
	}
	largest := 0
	for c := range y {
		y[c] = vec.FMA32(x[c%len(x)], x[(c+1)%len(x)], x[0])
		if s.loss == nn.BinaryCrossEntropy {
			if y[c] > 0 {
				y[c] = 1
			} else {
				y[c] = 0
			}
		}
		if y[c] > y[largest] {
			largest = c
		}
	}
	if s.loss == nn.SoftmaxCrossEntropy {
		clear(y)
		y[largest] = 1
	}
	if i == s.poisonedAt {
		x[0] = float32(nan())
	}
}

func nan() float32 { var z float32; return z / z }

// draw returns a random task of bounded size.
func draw(r *rand.Rand) nn.Task {
	pick := func(list ...int) int { return list[r.IntN(len(list))] }
	c := nn.DefaultConfig()
	activation := func() nn.Activation {
		return []nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.None}[r.IntN(6)]
	}
	c.Loss = []nn.Loss{nn.MSE, nn.MAE, nn.Huber, nn.SoftmaxCrossEntropy, nn.BinaryCrossEntropy}[r.IntN(5)]
	c.Outputs = pick(1, 1, 2, 3, 5, 9)
	width := func() int { return 1 + r.IntN(pick(4, 20, 70)) }
	if r.IntN(2) == 0 {
		c.Inputs, c.Activation, c.Hidden = width(), activation(), nil
		for range r.IntN(4) {
			c.Hidden = append(c.Hidden, width())
		}
	} else {
		c.Activation, c.Hidden = "", nil
		steps, channels := 1+r.IntN(12), 1+r.IntN(6)
		c.Steps, c.Inputs = steps, steps*channels
		for range r.IntN(4) {
			rate := float32(r.IntN(3)) * 0.125
			switch r.IntN(5) {
			case 0:
				c.Layers = append(c.Layers, nn.Layer{Kind: nn.Dense, Width: 1 + r.IntN(20), Activation: activation()})
			case 1:
				c.Layers = append(c.Layers, nn.Layer{Kind: nn.Conv1D, Width: 1 + r.IntN(20), Kernel: 1 + r.IntN(4), Dilation: 1 + r.IntN(3), Activation: activation()})
			case 2:
				c.Layers = append(c.Layers, nn.Layer{Kind: nn.TCN, Width: 1 + r.IntN(12), Kernel: 1 + r.IntN(4), Dilation: 1 + r.IntN(3), Activation: activation(), Rate: rate})
			case 3:
				c.Layers = append(c.Layers, nn.Layer{Kind: nn.LayerNorm})
			case 4:
				c.Layers = append(c.Layers, nn.Layer{Kind: nn.Dropout, Rate: rate})
			}
		}
		c.Layers = append(c.Layers, nn.Layer{Kind: []nn.Kind{nn.Flatten, nn.LastStep}[r.IntN(2)]})
		if r.IntN(2) == 0 {
			c.Layers = append(c.Layers, nn.Layer{Kind: nn.Dense, Width: width(), Activation: activation()})
		}
	}
	c.Batch = pick(1, 3, 16, 31, 64, 65, 130)
	c.MaxSteps = 1 + r.IntN(20)
	c.EvalEvery, c.Patience = pick(0, 1, 2, 5), pick(0, 0, 1, 2)
	c.MinDelta = float32(pick(0, 0, 1)) * 0x1p-8
	c.ClipNorm = float32(pick(0, 0, 1)) * 0.25
	c.WarmupSteps = r.IntN(c.MaxSteps)
	c.Schedule = []nn.Schedule{nn.Constant, nn.Cosine}[r.IntN(2)]
	c.LearningRate, c.WeightDecay = 0x1p-7*float32(1+r.IntN(20)), float32(pick(0, 1))*0x1p-7
	c.Segment = pick(0, 1, 3, 7, 100)
	if r.IntN(3) == 0 {
		c.Optimizer, c.Momentum, c.Beta1, c.Beta2, c.Epsilon = nn.SGD, 0.875*float32(pick(0, 1)), 0, 0, 0
	}
	key := rng.Key{r.Uint32(), r.Uint32()}
	n := 1 + r.IntN(150)
	poisoned := -1
	if r.IntN(12) == 0 {
		poisoned = r.IntN(n)
	}
	return nn.Task{
		Config: c, Key: key,
		Train:      samples{key, n, 0, c.Loss, poisoned},
		Validation: samples{key, 1 + r.IntN(90), n, c.Loss, -1},
	}
}

// same compares the result of a device with that of the reference engine.
func same(t *testing.T, name string, task *nn.Task, got *nn.Result) {
	t.Helper()
	want, err := nn.Train(t.Context(), task.Config, task.Key, task.Train, task.Validation)
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest() != want.Digest() || !slices.Equal(got.Leaves, want.Leaves) || got.BestStep != want.BestStep {
		t.Errorf("%s: %v at %d, best %d, loss %v; want %v at %d, best %d, loss %v\n%+v", name, got.Status, got.StopStep, got.BestStep,
			got.ValidationLoss, want.Status, want.StopStep, want.BestStep, want.ValidationLoss, task.Config)
	}
}

func TestRandom(t *testing.T) {
	n := 250
	if testing.Short() {
		n = 60
	}
	r := rand.New(rand.NewPCG(1, 2))
	tasks := make([]nn.Task, n)
	for i := range tasks {
		tasks[i] = draw(r)
		if err := tasks[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
	d := start(t, fast, host.Config{})
	for i, o := range []Options{{StepsPerLaunch: 6}, {Variant: Wide}, {Variant: Streamed, StepsPerLaunch: 5}} {
		if err := d.Reorder(host.Shuffled, uint64(i)); err != nil {
			t.Fatal(err)
		}
		results, err := engine(t, d, o).TrainAll(context.Background(), tasks, nil)
		if err != nil {
			t.Fatal(err)
		}
		for j, got := range results {
			same(t, fmt.Sprintf("%v: task %d", o, j), &tasks[j], got)
		}
	}
}
