package graph

import (
	"slices"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/nn"
)

// convolution is a sum of products with a bias: Σ S·source·W + b, the taps in order of their W.
type convolution struct {
	source   *gorgonia.Node
	taps     []tap
	bias     *gorgonia.Node
	width    int
	dilation int
}

// tap is one product. shift is how many steps back it looks, beyond for one that sees none.
type tap struct {
	weights *gorgonia.Node
	shift   int
}

// beyond is the shift of a tap that looks back behind every step.
const beyond = -1

func (c *convolution) learnables() gorgonia.Nodes {
	var n gorgonia.Nodes
	for _, t := range c.taps {
		n = append(n, t.weights)
	}
	return append(n, c.bias)
}

// layer is the convolution as a layer: dense where it has one tap.
func (c *convolution) layer(a nn.Activation) nn.Layer {
	if len(c.taps) == 1 {
		return nn.Layer{Kind: nn.Dense, Width: c.width, Activation: a}
	}
	return nn.Layer{Kind: nn.Conv1D, Width: c.width, Kernel: len(c.taps), Dilation: c.dilation, Activation: a}
}

// affine reads a convolution whose sum with its bias is n.
func (l *lowering) affine(n *gorgonia.Node) (convolution, bool) {
	c := convolution{dilation: 1}
	if len(n.Shape()) != 2 || n.Shape()[0]%l.rows != 0 {
		return c, false
	}
	sum, bias, ok := l.broadcast(n, add)
	if !ok {
		return c, false
	}
	c.bias, c.width = bias, n.Shape()[1]
	for p, q, more := l.both(sum, add); more; p, q, more = l.both(sum, add) {
		if len(c.taps) >= nn.MaxKernel {
			return c, false
		}
		if !l.is(q, product) {
			p, q = q, p
		}
		if !l.tap(&c, q) {
			return c, false
		}
		sum = p
	}
	if !l.tap(&c, sum) {
		return c, false
	}
	return c, c.order(l.steps(n))
}

// tap reads n, a product of the source, whose rows a matrix may move, with a learnable.
func (l *lowering) tap(c *convolution, n *gorgonia.Node) bool {
	x, w, ok := l.both(n, product)
	if !ok || !l.learnable(w) || len(w.Shape()) != 2 || len(x.Shape()) != 2 || x.Shape()[0] != n.Shape()[0] {
		return false
	}
	t := tap{weights: w}
	if s, moved, ok := l.both(x, product); ok {
		if shift, ok := l.shift(s, n.Shape()[0]); ok {
			x, t.shift = moved, shift
		}
	}
	if c.source != nil && c.source != x {
		return false
	}
	c.source = x
	c.taps = append(c.taps, t)
	return true
}

// order puts the taps, read from the last, in the order of their weights, and finds the dilation.
func (c *convolution) order(steps int) bool {
	slices.Reverse(c.taps)
	far := func(t tap) int {
		if t.shift == beyond {
			return steps
		}
		return t.shift
	}
	slices.SortStableFunc(c.taps, func(a, b tap) int { return far(b) - far(a) })
	last := len(c.taps) - 1
	if last > 0 {
		c.dilation = far(c.taps[last-1])
	}
	for i, t := range c.taps {
		if want := (last - i) * c.dilation; far(t) != min(want, steps) || last > 0 && c.dilation < 1 {
			return false
		}
	}
	return true
}

// shift returns how many steps, of a sample at least one, a matrix of zeros and ones moves the rows of n positions.
func (l *lowering) shift(s *gorgonia.Node, n int) (int, bool) {
	values := elements(s, n, n)
	if values == nil {
		return 0, false
	}
	if zero(values) {
		return beyond, true
	}
	first := slices.IndexFunc(values, func(v float64) bool { return v != 0 })
	steps, shift := n/l.rows, first/n
	if first%n != 0 || shift < 1 || shift >= steps {
		return 0, false
	}
	return shift, picks(values, n, func(r int) int {
		if r%steps < shift {
			return -1
		}
		return r - shift
	})
}
