package nn

import "doin.network/node/compute/vec"

// Network is a trained model. It is immutable and safe for concurrent use.
type Network struct {
	plan    *plan
	kernels *vec.Kernels
	weights []float32
}

// Inputs returns the number of elements of a sample.
func (n *Network) Inputs() int { return n.plan.tensors[0].size() }

// Outputs returns the number of elements of a prediction.
func (n *Network) Outputs() int { return n.plan.tensors[n.plan.output].size() }

// Parameters returns the number of parameters.
func (n *Network) Parameters() int { return len(n.weights) }

// Weights returns a copy of the parameters, in the order that CONTRACT.md gives them.
func (n *Network) Weights() []float32 { return append([]float32(nil), n.weights...) }

// Predict writes the output for one sample. Shapes: x [Inputs], out [Outputs]; it panics if one is shorter. The bits
// are those of the same sample in any batch. It allocates its scratch; use a Predictor for many samples.
func (n *Network) Predict(x, out []float32) { n.Predictor().Predict(x, out) }

// Predictor returns a reusable evaluator of n for one goroutine.
func (n *Network) Predictor() *Predictor {
	return &Predictor{network: n, pass: newPass(n.plan, n.kernels, 1, 0)}
}

// Predictor evaluates a network sample by sample without allocating. It is not safe for concurrent use.
type Predictor struct {
	network *Network
	pass    *pass
}

// Predict is Network.Predict.
func (p *Predictor) Predict(x, out []float32) {
	out = out[:p.network.Outputs()]
	copy(out, p.pass.forwardFrom(x[:p.network.Inputs()], p.network.weights, 1))
}
