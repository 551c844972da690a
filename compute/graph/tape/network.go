package tape

import (
	"fmt"
	"sync"

	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// Network is a trained graph. It is immutable and safe for concurrent use: every call of Predict has a machine of its own. Idle ones are
// kept until the next garbage collection.
type Network struct {
	model   graph.Model
	config  nn.Config
	values  kind.Values
	weights [][]float64
	one     sync.Pool // idle machines for one sample
	many    sync.Pool // and for validationRows
}

var _ kind.Network = (*Network)(nil)

// Predict implements kind.Network. It panics if the graph, which has been trained, cannot be run.
func (n *Network) Predict(x, out []float32) {
	inputs, outputs := n.config.Inputs, n.config.Outputs
	rows := len(out) / outputs
	if rows == 0 {
		return
	}
	size, pool := 1, &n.one
	if rows > 1 {
		size, pool = validationRows, &n.many
	}
	m, ok := pool.Get().(*machine)
	if !ok {
		m = n.machine(size)
	}
	defer pool.Put(m)
	for first := 0; first < rows; first += m.rows {
		some := min(m.rows, rows-first)
		for r := range some {
			m.sample(r, x[(first+r)*inputs:][:inputs])
		}
		if err := m.run(); err != nil {
			panic(err)
		}
		for i, v := range m.outputs()[:some*outputs] {
			out[first*outputs+i] = float32(v)
		}
	}
}

// machine returns a machine with the weights.
func (n *Network) machine(rows int) *machine {
	m, err := newMachine(n.model, &n.config, n.values, rows, false)
	if err != nil {
		panic(err)
	}
	copyTo(m.parameters, n.weights)
	return m
}

// Tensors implements kind.Network: learnable_0 and so on, in the order of the graph.
func (n *Network) Tensors() []kind.Tensor {
	e, err := graph.Express(n.model, shape(&n.config, 1), n.values)
	if err != nil {
		panic(err)
	}
	out := make([]kind.Tensor, len(n.weights))
	for i, w := range n.weights {
		out[i] = kind.Tensor{Name: fmt.Sprintf("learnable_%d", i), Shape: e.Parameters[i].Shape(), Values: w}
	}
	return out
}
