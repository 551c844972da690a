package graph

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/nn"
)

// epsilon is what a layer norm adds to the variance.
const epsilon = 0x1p-17

// unaries are the activations that are an operation of one argument.
var unaries = map[nn.Activation]string{nn.Tanh: "tanh", nn.Sigmoid: "sigmoid"}

// activation returns the function whose result n is, and its argument; none and n for others.
func (l *lowering) activation(n *gorgonia.Node) (nn.Activation, *gorgonia.Node) {
	for a, op := range unaries {
		if z, ok := l.unary(n, op); ok {
			return a, z
		}
	}
	if z := l.rectified(n); z != nil {
		return nn.ReLU, z
	}
	if z := l.silu(n); z != nil {
		return nn.SiLU, z
	}
	if z := l.geluSigmoid(n); z != nil {
		return nn.GELU, z
	}
	if z := l.gelu(n); z != nil {
		return nn.GELU, z
	}
	return nn.None, n
}

// rectified returns the z of z·(z ≥ 0), nil for others.
func (l *lowering) rectified(n *gorgonia.Node) *gorgonia.Node {
	p, q, ok := l.both(n, times)
	if !ok {
		return nil
	}
	for _, f := range [2][2]*gorgonia.Node{{p, q}, {q, p}} {
		if z, ok := l.constant(f[1], atLeast, 0); ok && z == f[0] {
			return z
		}
	}
	return nil
}

// silu returns the z of z·σ(z), nil for others.
func (l *lowering) silu(n *gorgonia.Node) *gorgonia.Node {
	p, q, ok := l.both(n, times)
	if !ok {
		return nil
	}
	for _, f := range [2][2]*gorgonia.Node{{p, q}, {q, p}} {
		if z, ok := l.unary(f[1], "sigmoid"); ok && z == f[0] {
			return z
		}
	}
	return nil
}

// geluSigmoid returns the z of z·σ(z·(c₁ + c₃·z²)), the same function as gelu's, with c₁ = 2·√(2÷π) and c₃ = 0.044715·c₁; nil for others.
func (l *lowering) geluSigmoid(n *gorgonia.Node) *gorgonia.Node {
	p, q, ok := l.both(n, times)
	if !ok {
		return nil
	}
	c1 := 2 * math.Sqrt(2/math.Pi)
	for _, f := range [2][2]*gorgonia.Node{{p, q}, {q, p}} {
		z := f[0]
		u, ok := l.unary(f[1], "sigmoid")
		if !ok {
			continue
		}
		inner, ok := l.with(u, times, z)
		if !ok {
			continue
		}
		if cubic, ok := l.constant(inner, add, c1); ok {
			if square, ok := l.constant(cubic, times, 0.044715*c1); ok && l.squareOf(square) == z {
				return z
			}
		}
	}
	return nil
}

// gelu returns the z of h + h·tanh(√(2÷π)·(z + 0.044715·z³)), h = 0.5·z; nil for others.
func (l *lowering) gelu(n *gorgonia.Node) *gorgonia.Node {
	p, q, ok := l.both(n, add)
	if !ok {
		return nil
	}
	for _, f := range [2][2]*gorgonia.Node{{p, q}, {q, p}} {
		z, ok := l.constant(f[0], times, 0.5)
		if !ok {
			continue
		}
		if t, ok := l.with(f[1], times, f[0]); ok {
			if u, ok := l.unary(t, "tanh"); ok && l.geluArgument(u, z) {
				return z
			}
		}
	}
	return nil
}

func (l *lowering) geluArgument(u, z *gorgonia.Node) bool {
	sum, ok := l.constant(u, times, math.Sqrt(2/math.Pi))
	if !ok {
		return false
	}
	term, ok := l.with(sum, add, z)
	if !ok {
		return false
	}
	cube, ok := l.constant(term, times, 0.044715)
	if !ok {
		return false
	}
	if x, ok := l.unary(cube, "cube"); ok {
		return x == z
	}
	square, ok := l.with(cube, times, z)
	return ok && l.squareOf(square) == z
}

// loss returns the loss that n is of the output h.
func (l *lowering) loss(n, h *gorgonia.Node) (nn.Loss, bool) {
	if sum, ok := l.constant(n, times, -1/float64(l.rows)); ok && l.softmaxTerms(sum, h) {
		return nn.SoftmaxCrossEntropy, true
	}
	if mean, ok := l.constant(n, times, -1); ok && l.binaryTerms(mean, h) {
		return nn.BinaryCrossEntropy, true
	}
	terms := l.mean(n)
	if terms == nil {
		return "", false
	}
	if e := l.squareOf(terms); e != nil && l.isError(e, h) {
		return nn.MSE, true
	}
	if e, ok := l.unary(terms, "abs"); ok && l.isError(e, h) {
		return nn.MAE, true
	}
	return nn.Huber, l.huber(terms, h)
}

// isError reports whether e is output less target or target less output, which are alike for losses of |e|.
func (l *lowering) isError(e, h *gorgonia.Node) bool {
	a, b, ok := l.both(e, minus)
	return ok && (a == h && b == l.target || a == l.target && b == h)
}

// mean returns the matrix of which n is the mean, nil for others.
func (l *lowering) mean(n *gorgonia.Node) *gorgonia.Node {
	sum, count, ok := l.both(n, divide)
	if !ok {
		return nil
	}
	x, ok := l.unary(sum, "Σ[0 1]")
	if !ok || len(x.Shape()) != 2 || l.count(count, 4) != x.Shape().TotalSize() {
		return nil
	}
	return x
}

// count is the value of a product of sizes with at most so many levels, 0 for other nodes.
func (l *lowering) count(n *gorgonia.Node, levels int) int {
	if k, ok := number(n); ok && k >= 0 && k <= 1<<40 && k == math.Trunc(k) {
		return int(k)
	}
	if n.Op() != nil {
		size := 0
		if _, err := fmt.Sscanf(fmt.Sprint(n.Op()), "SizeOf=%d", &size); err == nil {
			return size
		}
	}
	a, b, ok := l.both(n, times)
	if !ok || levels == 0 {
		return 0
	}
	return l.count(a, levels-1) * l.count(b, levels-1)
}

// huber reports whether n is ½·(|e| − x)² + x of the error e, with x = max(|e| − 1, 0).
func (l *lowering) huber(n, h *gorgonia.Node) bool {
	p, q, ok := l.both(n, add)
	if !ok {
		return false
	}
	for _, f := range [2][2]*gorgonia.Node{{p, q}, {q, p}} {
		half, ok := l.constant(f[0], times, 0.5)
		if !ok {
			continue
		}
		within := l.squareOf(half)
		if within == nil {
			continue
		}
		a, excess, ok := l.both(within, minus)
		if !ok || excess != f[1] {
			continue
		}
		e, ok := l.unary(a, "abs")
		if !ok || !l.isError(e, h) {
			continue
		}
		if z := l.rectified(excess); z != nil {
			x, ok := l.constant(z, minus, 1)
			return ok && x == a
		}
	}
	return false
}

// softmaxTerms reports whether n is Σ y·log(softmax(h)), as Gorgonia stabilizes it.
func (l *lowering) softmaxTerms(n, h *gorgonia.Node) bool {
	terms, ok := l.unary(n, "Σ[0 1]")
	if !ok {
		return false
	}
	logs, ok := l.with(terms, times, l.target)
	if !ok {
		return false
	}
	for _, op := range [...]string{"Softmax{1, true}()", "Softmax{-1, true}()"} {
		if x, ok := l.unary(logs, op); ok && x == h {
			return true
		}
	}
	return false
}

// binaryTerms reports whether n is the mean of log σ((2·y − 1)·h), as Gorgonia stabilizes it: −softplus(−x).
func (l *lowering) binaryTerms(n, h *gorgonia.Node) bool {
	x := l.mean(n)
	for _, op := range [...]string{"neg", "softplus", "neg"} {
		if x == nil {
			return false
		}
		x, _ = l.unary(x, op)
	}
	if x == nil {
		return false
	}
	sign, ok := l.with(x, times, h)
	if !ok {
		return false
	}
	double, ok := l.constant(sign, minus, 1)
	if !ok {
		return false
	}
	y, ok := l.constant(double, times, 2)
	return ok && y == l.target
}
