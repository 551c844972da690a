package engine

import (
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// workload is one kind of training.
type workload struct {
	name string
	// models returns the configurations that a measurement cycles through.
	models []nn.Config
	// torch describes the same model to PyTorch; nil where it has no counterpart there.
	torch *torchModel
}

// Names of the workloads.
const (
	S2     = "S2"
	Small  = "small"
	Wide   = "wide"
	TCN    = "tcn"
	Mixed  = "mixed"
	stepsN = 1000 // optimizer steps of one model
)

// workloads are the kinds of training that are measured.
//
//	S2     MLP 32-64-64-1, batch 64: the headline
//	small  MLP 16-32-1, batch 32
//	wide   MLP 32-128-128-1, batch 64
//	tcn    3 residual blocks of 32 channels, kernel 3, dilations 1, 2, 4, window 64, batch 16
//	mixed  the population a genetic search makes: sizes, activations and batches differ, runs stop early
func workloads() []workload {
	base := nn.DefaultConfig()
	base.MaxSteps, base.EvalEvery, base.Patience, base.Segment = stepsN, 0, 0, 0
	mlp := func(batch int, widths ...int) nn.Config {
		c := base
		c.Inputs, c.Outputs, c.Batch = widths[0], widths[len(widths)-1], batch
		c.Hidden = widths[1 : len(widths)-1]
		return c
	}
	tcn := base
	tcn.Inputs, tcn.Steps, tcn.Outputs, tcn.Batch, tcn.MaxSteps = 64, 64, 1, 16, 100
	for _, d := range []int{1, 2, 4} {
		tcn.Layers = append(tcn.Layers, nn.Layer{Kind: nn.TCN, Width: 32, Kernel: 3, Dilation: d, Activation: nn.ReLU})
	}
	tcn.Layers = append(tcn.Layers, nn.Layer{Kind: nn.LastStep})

	var mixed []nn.Config
	s := rng.NewSeq(rng.Key{1, 2}, rng.Minibatch, 0)
	for range 24 {
		c := mlp([]int{16, 32, 64}[s.Intn(3)], 12+s.Intn(24), 4+s.Intn(60), 1)
		if s.Intn(2) == 1 {
			c.Hidden = append(c.Hidden, 4+s.Intn(60))
		}
		c.Activation = []nn.Activation{nn.ReLU, nn.Tanh, nn.GELU, nn.SiLU}[s.Intn(4)]
		c.LearningRate = 0x1p-9
		c.EvalEvery, c.Patience = 20, 3
		mixed = append(mixed, c)
	}
	return []workload{
		{S2, []nn.Config{mlp(64, 32, 64, 64, 1)}, &torchModel{64, "32,64,64,1"}},
		{Small, []nn.Config{mlp(32, 16, 32, 1)}, &torchModel{32, "16,32,1"}},
		{Wide, []nn.Config{mlp(64, 32, 128, 128, 1)}, &torchModel{64, "32,128,128,1"}},
		{TCN, []nn.Config{tcn}, nil},
		{Mixed, mixed, nil},
	}
}

// flop returns the multiply-adds of one training step, two operations each: forward, weight gradients, and input gradients of
// every layer but the first. Activations, loss and optimizer are not counted, as usual.
func flop(c *nn.Config) float64 {
	if len(c.Layers) > 0 {
		// Every conv of a block sees all steps; taps before the first step are absent and not counted.
		var sum float64
		in, first := c.Inputs/c.Steps, true
		conv := func(from, to, kernel, dilation int) {
			var terms int
			for t := range c.Steps {
				terms += min(kernel, t/dilation+1)
			}
			passes := 3.0
			if first {
				passes = 2
			}
			sum += 2 * passes * float64(c.Batch) * float64(terms) * float64(from) * float64(to)
		}
		for _, l := range c.Layers {
			if l.Kind != nn.TCN {
				continue
			}
			conv(in, l.Width, l.Kernel, l.Dilation)
			if in != l.Width {
				conv(in, l.Width, 1, 1)
			}
			first = false
			conv(l.Width, l.Width, l.Kernel, l.Dilation)
			in = l.Width
		}
		return sum + 2*3*float64(c.Batch)*float64(in)*float64(c.Outputs)
	}
	var sum float64
	in := c.Inputs
	for i, out := range append(append([]int(nil), c.Hidden...), c.Outputs) {
		passes := 3.0
		if i == 0 {
			passes = 2
		}
		sum += 2 * passes * float64(c.Batch) * float64(in) * float64(out)
		in = out
	}
	return sum
}

// source is a made-up regression: y = mean of the inputs, x uniform.
type source struct {
	n, inputs int
	x         []float32
}

func newSource(n, inputs int) *source {
	s := &source{n: n, inputs: inputs, x: make([]float32, n*inputs)}
	r := rng.NewSeq(rng.Key{3, 4}, rng.Minibatch, 1)
	for i := range s.x {
		s.x[i] = 2*r.Uniform() - 1
	}
	return s
}

// Len implements nn.Source.
func (s *source) Len() int { return s.n }

// Sample implements nn.Source.
func (s *source) Sample(i int, x, y []float32) {
	row := s.x[i*s.inputs : (i+1)*s.inputs]
	copy(x, row)
	var sum float32
	for _, v := range row {
		sum += v
	}
	y[0] = sum / float32(s.inputs)
}
