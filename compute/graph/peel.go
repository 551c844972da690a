package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/nn"
)

// piece is a layer that was recognized: source is the node it is applied to.
type piece struct {
	layer      nn.Layer
	learnables gorgonia.Nodes
	source     *gorgonia.Node
}

// peel reads the layer whose result is n.
func (l *lowering) peel(n *gorgonia.Node) (piece, error) {
	if len(n.Shape()) != 2 {
		return piece{}, l.refuse(n, "a matrix [rows·steps][channels]")
	}
	if p, ok := l.reshaped(n); ok {
		return p, nil
	}
	if p, ok := l.lastStep(n); ok {
		return p, nil
	}
	if p, ok := l.layerNorm(n); ok {
		return p, nil
	}
	a, z := l.activation(n)
	if c, ok := l.affine(z); ok {
		return piece{c.layer(a), c.learnables(), c.source}, nil
	}
	if p, ok := l.block(z, a); ok {
		return p, nil
	}
	return piece{}, l.refuse(z, l.nearest(z))
}

// nearest says what would be a layer in the place of z.
func (l *lowering) nearest(z *gorgonia.Node) string {
	arguments := l.arguments(z)
	switch {
	case z.Op() == nil:
		return "the samples, which a constant or a second input cannot join"
	case l.is(z, product):
		return "this product plus a bias [1][width], or with a matrix of zeros and ones that keeps the last step"
	case l.is(z, add):
		return "a residual sum of two convolutions of equal width, taps, dilation and activation and their input, or taps in order plus a bias"
	case l.isReshape(z):
		return fmt.Sprintf("a reshape to (%d, steps·channels)", l.rows)
	case len(arguments) == 1:
		return "relu, tanh, sigmoid, silu or gelu of a layer"
	}
	return "a dense layer, a convolution or a layer norm"
}

// reshaped is a reshape that makes one step of all.
func (l *lowering) reshaped(n *gorgonia.Node) (piece, bool) {
	if !l.isReshape(n) || n.Shape()[0] != l.rows {
		return piece{}, false
	}
	x := l.arguments(n)[0]
	if s := x.Shape(); len(s) != 2 || s[0]%l.rows != 0 || s.TotalSize() != n.Shape().TotalSize() {
		return piece{}, false
	}
	return piece{layer: nn.Layer{Kind: nn.Flatten}, source: x}, true
}

// lastStep is a product with a matrix that keeps the last step of every sample.
func (l *lowering) lastStep(n *gorgonia.Node) (piece, bool) {
	s, x, ok := l.both(n, product)
	if !ok || n.Shape()[0] != l.rows || len(x.Shape()) != 2 || x.Shape()[0]%l.rows != 0 {
		return piece{}, false
	}
	steps := l.steps(x)
	values := elements(s, l.rows, l.rows*steps)
	keeps := values != nil && picks(values, l.rows*steps, func(r int) int { return (r+1)*steps - 1 })
	return piece{layer: nn.Layer{Kind: nn.LastStep}, source: x}, keeps
}

// layerNorm is u ÷ √(mean(u²) + ε), u = x − mean(x), with gain and bias.
func (l *lowering) layerNorm(n *gorgonia.Node) (piece, bool) {
	scaled, bias, ok := l.broadcast(n, add)
	if !ok {
		return piece{}, false
	}
	normal, gain, ok := l.broadcast(scaled, times)
	if !ok {
		return piece{}, false
	}
	u, deviation, ok := l.both(normal, divide)
	if !ok {
		return piece{}, false
	}
	x, m, ok := l.both(u, minus)
	if !ok || len(x.Shape()) != 2 || l.meanOf(m) != x {
		return piece{}, false
	}
	variance, ok := l.unary(deviation, "sqrt")
	if !ok {
		return piece{}, false
	}
	mean, ok := l.constant(variance, add, epsilon)
	if !ok {
		return piece{}, false
	}
	square := l.meanOf(mean)
	if square == nil || l.squareOf(square) != u {
		return piece{}, false
	}
	return piece{nn.Layer{Kind: nn.LayerNorm}, gorgonia.Nodes{gain, bias}, x}, true
}

// meanOf returns the x whose rows' means n is, a product with a matrix of ones over the number of channels; nil for others.
func (l *lowering) meanOf(n *gorgonia.Node) *gorgonia.Node {
	if len(n.Shape()) != 2 {
		return nil
	}
	channels := n.Shape()[1]
	sum, ok := l.constant(n, times, 1/float64(channels))
	if !ok {
		return nil
	}
	x, ones, ok := l.both(sum, product)
	if !ok || !l.ones(ones, channels) {
		return nil
	}
	return x
}

// block is the sum of a tcn block whose activation a was found behind it.
func (l *lowering) block(sum *gorgonia.Node, a nn.Activation) (piece, bool) {
	p, q, ok := l.both(sum, add)
	if !ok {
		return piece{}, false
	}
	for _, terms := range [2][2]*gorgonia.Node{{p, q}, {q, p}} {
		if b, ok := l.residual(terms[0], terms[1], a); ok {
			return b, true
		}
	}
	return piece{}, false
}

// residual is two convolutions h of an input and the input itself, x, mapped where its channels differ.
func (l *lowering) residual(h, x *gorgonia.Node, a nn.Activation) (piece, bool) {
	second, ok := l.active(h, a)
	if !ok {
		return piece{}, false
	}
	first, ok := l.active(second.source, a)
	if !ok || len(first.taps) != len(second.taps) || first.dilation != second.dilation || first.width != second.width {
		return piece{}, false
	}
	learnables := append(first.learnables(), second.learnables()...)
	source := first.source
	if x != source {
		mapped, ok := l.affine(x)
		if !ok || mapped.source != source || len(mapped.taps) != 1 || source.Shape()[1] == first.width {
			return piece{}, false
		}
		learnables = append(learnables, mapped.learnables()...)
	}
	layer := nn.Layer{Kind: nn.TCN, Width: first.width, Kernel: len(first.taps), Dilation: first.dilation, Activation: a}
	return piece{layer, learnables, source}, true
}

// active is a convolution followed by the activation a.
func (l *lowering) active(n *gorgonia.Node, a nn.Activation) (convolution, bool) {
	found, z := l.activation(n)
	if found != a {
		return convolution{}, false
	}
	return l.affine(z)
}
