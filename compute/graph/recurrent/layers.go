package recurrent

import (
	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// genes are those of both kinds of recurrent layers.
func genes() []genome.Gene {
	return []genome.Gene{
		{Name: "units", Kind: genome.Int, Low: 4, High: 32},
		{Name: "depth", Kind: genome.Int, Low: 1, High: 2},
		dropout(),
	}
}

func dropout() genome.Gene {
	return genome.Gene{Name: "dropout", Kind: genome.Real, Low: 0, High: float64(float32(0.3))}
}

// cell is one step of a layer: from the inputs x and the state h before, nil for the first, to the next state.
type cell func(x, h *gorgonia.Node) *gorgonia.Node

// layers stacks layers over the steps, and a dense output layer. Between two layers, and before the outputs, units are dropped, the same
// at every step (Gal and Ghahramani 2016).
func layers(b *graph.Builder, v kind.Values, layer func(in, units int) cell) *gorgonia.Node {
	x := make([]*gorgonia.Node, b.Steps)
	for t := range x {
		x[t] = b.At(t)
	}
	in, units := b.Channels, v.Int("units")
	for above := v.Int("depth") - 1; above >= 0; above-- {
		next := layer(in, units)
		var h *gorgonia.Node
		for t := range x {
			h = next(x[t], h)
			x[t] = h
		}
		in = units
		if above == 0 { // only the last step goes on
			x = x[len(x)-1:]
		}
		x = b.Dropout(v.Real("dropout"), x...)
	}
	return b.Dense(x[0], b.Outputs, nn.None)
}

// gate is what a gate's three learnables make of inputs and state.
type gate struct {
	b    *graph.Builder
	w, u *gorgonia.Node
	bias *gorgonia.Node // for each row
}

func newGate(b *graph.Builder, in, units int) *gate {
	return &gate{b: b, w: b.Learnable(in, units, in+units), u: b.Learnable(units, units, 2*units), bias: b.Bias(units)}
}

// of is activation(x·W + h·U + bias); h may be nil.
func (g *gate) of(x, h *gorgonia.Node, a nn.Activation) *gorgonia.Node {
	sum := g.b.Sum(g.b.Product(x, g.w), g.bias)
	if h != nil {
		sum = g.b.Sum(sum, g.b.Product(h, g.u))
	}
	return g.b.Activate(a, sum)
}
