package nn

import (
	"fmt"

	"doin.network/node/compute/vec"
)

// objective evaluates the mean loss of a model over some samples, and its gradient. It owns the buffers of both and
// allocates nothing after newObjective.
type objective struct {
	*pass
	loss    *loss
	outputs int
	target  []float32 // [rows][outputs]
	values  []float32 // elements of the loss
	slopes  []float32 // of samples without gradient
	rowwise []float32 // two numbers per sample
}

// newObjective returns an objective for up to rows samples, with gradient for up to gradRows.
func newObjective(c *Config, p *plan, k *vec.Kernels, rows, gradRows int) *objective {
	l := losses[c.Loss]
	return &objective{
		pass:    newPass(p, k, rows, gradRows),
		loss:    &l,
		outputs: c.Outputs,
		target:  make([]float32, rows*c.Outputs),
		values:  make([]float32, rows*c.Outputs),
		slopes:  make([]float32, rows*c.Outputs),
		rowwise: make([]float32, 2*rows),
	}
}

// elements returns the loss of each output of rows samples, sample by sample, valid until the next call. Shapes:
// x [rows][inputs], target [rows][outputs].
func (o *objective) elements(weights, x, target []float32, rows int) []float32 {
	o.training = false
	y := o.forwardFrom(x, weights, rows)
	values := o.values[:len(y)]
	o.loss.evaluate(o.kernels, values, o.slopes[:len(y)], o.rowwise, y, target, o.outputs)
	return values
}

// mean returns the mean loss of rows samples lying in input and target, and leaves its gradient in gradient.
func (o *objective) mean(weights []float32, rows int) float32 {
	y := o.forward(weights, rows)
	values, d := o.values[:len(y)], o.grad(o.plan.output, rows)
	o.loss.evaluate(o.kernels, values, d, o.rowwise, y, o.target[:len(y)], o.outputs)
	n := o.loss.count(rows, o.outputs)
	divide(o.kernels, d, n)
	o.backward(rows)
	return o.kernels.Sum(values) / n
}

// divide divides every element of d by a whole number n. The reciprocal of a power of two is exact, so that the product
// is the quotient.
func divide(k *vec.Kernels, d []float32, n float32) {
	if i := int(n); i&(i-1) == 0 {
		k.Scale(d, d, 1/n)
		return
	}
	for i, v := range d {
		d[i] = v / n
	}
}

// Gradient returns the mean loss of one minibatch and its gradient with respect to every parameter, exactly as a step
// of Train computes them, but without dropout. Shapes: weights [Parameters], x [rows][Inputs], y [rows][Outputs],
// row-major, with 1 ≤ rows ≤ MaxBatch; ErrData otherwise.
func Gradient(c Config, weights, x, y []float32) (loss float32, gradient []float32, err error) {
	if err := c.Validate(); err != nil {
		return 0, nil, err
	}
	k, err := kernels("")
	if err != nil {
		return 0, nil, err
	}
	rows := len(y) / c.Outputs
	if len(weights) != c.Parameters() || rows < 1 || rows > MaxBatch || len(y) != rows*c.Outputs || len(x) != rows*c.Inputs {
		return 0, nil, fmt.Errorf("%w: %d weights, %d inputs and %d targets do not fit the model", ErrData, len(weights), len(x), len(y))
	}
	o := newObjective(&c, compile(&c), k, rows, rows)
	copy(o.input(rows), x)
	copy(o.target, y)
	loss = o.mean(weights, rows)
	return loss, o.gradient, nil
}

// kernels returns the kernels named, those that the environment selects where isa is empty; vec.ErrISA if this machine
// does not have them.
func kernels(isa vec.ISA) (*vec.Kernels, error) {
	if isa == "" {
		var err error
		if isa, err = vec.Select(); err != nil {
			return nil, err
		}
	}
	return vec.For(isa)
}
