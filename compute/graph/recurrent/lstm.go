package recurrent

import (
	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// LSTM is the model "lstm": layers of long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
// 2000), of which layer l does at step t
//
//	i = σ(x·Wi + h·Ui + bi)    f = σ(x·Wf + h·Uf + bf + 1)    o = σ(x·Wo + h·Uo + bo)
//	s ← f ⊙ s + i ⊙ tanh(x·Ws + h·Us + bs)
//	h ← o ⊙ tanh(s)
//
// with h = s = 0 before the first. The 1 is what Jozefowicz et al. 2015 begin the forget gate's bias with. The outputs are dense, of the
// last step of the last layer.
type LSTM struct{}

var _ graph.Model = LSTM{}

// Name implements graph.Model.
func (LSTM) Name() string { return "lstm" }

// Genes implements graph.Model: units 4–32, depth 1–2, dropout 0–0.3.
func (LSTM) Genes() []genome.Gene { return genes() }

// Graph implements graph.Model.
func (LSTM) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	return layers(b, v, func(in, units int) cell {
		i, f, o, s := newGate(b, in, units), newGate(b, in, units), newGate(b, in, units), newGate(b, in, units)
		f.bias = b.Plus(f.bias, 1)
		var state *gorgonia.Node
		return func(x, h *gorgonia.Node) *gorgonia.Node {
			added := b.Times(i.of(x, h, nn.Sigmoid), s.of(x, h, nn.Tanh))
			if h == nil {
				state = added
			} else {
				state = b.Sum(b.Times(f.of(x, h, nn.Sigmoid), state), added)
			}
			return b.Times(o.of(x, h, nn.Sigmoid), b.Activate(nn.Tanh, state))
		}
	})
}
