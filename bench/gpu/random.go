package gpu

import (
	"context"
	"encoding/hex"
	"fmt"

	"doin.network/node/bench/workload"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// Random draws tasks larger than the committed ones and has the processor's engine make their roots: another seed, other
// tasks. Most of the time it takes is the processor's.
func Random(ctx context.Context, seed uint64, count int) (*Committed, error) {
	s := rng.NewSeq(rng.Key{uint32(seed), uint32(seed >> 32)}, rng.Sample, 0)
	c := new(Committed)
	for i := range count {
		config := randomModel(s, i%4 == 3)
		if err := config.Validate(); err != nil {
			return nil, fmt.Errorf("random task %d: %w", i, err)
		}
		train, validation := workload.Sources(config.Inputs)
		c.Names = append(c.Names, fmt.Sprintf("random-%d-%d", seed, i))
		c.Tasks = append(c.Tasks, nn.Task{Config: config, Key: rng.Key{uint32(seed), uint32(i)}, Train: train, Validation: validation})
	}
	e, err := nn.NewEngine(nn.EngineConfig{})
	if err != nil {
		return nil, err
	}
	results, err := e.Train(ctx, c.Tasks, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		d := r.Digest()
		c.Roots = append(c.Roots, hex.EncodeToString(d[:]))
	}
	return c, nil
}

// randomModel draws a configuration: of a perceptron, or of a model of sequences.
func randomModel(s *rng.Seq, sequence bool) nn.Config {
	c := nn.DefaultConfig()
	pick := func(list ...int) int { return list[s.Intn(len(list))] }
	activation := func() nn.Activation {
		return []nn.Activation{nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.None}[s.Intn(6)]
	}
	c.Outputs, c.Activation = 1, activation()
	c.Loss = []nn.Loss{nn.MSE, nn.MAE, nn.Huber}[s.Intn(3)]
	c.Batch = 1 + s.Intn(160)
	c.MaxSteps, c.Segment = 40+s.Intn(120), pick(0, 17, 50)
	c.EvalEvery, c.Patience = pick(0, 7, 20), pick(0, 2, 5)
	if c.EvalEvery == 0 {
		c.Patience = 0
	}
	c.LearningRate = []float32{0x1p-10, 0x1p-8, 0x1p-6}[s.Intn(3)]
	c.Schedule = []nn.Schedule{nn.Constant, nn.Cosine}[s.Intn(2)]
	c.WarmupSteps = pick(0, 10)
	c.WeightDecay, c.ClipNorm = []float32{0, 0x1p-6}[s.Intn(2)], []float32{0, 0.5}[s.Intn(2)]
	if s.Intn(3) == 0 {
		c.Optimizer, c.Momentum = nn.SGD, 0.875
		c.Beta1, c.Beta2, c.Epsilon = 0, 0, 0
	}
	if !sequence {
		c.Inputs = 1 + s.Intn(128)
		for range 1 + s.Intn(4) {
			c.Hidden = append(c.Hidden, 1+s.Intn(200))
		}
		return c
	}
	c.Steps, c.Batch, c.MaxSteps = 8+s.Intn(40), 1+s.Intn(24), 20+s.Intn(20)
	c.Inputs = c.Steps * (1 + s.Intn(3))
	c.WarmupSteps = min(c.WarmupSteps, c.MaxSteps-1)
	for i := range 1 + s.Intn(3) {
		c.Layers = append(c.Layers, nn.Layer{
			Kind: nn.TCN, Width: 4 + s.Intn(44), Kernel: 1 + s.Intn(4), Dilation: 1 << i, Activation: activation(),
			Rate: []float32{0, 0.125}[s.Intn(2)],
		})
		if s.Intn(2) == 0 {
			c.Layers = append(c.Layers, nn.Layer{Kind: nn.LayerNorm})
		}
	}
	c.Layers, c.Activation = append(c.Layers, nn.Layer{Kind: nn.LastStep}), ""
	return c
}
