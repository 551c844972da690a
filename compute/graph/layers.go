package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"doin.network/node/compute/nn"
)

// layer applies a layer to the samples h.
func (m *model) layer(l nn.Layer, h *gorgonia.Node) *gorgonia.Node {
	if m.err != nil {
		return h
	}
	switch l.Kind {
	case nn.Dense:
		return m.convolution(h, l.Width, 1, 1, l.Activation)
	case nn.Conv1D:
		return m.convolution(h, l.Width, l.Kernel, l.Dilation, l.Activation)
	case nn.TCN:
		if l.Rate > 0 {
			m.err = fmt.Errorf("a tcn layer with rate %v: dropout has no graph", l.Rate)
			return h
		}
		channels := m.channels
		x := h
		h = m.convolution(h, l.Width, l.Kernel, l.Dilation, l.Activation)
		h = m.convolution(h, l.Width, l.Kernel, l.Dilation, l.Activation)
		if channels != l.Width {
			m.channels = channels
			x = m.convolution(x, l.Width, 1, 1, nn.None)
		}
		return m.activation(l.Activation, m.op(gorgonia.Add(h, x)))
	case nn.Flatten:
		h = m.op(gorgonia.Reshape(h, tensor.Shape{m.rows, m.steps * m.channels}))
		m.steps, m.channels = 1, m.steps*m.channels
		return h
	case nn.LastStep:
		last := make([]float32, m.rows*m.rows*m.steps)
		for r := range m.rows {
			last[r*m.rows*m.steps+(r+1)*m.steps-1] = 1
		}
		h = m.op(gorgonia.Mul(m.constant(m.rows, m.rows*m.steps, last), h))
		m.steps = 1
		return h
	case nn.LayerNorm:
		return m.layerNorm(h)
	}
	m.err = fmt.Errorf("layer %q is not known to the oracle", l.Kind)
	return h
}

// convolution is Σ S·h·W over the taps, S moving every step as far back as the tap looks, with bias and activation. One
// tap is a dense layer.
func (m *model) convolution(h *gorgonia.Node, width, kernel, dilation int, a nn.Activation) *gorgonia.Node {
	if m.err != nil {
		return h
	}
	var sum *gorgonia.Node
	n := m.rows * m.steps
	for tap := range kernel {
		moved := h
		if shift := (kernel - 1 - tap) * dilation; shift > 0 {
			s := make([]float32, n*n)
			for p := range n {
				if p%m.steps >= shift {
					s[p*n+p-shift] = 1
				}
			}
			moved = m.op(gorgonia.Mul(m.constant(n, n, s), h))
		}
		term := m.op(gorgonia.Mul(moved, m.parameter(m.channels, width)))
		if sum == nil {
			sum = term
		} else {
			sum = m.op(gorgonia.Add(sum, term))
		}
	}
	sum = m.op(gorgonia.BroadcastAdd(sum, m.parameter(1, width), nil, []byte{0}))
	m.channels = width
	return m.activation(a, sum)
}

// layerNorm normalizes the rows of h.
func (m *model) layerNorm(h *gorgonia.Node) *gorgonia.Node { return m.norm(h, epsilon) }

// norm is a layer norm with a given addend to the variance.
func (m *model) norm(h *gorgonia.Node, epsilon float64) *gorgonia.Node {
	n := m.channels
	equal := make([]float32, n*n)
	for i := range equal {
		equal[i] = 1
	}
	mean := func(x *gorgonia.Node) *gorgonia.Node {
		return m.scale(1/float64(n), m.op(gorgonia.Mul(x, m.constant(n, n, equal))))
	}
	u := m.op(gorgonia.Sub(h, mean(h)))
	deviation := m.op(gorgonia.Sqrt(m.op(gorgonia.Add(mean(m.op(gorgonia.Square(u))), gorgonia.NewConstant(epsilon)))))
	normal := m.op(gorgonia.HadamardDiv(u, deviation))
	y := m.op(gorgonia.BroadcastHadamardProd(normal, m.parameter(1, n), nil, []byte{0}))
	return m.op(gorgonia.BroadcastAdd(y, m.parameter(1, n), nil, []byte{0}))
}

// constant is a matrix that the cost is not differentiated by.
func (m *model) constant(rows, columns int, values []float32) *gorgonia.Node {
	m.constants++
	return m.matrix(fmt.Sprintf("constant%d", m.constants), rows, columns, values)
}
