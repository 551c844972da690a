package nn

import (
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// layer is the place of one dense layer in the flat parameters: W as [in][out] row-major, then the bias [out].
type layer struct{ in, out, offset int }

func (l layer) size() int { return (l.in + 1) * l.out }

// of returns the layer's weights and bias within p, a slice laid out like the parameters.
func (l layer) of(p []float32) (w, bias []float32) {
	w = p[l.offset:][:l.in*l.out]
	return w, p[l.offset+len(w):][:l.out]
}

// layersOf lists the layers of a model, hidden ones first.
func layersOf(c *Config) []layer {
	var layers []layer
	in, offset := c.Inputs, 0
	for i := range len(c.Hidden) + 1 {
		out := c.Outputs
		if i < len(c.Hidden) {
			out = c.Hidden[i]
		}
		l := layer{in: in, out: out, offset: offset}
		layers = append(layers, l)
		in, offset = out, offset+l.size()
	}
	return layers
}

// initialize fills w with the initial weights: element e of layer l is
//
//	fma(2, uniform(InitWeights, l, e), −1) · √(a / n)
//
// where a = 6 and n = in for the hidden layers of relu, gelu and silu (He), n = in + out for those of tanh and sigmoid
// and for the output layer (Glorot). Biases are +0.
func initialize(w []float32, layers []layer, activation Activation, key rng.Key) {
	clear(w)
	for i, l := range layers {
		fan := l.in + l.out
		if i < len(layers)-1 && !activations[activation].saturates {
			fan = l.in
		}
		limit := vec.Sqrt(6 / float32(fan))
		draws := rng.New(key, rng.InitWeights, uint32(i))
		weights, _ := l.of(w)
		for e := range weights {
			weights[e] = vec.FMA32(2, draws.Uniform(uint32(e)), -1) * limit
		}
	}
}

// Network is a trained model. It is immutable and safe for concurrent use.
type Network struct {
	activation Activation
	layers     []layer
	weights    []float32
}

// Inputs returns the number of elements of a sample.
func (n *Network) Inputs() int { return n.layers[0].in }

// Outputs returns the number of elements of a prediction.
func (n *Network) Outputs() int { return n.layers[len(n.layers)-1].out }

// Parameters returns the number of weights and biases.
func (n *Network) Parameters() int { return len(n.weights) }

// Weights returns a copy of the parameters: layers ascending, W as [in][out] row-major, then the bias.
func (n *Network) Weights() []float32 { return append([]float32(nil), n.weights...) }

// Predict writes the output for one sample. Shapes: x [Inputs], out [Outputs]; it panics if one is shorter. The bits
// are those of the same sample in any batch. It allocates its scratch; use a Predictor for many samples.
func (n *Network) Predict(x, out []float32) { n.Predictor().Predict(x, out) }

// Predictor returns a reusable evaluator of n for one goroutine.
func (n *Network) Predictor() *Predictor {
	return &Predictor{network: n, pass: newPass(n.layers, n.activation, 1)}
}

// Predictor evaluates a network sample by sample without allocating. It is not safe for concurrent use.
type Predictor struct {
	network *Network
	pass    *pass
}

// Predict is Network.Predict.
func (p *Predictor) Predict(x, out []float32) {
	copy(p.pass.value[0], x[:p.network.Inputs()])
	copy(out[:p.network.Outputs()], p.pass.forward(p.network.weights, 1))
}
