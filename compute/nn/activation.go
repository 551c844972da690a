package nn

import "doin.network/node/compute/vec"

// activation is one row of the table of activations: its function and the product of a gradient d with its derivative,
// element by element.
type activation struct {
	value func(k *vec.Kernels, y, z []float32)
	scale func(k *vec.Kernels, dz, d, f []float32)
	// both writes the value and the derivative itself; nil for relu, whose derivative is a choice.
	both func(k *vec.Kernels, y, slope, z []float32)
	// byValue says that the derivative is a function of the value, which may then replace the argument; else f is the
	// argument.
	byValue bool
}

var activations = map[Activation]*activation{
	ReLU:    {value: (*vec.Kernels).ReLU, scale: (*vec.Kernels).ReLUScale, byValue: true},
	Tanh:    {value: (*vec.Kernels).Tanh, scale: (*vec.Kernels).TanhScale, both: (*vec.Kernels).TanhSlope, byValue: true},
	Sigmoid: {value: (*vec.Kernels).Sigmoid, scale: (*vec.Kernels).SigmoidScale, both: (*vec.Kernels).SigmoidSlope, byValue: true},
	GELU:    {value: (*vec.Kernels).GELU, scale: (*vec.Kernels).GELUScale, both: (*vec.Kernels).GELUSlope},
	SiLU:    {value: (*vec.Kernels).SiLU, scale: (*vec.Kernels).SiLUScale, both: (*vec.Kernels).SiLUSlope},
	None:    nil,
}

// activate is the operation of an activation. The gradient is replaced in place.
type activate struct {
	*activation
	name Activation
	z, y int
}

// activate appends an activation, none for None.
func (p *plan) activate(z int, a Activation) int {
	f := activations[a]
	if f == nil {
		return z
	}
	t := p.tensors[z]
	if !f.byValue {
		t.value = p.value(t.size())
	}
	y := p.tensor(t.shape, t.value, t.grad)
	p.ops = append(p.ops, &activate{f, a, z, y})
	return y
}

func (o *activate) forward(p *pass, rows int) {
	o.value(p.kernels, p.value(o.y, rows), p.value(o.z, rows))
}

func (o *activate) backward(p *pass, rows int) {
	d := p.grad(o.z, rows)
	o.scale(p.kernels, d, d, p.value(o.z, rows))
}
