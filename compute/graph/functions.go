package graph

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/nn"
)

// activation applies a hidden layer's function to every element of z.
func (m *model) activation(a nn.Activation, z *gorgonia.Node) *gorgonia.Node {
	if m.err != nil {
		return z
	}
	switch a {
	case nn.None:
		return z
	case nn.ReLU:
		return m.op(gorgonia.Rectify(z))
	case nn.Tanh:
		return m.op(gorgonia.Tanh(z))
	case nn.Sigmoid:
		return m.op(gorgonia.Sigmoid(z))
	case nn.SiLU:
		return m.op(gorgonia.HadamardProd(z, m.op(gorgonia.Sigmoid(z))))
	case nn.GELU:
		cube := m.op(gorgonia.HadamardProd(z, m.op(gorgonia.HadamardProd(z, z))))
		u := m.scale(math.Sqrt(2/math.Pi), m.op(gorgonia.Add(z, m.scale(0.044715, cube))))
		half := m.scale(0.5, z)
		return m.op(gorgonia.Add(half, m.op(gorgonia.HadamardProd(half, m.op(gorgonia.Tanh(u))))))
	}
	m.err = fmt.Errorf("activation %q is not known to the oracle", a)
	return z
}

// cost is the mean loss of the outputs h.
func (m *model) cost(l nn.Loss, h, y *gorgonia.Node) *gorgonia.Node {
	if m.err != nil {
		return h
	}
	switch l {
	case nn.SoftmaxCrossEntropy:
		p := m.op(gorgonia.SoftMax(h, 1))
		if m.err != nil {
			return h
		}
		sum := m.op(gorgonia.Sum(m.op(gorgonia.HadamardProd(y, m.op(gorgonia.Log(p))))))
		return m.scale(-1/float64(m.rows), sum)
	case nn.BinaryCrossEntropy: // −log σ((2y−1)·z) for y of 0 and 1
		sign := m.op(gorgonia.Sub(m.scale(2, y), gorgonia.NewConstant(1.0)))
		return m.scale(-1, m.op(gorgonia.Mean(m.op(gorgonia.Log(m.op(gorgonia.Sigmoid(m.op(gorgonia.HadamardProd(sign, h)))))))))
	}
	return m.op(gorgonia.Mean(m.loss(l, m.op(gorgonia.Sub(h, y)))))
}

// loss applies a loss to every element of the errors e.
func (m *model) loss(l nn.Loss, e *gorgonia.Node) *gorgonia.Node {
	if m.err != nil {
		return e
	}
	switch l {
	case nn.MSE:
		return m.op(gorgonia.Square(e))
	case nn.MAE:
		return m.op(gorgonia.Abs(e))
	case nn.Huber: // with x = max(|e|−1, 0), the excess: ½·(|e|−x)² + x
		a := m.op(gorgonia.Abs(e))
		excess := m.op(gorgonia.Rectify(m.op(gorgonia.Sub(a, gorgonia.NewConstant(1.0)))))
		square := m.op(gorgonia.Square(m.op(gorgonia.Sub(a, excess))))
		return m.op(gorgonia.Add(m.scale(0.5, square), excess))
	}
	m.err = fmt.Errorf("loss %q is not known to the oracle", l)
	return e
}
