package recurrent

import (
	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// GRU is the model "gru": layers of gated recurrent units (Cho et al. 2014, as Chung et al. 2014 write it), of which layer l does at
// step t, ⊙ being the product element by element,
//
//	z = σ(x·Wz + h·Uz + bz)
//	r = σ(x·Wr + h·Ur + br)
//	c = tanh(x·Wc + (r ⊙ h)·Uc + bc)
//	h ← h + z ⊙ (c − h)
//
// with h = 0 before the first. The outputs are dense, of the last step of the last layer.
type GRU struct{}

var _ graph.Model = GRU{}

// Name implements graph.Model.
func (GRU) Name() string { return "gru" }

// Genes implements graph.Model: units 4–32, depth 1–2, dropout 0–0.3.
func (GRU) Genes() []genome.Gene { return genes() }

// Graph implements graph.Model.
func (GRU) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	return layers(b, v, func(in, units int) cell {
		z, r, c := newGate(b, in, units), newGate(b, in, units), newGate(b, in, units)
		return func(x, h *gorgonia.Node) *gorgonia.Node {
			if h == nil { // zeros: what is multiplied by them is left out
				return b.Times(z.of(x, nil, nn.Sigmoid), c.of(x, nil, nn.Tanh))
			}
			update, reset := z.of(x, h, nn.Sigmoid), r.of(x, h, nn.Sigmoid)
			candidate := c.of(x, b.Times(reset, h), nn.Tanh)
			return b.Sum(h, b.Times(update, b.Minus(candidate, h)))
		}
	})
}
