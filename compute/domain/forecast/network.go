package forecast

import (
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
)

// The settings of AdamW that are not searched.
const (
	beta1       = 0.9
	beta2       = 0.999
	epsilon     = 1e-8
	warmupSteps = 20
)

// isTCN reports which model a genome asks for.
func (c *Config) isTCN(g genome.Genome) bool {
	return c.Space[geneModel].Choices[int(g[geneModel])] == TCN
}

// view returns how the network of a genome sees the series. The window of a TCN is no longer than what its output can
// depend on.
func (c *Config) view(g genome.Genome) view {
	window := int(g[geneWindow])
	if !c.isTCN(g) {
		return view{window: window}
	}
	return view{window: min(window, reach(g)), sequence: true}
}

// reach is the number of steps that the last one of a TCN depends on. Each of the two convolutions of block b looks
// (kernel − 1)·2^b steps back.
func reach(g genome.Genome) int {
	return 1 + 2*(int(g[geneKernel])-1)*(1<<int(g[geneBlocks])-1)
}

// shape returns the training that a genome asks for, without its digest.
func (c *Config) shape(g genome.Genome) nn.Config {
	n := nn.DefaultConfig()
	v := c.view(g)
	columns := 0
	if c.Period > 1 {
		columns = 2
	}
	n.Activation = nn.Activation(c.Space[geneActivation].Choices[int(g[geneActivation])])
	if v.sequence {
		n.Inputs, n.Steps = v.window*(1+columns), v.window
		n.Layers = layers(g, n.Activation)
	} else {
		n.Inputs = v.window + columns
		for k := range int(g[geneLayers]) {
			n.Hidden = append(n.Hidden, int(g[geneWidth1+k]))
		}
	}
	n.Outputs = c.Horizon
	n.Loss = nn.Loss(c.Space[geneLoss].Choices[int(g[geneLoss])])
	n.Batch = int(g[geneBatch])
	n.MaxSteps = c.MaxSteps
	n.LearningRate, n.WeightDecay = float32(g[geneLearningRate]), float32(g[geneWeightDecay])
	n.Beta1, n.Beta2, n.Epsilon = beta1, beta2, epsilon
	n.WarmupSteps, n.Schedule = min(warmupSteps, c.MaxSteps-1), nn.Cosine
	n.EvalEvery, n.Patience, n.MinDelta = c.EvalEvery, c.Patience, 0
	n.Segment = 0
	return n
}

// layers returns the layers of a TCN: block b has the dilation 2^b, and its last step goes on to the output layer.
func layers(g genome.Genome, a nn.Activation) []nn.Layer {
	var list []nn.Layer
	for b := range int(g[geneBlocks]) {
		list = append(list, nn.Layer{
			Kind: nn.TCN, Width: int(g[geneChannels]), Kernel: int(g[geneKernel]), Dilation: 1 << b,
			Activation: a, Rate: float32(g[geneDropout]),
		})
	}
	return append(list, nn.Layer{Kind: nn.LastStep})
}

// parameters is the number of weights and biases that a genome asks for.
func (c *Config) parameters(g genome.Genome) int {
	n := c.shape(g)
	return n.Parameters()
}

// repair is Domain.Repair without the check of g.
func (c *Config) repair(g genome.Genome) genome.Genome {
	if c.parameters(g) <= c.MaxParameters {
		return g
	}
	g = g.Clone()
	for c.parameters(g) > c.MaxParameters {
		g[c.largest(g)]--
	}
	return g
}

// largest returns the gene that repair lowers next. There is one while the network is not the smallest of its model.
func (c *Config) largest(g genome.Genome) int {
	above := func(i int) bool { return g[i] > c.Space[i].Low }
	if c.isTCN(g) {
		for _, i := range []int{geneChannels, geneBlocks} {
			if above(i) {
				return i
			}
		}
		return geneKernel
	}
	widest := -1
	for i := geneWidth1; i < geneWidth1+int(g[geneLayers]); i++ {
		if above(i) && (widest < 0 || g[i] >= g[widest]) {
			widest = i
		}
	}
	switch {
	case widest >= 0:
		return widest
	case above(geneLayers):
		return geneLayers
	}
	return geneWindow
}
