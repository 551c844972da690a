package graph

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The operations of two arguments, as Gorgonia writes them.
const (
	add     = "+ false"
	minus   = "- false"
	times   = "⊙ false"
	divide  = "÷ false"
	atLeast = ">= true" // 1 or 0
	product = "A × B"
)

// is reports whether n is the result of an operation.
func (l *lowering) is(n *gorgonia.Node, op string) bool {
	return n.Op() != nil && fmt.Sprint(n.Op()) == op
}

func (l *lowering) isReshape(n *gorgonia.Node) bool {
	return n.Op() != nil && strings.HasPrefix(fmt.Sprint(n.Op()), "Reshape") && len(l.arguments(n)) == 1
}

// arguments are what the operation of n is applied to, in order.
func (l *lowering) arguments(n *gorgonia.Node) gorgonia.Nodes {
	var nodes gorgonia.Nodes
	from := l.graph.From(n.ID())
	if from == nil {
		return nil
	}
	for from.Next() {
		if a, ok := from.Node().(*gorgonia.Node); ok && a != nil {
			nodes = append(nodes, a)
		}
	}
	return nodes
}

// both returns the arguments of an operation that has two.
func (l *lowering) both(n *gorgonia.Node, op string) (a, b *gorgonia.Node, ok bool) {
	if !l.is(n, op) {
		return nil, nil, false
	}
	args := l.arguments(n)
	if len(args) != 2 {
		return nil, nil, false
	}
	return args[0], args[1], true
}

// unary returns the argument of an operation that has one.
func (l *lowering) unary(n *gorgonia.Node, op string) (*gorgonia.Node, bool) {
	if !l.is(n, op) {
		return nil, false
	}
	args := l.arguments(n)
	if len(args) != 1 {
		return nil, false
	}
	return args[0], true
}

// constant returns the other argument of an operation one of whose arguments is the constant k.
func (l *lowering) constant(n *gorgonia.Node, op string, k float64) (*gorgonia.Node, bool) {
	a, b, ok := l.both(n, op)
	if !ok {
		return nil, false
	}
	if v, is := number(b); is && float32(v) == float32(k) {
		return a, true
	}
	if v, is := number(a); is && float32(v) == float32(k) && (op == add || op == times) {
		return b, true
	}
	return nil, false
}

// with returns whether n is op of x and the node that it returns, either way round.
func (l *lowering) with(n *gorgonia.Node, op string, x *gorgonia.Node) (*gorgonia.Node, bool) {
	a, b, ok := l.both(n, op)
	if ok && a == x {
		return b, true
	}
	return a, ok && b == x
}

// squareOf returns the x whose square n is, nil for others.
func (l *lowering) squareOf(n *gorgonia.Node) *gorgonia.Node {
	if x, ok := l.unary(n, "square"); ok {
		return x
	}
	if a, b, ok := l.both(n, times); ok && a == b {
		return a
	}
	return nil
}

// broadcast returns the arguments of an operation on a matrix and a learnable [1][channels] that is repeated for each row.
func (l *lowering) broadcast(n *gorgonia.Node, op string) (x, learnable *gorgonia.Node, ok bool) {
	a, b, ok := l.both(n, op)
	if !ok || len(n.Shape()) != 2 {
		return nil, nil, false
	}
	for _, pair := range [2][2]*gorgonia.Node{{a, b}, {b, a}} {
		if v := l.row(pair[1]); v != nil && v.Shape().TotalSize() == n.Shape()[1] && pair[0].Shape().Eq(n.Shape()) {
			return pair[0], v, true
		}
	}
	return nil, nil, false
}

// row returns the learnable that n repeats for each row, nil for others.
func (l *lowering) row(n *gorgonia.Node) *gorgonia.Node {
	if !l.is(n, "Repeat0") {
		return nil
	}
	args := l.arguments(n)
	if len(args) != 2 {
		return nil
	}
	v := args[0]
	if l.isReshape(v) {
		v = l.arguments(v)[0]
	}
	if !l.learnable(v) || len(v.Shape()) < 1 || len(v.Shape()) > 2 || len(v.Shape()) == 2 && v.Shape()[0] != 1 {
		return nil
	}
	return v
}

// learnable reports whether n is a variable that is not an end of the graph.
func (l *lowering) learnable(n *gorgonia.Node) bool {
	return n.IsVar() && n != l.input && n != l.target
}

// number is the value of a scalar constant.
func number(n *gorgonia.Node) (float64, bool) {
	if n.Op() == nil || !strings.HasPrefix(fmt.Sprint(n.Op()), "const ") || n.Value() == nil {
		return 0, false
	}
	switch v := n.Value().Data().(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	}
	return 0, false
}

// elements are those of a matrix whose value the graph holds, row after row; nil for others. They are read only.
func elements(n *gorgonia.Node, rows, columns int) []float64 {
	d, ok := n.Value().(*tensor.Dense)
	if !ok || d == nil || n.Op() != nil || !n.Shape().Eq(tensor.Shape{rows, columns}) || !d.Shape().Eq(n.Shape()) || d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return nil
	}
	var values []float64
	switch v := d.Data().(type) {
	case []float64:
		values = v
	case []float32:
		for _, x := range v {
			values = append(values, float64(x))
		}
	case float64:
		values = []float64{v}
	case float32:
		values = []float64{float64(v)}
	}
	if len(values) != rows*columns {
		return nil
	}
	return values
}

// picks reports whether every row r of a matrix is 1 in column(r) and 0 elsewhere; a column below 0 is none.
func picks(values []float64, columns int, column func(r int) int) bool {
	for r := range len(values) / columns {
		row, at := values[r*columns:][:columns], column(r)
		if at >= 0 {
			if row[at] != 1 || !zero(row[:at]) {
				return false
			}
			row = row[at+1:]
		}
		if !zero(row) {
			return false
		}
	}
	return true
}

// zero reports whether all values are 0.
func zero(values []float64) bool {
	for _, v := range values {
		if v != 0 {
			return false
		}
	}
	return true
}

// ones reports whether n is a square matrix of ones.
func (l *lowering) ones(n *gorgonia.Node, size int) bool {
	values := elements(n, size, size)
	for _, v := range values {
		if v != 1 {
			return false
		}
	}
	return values != nil
}
