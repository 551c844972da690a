package nn

import "doin.network/node/compute/vec"

// dense maps the channels of every step: y = x·W + bias in order R1; its gradients are in R2 for the parameters, over
// samples and then steps, and R1 for the input.
type dense struct {
	matrix
	x, y  int
	steps int
}

// dense appends a dense layer with its activation.
func (p *plan) dense(x, width int, a Activation) int {
	s := p.tensors[x].shape
	y := p.fresh(shape{s.steps, width})
	o := &dense{matrix: p.matrix(s.channels, width, a), x: x, y: y, steps: s.steps}
	p.ops = append(p.ops, o)
	if p.tensors[x].grad >= 0 {
		p.transposed = max(p.transposed, o.in*o.out)
	}
	return p.activate(y, a)
}

func (o *dense) scratch(rows int) int { return vec.WeightGradScratch(rows*o.steps, o.in, o.out) }

func (o *dense) forward(p *pass, rows int) {
	w, bias := o.of(p.weights)
	p.kernels.Dense(p.value(o.y, rows), p.value(o.x, rows), w, bias, rows*o.steps, o.in, o.out)
}

func (o *dense) backward(p *pass, rows int) {
	dy, n := p.grad(o.y, rows), rows*o.steps
	p.kernels.DenseWeightGrad(p.gradient[o.offset:], p.value(o.x, rows), dy, p.scratch, n, o.in, o.out)
	if dx := p.grad(o.x, rows); dx != nil {
		w, _ := o.of(p.weights)
		p.kernels.DenseInputGrad(dx, dy, p.transpose(w, o.in, o.out), n, o.in, o.out)
	}
}

// transpose returns w [in][out] as [out][in], valid until the next call.
func (p *pass) transpose(w []float32, in, out int) []float32 {
	if in == 1 || out == 1 {
		return w
	}
	p.kernels.Transpose(p.transposed, w, in, out)
	return p.transposed
}
