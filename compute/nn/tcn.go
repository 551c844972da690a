package nn

// block appends a TCN block:
//
//	h = dropout(activation(conv(x)))
//	h = dropout(activation(conv(h)))
//	y = activation(h + x), x mapped by a convolution of kernel 1 where the channels differ
//
// The parameters of the three convolutions follow each other in this order. The input gradient is that of the sum plus
// that of the first convolution.
func (p *plan) block(l *Layer, x int) int {
	h := p.convolution(x, l.Width, l.Kernel, l.Dilation, l.Activation, true)
	h = p.dropout(h, l.Rate)
	h = p.convolution(h, l.Width, l.Kernel, l.Dilation, l.Activation, false)
	h = p.dropout(h, l.Rate)

	t := p.tensors[h]
	sum := &add{a: h, b: x}
	if p.tensors[x].channels != l.Width {
		// The gradient of the sum is that of both terms. It serves the second one before the first changes it in place.
		m := p.matrix(p.tensors[x].channels, l.Width, None)
		sum.b = p.tensor(t.shape, p.value(t.size()), t.grad)
		p.ops = append(p.ops, &dense{matrix: m, x: x, y: sum.b, steps: t.steps})
		if p.tensors[x].grad >= 0 {
			p.transposed = max(p.transposed, m.in*m.out)
		}
	}
	sum.y = p.tensor(t.shape, p.value(t.size()), t.grad)
	p.ops = append(p.ops, sum)
	return p.activate(sum.y, l.Activation)
}

// add is y = a + b, element by element. The gradient of y is in the place of a's.
type add struct{ a, b, y int }

func (o *add) forward(p *pass, rows int) {
	y := p.value(o.y, rows)
	copy(y, p.value(o.a, rows))
	p.kernels.Add(y, p.value(o.b, rows))
}

func (o *add) backward(p *pass, rows int) {
	if p.plan.tensors[o.b].grad == p.plan.tensors[o.y].grad {
		return
	}
	if d := p.grad(o.b, rows); d != nil {
		copy(d, p.grad(o.y, rows))
	}
}

// lastStep keeps the last step of a sequence.
type lastStep struct{ x, y int }

// lastStep appends the operation.
func (p *plan) lastStep(x int) int {
	t := p.tensors[x]
	s := shape{1, t.channels}
	y := p.tensor(s, p.value(s.size()), -1)
	if t.grad >= 0 {
		p.tensors[y].grad = p.grad(s.size())
	}
	p.ops = append(p.ops, &lastStep{x, y})
	return y
}

func (o *lastStep) forward(p *pass, rows int) {
	x, y := p.value(o.x, rows), p.value(o.y, rows)
	t := p.plan.tensors[o.x]
	for r := range rows {
		copy(y[r*t.channels:][:t.channels], x[(r+1)*t.size()-t.channels:])
	}
}

func (o *lastStep) backward(p *pass, rows int) {
	dx := p.grad(o.x, rows)
	if dx == nil {
		return
	}
	dy, t := p.grad(o.y, rows), p.plan.tensors[o.x]
	clear(dx)
	for r := range rows {
		copy(dx[(r+1)*t.size()-t.channels:(r+1)*t.size()], dy[r*t.channels:])
	}
}

// flatten takes the steps of a sample, which follow each other in its buffer, for one.
type flatten struct{ x, y int }

func (o *flatten) forward(*pass, int) {}

func (o *flatten) backward(*pass, int) {}
