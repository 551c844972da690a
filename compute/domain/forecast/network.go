package forecast

import (
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// isTCN reports which model a genome asks for.
func (c *Config) isTCN(g genome.Genome) bool { return c.Choice(g, geneModel) == TCN }

// kindOf returns the kind that a genome asks for, nil for the domain's own models.
func (c *Config) kindOf(g genome.Genome) kind.Kind { return c.KindNamed(c.Choice(g, geneModel)) }

// view returns how the network of a genome sees the series. The window of a TCN is no longer than what its output can
// depend on.
func (c *Config) view(g genome.Genome) view {
	window := int(g[geneWindow])
	switch {
	case c.isTCN(g):
		return view{window: min(window, reach(g)), sequence: true}
	case c.kindOf(g) != nil:
		return view{window: min(window, kind.MaxSteps), sequence: true}
	}
	return c.differenced(g, view{window: window})
}

// maxSeasonal bounds the horizon of a view with a season: each step is an input more.
const maxSeasonal = 64

// differenced gives a view the season that the genome asks for, where there is one and the first origin has enough before it; the
// window is cut to what it has.
func (c *Config) differenced(g genome.Genome, v view) view {
	if c.Period < 2 || c.Horizon > maxSeasonal || c.Choice(g, geneDifference) != Seasonal {
		return v
	}
	s := v
	s.season, s.steps = c.Period, c.Horizon
	if s.window = min(v.window, c.firstOrigin()-s.back(s.steps-1)); s.window < 1 {
		return v
	}
	return s
}

// reach is the number of steps that the last one of a TCN depends on. Each of the two convolutions of block b looks
// (kernel − 1)·2^b steps back.
func reach(g genome.Genome) int {
	return 1 + 2*(int(g[geneKernel])-1)*(1<<int(g[geneBlocks])-1)
}

// shape returns the training that a genome asks for, without its digest: of a kind that is not lowered, the sizes.
func (c *Config) shape(g genome.Genome) nn.Config {
	n := c.sizes(g)
	if k := c.kindOf(g); k != nil {
		if lowered, err := k.Lower(n, c.Values(g)); err == nil {
			return lowered
		}
	}
	return n
}

// sizes is shape before a kind is lowered.
func (c *Config) sizes(g genome.Genome) nn.Config {
	n := c.Training(g)
	v := c.view(g)
	columns := 0
	if c.Period != 1 { // one that is not known yet may come to have them
		columns = 2
	}
	beside := v.sees(len(c.Covariates), len(c.Known), c.Horizon)
	n.Inputs, n.Hidden, n.Outputs = v.window+columns+beside+v.steps, perceptron.Widths(g), c.Horizon
	if v.sequence {
		n.Inputs, n.Hidden, n.Steps = v.window*(1+columns)+beside, nil, v.window
		if n.Layers = nil; c.isTCN(g) {
			n.Layers = layers(g, n.Activation)
		}
	}
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

// shrink is problem.Shrink.
func (c *Config) shrink(g genome.Genome) bool {
	if k := c.kindOf(g); k != nil {
		return c.ShrinkKind(k, g, geneWindow)
	}
	if c.isTCN(g) {
		return supervised.Lower(c.Space, g, geneChannels, geneBlocks, geneKernel)
	}
	return perceptron.Shrink(c.Space, g) || supervised.Lower(c.Space, g, geneWindow)
}
