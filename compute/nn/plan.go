package nn

import (
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// plan is a model compiled to a list of operations between buffers: what a pass executes. It depends on the model only,
// not on the number of samples, and is immutable.
type plan struct {
	ops     []operation
	tensors []tensor
	output  int // tensor; tensor 0 is the input

	// Elements per sample of each buffer.
	values, grads []int

	parameters int
	matrices   []matrix
	gains      []span
	transposed int // elements of the largest matrix that a pass transposes
	dropped    int // elements per sample of all dropout layers
}

// operation is one step of a plan, for rows samples.
type operation interface {
	forward(p *pass, rows int)
	// backward turns the gradient of the operation's output into those of its input and its parameters. It may leave
	// the former in the place of the latter.
	backward(p *pass, rows int)
}

// tensor is a value between two operations: a shape, and the buffers of the value and of its gradient. Tensors share
// buffers where an operation works in place.
type tensor struct {
	shape
	value, grad int // grad is −1 where none is needed
}

// span is a range of the parameters.
type span struct{ offset, size int }

// matrix is a matrix of weights [in][out] and the bias [out] that follows it in the parameters.
type matrix struct {
	in, out, offset int
	// fan is what the initial weights are scaled by.
	fan int
}

func (m matrix) size() int { return (m.in + 1) * m.out }

// of returns the weights and the bias within p, a slice laid out like the parameters.
func (m matrix) of(p []float32) (w, bias []float32) {
	w = p[m.offset:][:m.in*m.out]
	return w, p[m.offset+len(w):][:m.out]
}

// compile makes the plan of a valid configuration. Of another one it counts at least the parameters.
func compile(c *Config) *plan {
	p := &plan{}
	x := p.tensor(c.input(), p.value(c.input().size()), -1)
	layers := c.layers()
	for i := range layers {
		x = p.layer(&layers[i], x)
	}
	p.output = p.dense(x, c.Outputs, None)
	return p
}

// layer appends the operations of a layer that takes x and returns its output.
func (p *plan) layer(l *Layer, x int) int {
	t := p.tensors[x]
	switch l.Kind {
	case Dense:
		return p.dense(x, l.Width, l.Activation)
	case Conv1D:
		return p.convolution(x, l.Width, l.Kernel, l.Dilation, l.Activation, false)
	case TCN:
		return p.block(l, x)
	case Flatten:
		y := p.tensor(l.apply(t.shape), t.value, t.grad)
		p.ops = append(p.ops, &flatten{x, y})
		return y
	case LastStep:
		return p.lastStep(x)
	case LayerNorm:
		return p.layerNorm(x)
	case Dropout:
		return p.dropout(x, l.Rate)
	}
	return x
}

func (p *plan) tensor(s shape, value, grad int) int {
	p.tensors = append(p.tensors, tensor{s, value, grad})
	return len(p.tensors) - 1
}

// fresh returns a tensor with buffers of its own.
func (p *plan) fresh(s shape) int { return p.tensor(s, p.value(s.size()), p.grad(s.size())) }

// value returns a new buffer for values.
func (p *plan) value(size int) int {
	p.values = append(p.values, size)
	return len(p.values) - 1
}

// grad returns a new buffer for gradients.
func (p *plan) grad(size int) int {
	p.grads = append(p.grads, size)
	return len(p.grads) - 1
}

// matrix appends a matrix and its bias to the parameters. He et al. scale the weights before relu, gelu and silu, Glorot
// and Bengio all others.
func (p *plan) matrix(in, out int, a Activation) matrix {
	m := matrix{in: in, out: out, offset: p.parameters, fan: in + out}
	if a == ReLU || a == GELU || a == SiLU {
		m.fan = in
	}
	p.matrices = append(p.matrices, m)
	p.parameters += m.size()
	return m
}

// initialize fills w with the initial parameters: element e of matrix l, counted through the model, is
//
//	fma(2, uniform(InitWeights, l, e), −1) · √(6 / fan)
//
// Biases are +0 and gains 1.
func (p *plan) initialize(w []float32, key rng.Key) {
	clear(w)
	for l, m := range p.matrices {
		limit := vec.Sqrt(6 / float32(m.fan))
		weights, _ := m.of(w)
		rng.New(key, rng.InitWeights, uint32(l)).Uniforms(weights, 0)
		for e, u := range weights {
			weights[e] = vec.FMA32(2, u, -1) * limit
		}
	}
	for _, s := range p.gains {
		for i := range w[s.offset:][:s.size] {
			w[s.offset+i] = 1
		}
	}
}

// elements returns the number of float32 values that a pass over so many samples holds, gradients for so many of them.
func (p *plan) elements(rows, gradRows int) int64 {
	n := int64(p.transposed) + int64(p.dropped)*int64(gradRows)
	for _, size := range p.values {
		n += int64(size) * int64(rows)
	}
	for _, size := range p.grads {
		n += int64(size) * int64(gradRows)
	}
	return n + int64(p.scratch(gradRows))
}

// scratch returns the elements that the sums in order R2 of so many samples need.
func (p *plan) scratch(rows int) int {
	n := 0
	for _, o := range p.ops {
		if o, ok := o.(interface{ scratch(rows int) int }); ok {
			n = max(n, o.scratch(rows))
		}
	}
	return n
}
