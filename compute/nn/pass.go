package nn

import (
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// pass executes a plan for at most rows samples. It owns the buffers; after newPass nothing is allocated. With the naive
// kernels it is the reference; with others it gives the same bits faster.
type pass struct {
	kernels       *vec.Kernels
	plan          *plan
	values, grads [][]float32 // [buffer][rows · elements]
	transposed    []float32
	scratch       []float32

	weights  []float32 // of the forward pass
	gradient []float32 // of every parameter, filled by backward

	// training applies dropout, with the draws of draws. It is the step of a training then.
	training bool
	draws    rng.Stream
	words    []uint32
}

// newPass returns a pass over up to rows samples, and backward over up to gradRows; 0 is for forward passes only.
func newPass(p *plan, k *vec.Kernels, rows, gradRows int) *pass {
	e := &pass{kernels: k, plan: p}
	for _, size := range p.values {
		e.values = append(e.values, make([]float32, rows*size))
	}
	if gradRows == 0 {
		return e
	}
	for _, size := range p.grads {
		e.grads = append(e.grads, make([]float32, gradRows*size))
	}
	e.transposed = make([]float32, p.transposed)
	e.scratch = make([]float32, p.scratch(gradRows))
	e.gradient = make([]float32, p.parameters)
	e.words = make([]uint32, gradRows*p.dropped)
	return e
}

// value returns the value of a tensor for rows samples.
func (e *pass) value(tensor, rows int) []float32 {
	t := &e.plan.tensors[tensor]
	return e.values[t.value][:rows*t.size()]
}

// grad returns the gradient of a tensor for rows samples; nil where none is needed.
func (e *pass) grad(tensor, rows int) []float32 {
	t := &e.plan.tensors[tensor]
	if t.grad < 0 {
		return nil
	}
	return e.grads[t.grad][:rows*t.size()]
}

// input returns where the inputs of rows samples go.
func (e *pass) input(rows int) []float32 { return e.value(0, rows) }

// forward evaluates rows samples lying in input and returns the outputs [rows][outputs], valid until the next call.
func (e *pass) forward(weights []float32, rows int) []float32 {
	e.weights = weights
	for _, o := range e.plan.ops {
		o.forward(e, rows)
	}
	return e.value(e.plan.output, rows)
}

// forwardFrom is forward of samples that lie elsewhere.
func (e *pass) forwardFrom(x, weights []float32, rows int) []float32 {
	own := e.values[0]
	e.values[0] = x
	y := e.forward(weights, rows)
	e.values[0] = own
	return y
}

// backward computes gradient from the gradient of the outputs, which the caller has put into that of the plan's output,
// and the values that forward left.
func (e *pass) backward(rows int) {
	for i := len(e.plan.ops) - 1; i >= 0; i-- {
		e.plan.ops[i].backward(e, rows)
	}
}
