package block

import (
	"math"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// start returns an instruction on a tensor's positions.
func (c *compiler) start(code, tensor int) instruction {
	t := c.model.Tensors[tensor]
	return instruction{gradientAt: -1, op: kernels.Op{
		Code: int32(code), Steps: int32(t.Steps), In: int32(t.Channels), Taps: 1, Dilation: 1,
	}}
}

// byValue says that the derivative of an activation is a function of its value: it is computed with the gradient of the
// inputs of the next layer.
func byValue(a nn.Activation) bool { return a == nn.ReLU || a == nn.Tanh || a == nn.Sigmoid }

// matrixOf fills in the matrix of a product.
func (c *compiler) matrixOf(i *instruction, o *nn.ModelOp) {
	m, p := c.model.Matrices[o.Matrix], c.matrices[o.Matrix]
	i.op.Out = int32(m.Out)
	i.op.W, i.op.Ws, i.op.B = int32(p.at), int32(p.stride), int32(p.bias)
	i.op.Taps, i.op.Dilation = int32(o.Kernel), int32(o.Dilation)
}

// emitForward appends the forward instructions of operation n.
func (c *compiler) emitForward(n int) {
	o := &c.model.Ops[n]
	switch o.Kind {
	case nn.OpDense, nn.OpConvolve:
		i := c.start(kernels.OpProduct, o.X)
		c.matrixOf(&i, o)
		i.x, i.y = c.value(o.X), c.value(o.Y)
		if next := c.activationAfter(n); next != nil && next.Activation == nn.ReLU {
			i.op.Act = kernels.ActRelu
		}
		c.emit(&c.forward, i)
	case nn.OpActivate:
		if o.Activation == nn.ReLU && n > 0 && c.activationAfter(n-1) == o && isProduct(&c.model.Ops[n-1]) {
			return
		}
		i := c.start(kernels.OpActivate, o.X)
		i.x, i.y, i.op.Act = c.value(o.X), c.value(o.Y), activationCodes[o.Activation]
		c.emit(&c.forward, i)
	case nn.OpAdd:
		i := c.start(kernels.OpAdd, o.Y)
		i.x, i.z, i.y = c.value(o.X), c.value(o.B), c.value(o.Y)
		c.emit(&c.forward, i)
	case nn.OpFlatten:
		if c.value(o.X) != c.value(o.Y) {
			i := c.start(kernels.OpFlatten, o.X)
			i.x, i.y = c.value(o.X), c.value(o.Y)
			c.emit(&c.forward, i)
		}
	case nn.OpLastStep:
		i := c.start(kernels.OpLast, o.X)
		i.x, i.y = c.value(o.X), c.value(o.Y)
		c.emit(&c.forward, i)
	case nn.OpLayerNorm:
		t := c.model.Tensors[o.X]
		i := c.start(kernels.OpNorm, o.X)
		i.x, i.y = c.value(o.X), c.value(o.Y)
		i.z, i.a0 = c.positions(t.Steps, t.Channels), c.buffer(c.batch*t.Steps, 1)
		c.normals[n] = [2]*buffer{i.z, i.a0}
		p := c.gains[o.Gain]
		i.op.W, i.op.B = int32(p.at), int32(p.bias)
		c.emit(&c.forward, i)
	case nn.OpDropout:
		i := c.start(kernels.OpDropout, o.X)
		i.x, i.y = c.value(o.X), c.value(o.Y)
		dropped(&i, o)
		c.emit(&c.forward, i)
	}
}

func dropped(i *instruction, o *nn.ModelOp) {
	i.op.A0, i.op.A1, i.op.A2 = int32(o.Threshold), int32(math.Float32bits(o.Scale)), int32(o.Before)
}

func isProduct(o *nn.ModelOp) bool { return o.Kind == nn.OpDense || o.Kind == nn.OpConvolve }

// activationAfter returns the activation that follows operation n on its output, nil if there is none.
func (c *compiler) activationAfter(n int) *nn.ModelOp {
	if n+1 < len(c.model.Ops) {
		if next := &c.model.Ops[n+1]; next.Kind == nn.OpActivate && next.X == c.model.Ops[n].Y {
			return next
		}
	}
	return nil
}

// emitBackward appends the backward instructions of operation n, and returns the last one dealt with: an activation
// before n may go with it.
func (c *compiler) emitBackward(n int) int {
	o := &c.model.Ops[n]
	switch o.Kind {
	case nn.OpDense, nn.OpConvolve:
		return c.emitProductBack(n, o)
	case nn.OpActivate:
		i := c.start(kernels.OpScale, o.X)
		i.x, i.z, i.op.Act = c.grad(o.X), c.value(o.X), activationCodes[o.Activation]
		c.emit(&c.back, i)
	case nn.OpAdd:
		if from, to := c.grad(o.Y), c.grad(o.B); to != nil && to != from {
			i := c.start(kernels.OpCopy, o.Y)
			i.x, i.y = to, from
			c.emit(&c.back, i)
		}
	case nn.OpFlatten:
		if x, y := c.grad(o.X), c.grad(o.Y); x != nil && x != y {
			i := c.start(kernels.OpUnflatten, o.X)
			i.x, i.y = x, y
			c.emit(&c.back, i)
		}
	case nn.OpLastStep:
		if x := c.grad(o.X); x != nil {
			i := c.start(kernels.OpSpread, o.X)
			i.x, i.y = x, c.grad(o.Y)
			c.emit(&c.back, i)
		}
	case nn.OpLayerNorm:
		c.emitNormBack(n, o)
	case nn.OpDropout:
		if x := c.grad(o.X); x != nil {
			i := c.start(kernels.OpDropoutBack, o.X)
			i.x = x
			dropped(&i, o)
			c.emit(&c.back, i)
		}
	}
	return n
}

// emitProductBack appends the gradients of a product, and the move of its parameters.
func (c *compiler) emitProductBack(n int, o *nn.ModelOp) int {
	i := c.start(kernels.OpBack, o.X)
	c.matrixOf(&i, o)
	i.y, i.x = c.grad(o.Y), c.grad(o.X)
	i.a0, i.stridesInA1 = c.value(o.X), true
	positions := c.batch * int(i.op.Steps)
	m := c.model.Matrices[o.Matrix]
	c.needScratch(((m.In+7)&^7+1)*int(i.op.Ws), positions) // levelSize of the kernels
	if o.Adds {
		i.op.Flags |= kernels.FlagAdd
	}
	if i.x != nil && n > 0 {
		before := &c.model.Ops[n-1]
		if before.Kind == nn.OpActivate && before.Y == o.X && byValue(before.Activation) {
			i.op.Act, i.z = activationCodes[before.Activation], c.value(before.Y)
			n--
		}
	}
	hold := (m.In+7)/8*((m.Out+3)/4) <= c.threads && m.Out <= c.threads
	if o.Kernel > 1 {
		hold = (m.In+3)/4*((m.Out+3)/4) <= c.threads && m.Out <= c.threads
	}
	if hold {
		i.op.Flags |= kernels.FlagHold
	}
	size := m.In*int(i.op.Ws) + padded(m.Out)
	switch {
	case c.clip:
		i.gradientAt = int(i.op.W)
	case hold:
		i.op.Flags |= kernels.FlagMove
	case c.gradients == inWorkspace:
		i.gradientAt = int(i.op.W)
	default:
		i.a2 = c.buffer(size, int(i.op.Ws))
	}
	if i.x != nil && !o.Adds {
		i.x.in = append(i.x.in, i.a0)
	}
	c.emit(&c.back, i)
	if i.op.Flags&kernels.FlagMove == 0 {
		c.move(&i)
	}
	return n
}

// emitNormBack appends the gradients of a layer norm, and the move of its parameters.
func (c *compiler) emitNormBack(n int, o *nn.ModelOp) {
	t := c.model.Tensors[o.X]
	i := c.start(kernels.OpNormBack, o.X)
	i.y, i.x = c.grad(o.Y), c.grad(o.X)
	i.z, i.a0 = c.normals[n][0], c.normals[n][1]
	p := c.gains[o.Gain]
	i.op.Out, i.op.W, i.op.Ws, i.op.B = i.op.In, int32(p.at), int32(p.stride), int32(p.bias)
	c.needScratch(2*t.Channels, c.batch*t.Steps)
	if c.clip {
		i.gradientAt = int(i.op.W)
	} else {
		i.a2 = c.buffer(2*padded(t.Channels), 1)
	}
	c.emit(&c.back, i)
	i.op.In = 1 // the gain is a matrix of one row
	c.move(&i)
}

// move appends the move of the parameters whose gradient an instruction has made, unless all are clipped first.
func (c *compiler) move(of *instruction) {
	if c.clip {
		return
	}
	i := instruction{op: of.op, a2: of.a2, gradientAt: of.gradientAt}
	i.op.Code, i.op.Flags, i.op.Act = kernels.OpMove, 0, 0
	c.emit(&c.back, i)
}
