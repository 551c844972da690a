package supervised

import (
	"fmt"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/onnx"
)

// The constants of GELU's tanh form, x·σ(x·(c₁ + c₃·x²)): 2·√(2/π) and 0.044715 times it, as package vec has them.
const geluC1, geluC3 float32 = 0x1.988454p+0, 0x1.2444f2p-4

// Network appends the forward pass of a member that is a network, and View.Prediction's part aside: x is [n][inputs], the result
// [n][outputs], in binary32. ok is false for other members.
func Network(g *onnx.Graph, m Fitted, x onnx.Value) (out onnx.Value, ok bool, err error) {
	if k, ok := m.(*kindred); ok {
		return "", true, fmt.Errorf("%s networks cannot be written as ONNX; safetensors has their weights", k.name)
	}
	n, ok := m.(*network)
	if !ok {
		return "", false, nil
	}
	model, weights := n.net.Model(), n.net.Weights()
	values := make([]onnx.Value, len(model.Tensors)) // [n][steps][channels]
	in := model.Tensors[model.Input]
	values[model.Input] = g.Reshape(x, -1, in.Steps, in.Channels)
	for i := range model.Ops {
		o := &model.Ops[i]
		v, y := values[o.X], model.Tensors[o.Y]
		switch o.Kind {
		case nn.OpDense, nn.OpConvolve:
			v = convolved(g, v, o, model, weights)
		case nn.OpActivate:
			v, err = activated(g, v, o.Activation)
		case nn.OpAdd:
			v = g.Do("Add", v, values[o.B])
		case nn.OpFlatten:
			v = g.Reshape(v, -1, y.Steps, y.Channels)
		case nn.OpLastStep:
			v = g.Slice(v, -1, onnx.End, 1)
		case nn.OpDropout: // of training alone
		default:
			err = fmt.Errorf("layers of kind %s cannot be written as ONNX", o.Kind)
		}
		if err != nil {
			return "", true, err
		}
		values[o.Y] = v
	}
	return g.Reshape(values[model.Output], -1, n.net.Outputs()), true, nil
}

// convolved is y[t] = bias + Σ x[t − shift]·W[tap], of a dense layer with one tap.
func convolved(g *onnx.Graph, x onnx.Value, o *nn.ModelOp, m *nn.Model, weights []float32) onnx.Value {
	matrix, in := m.Matrices[o.Matrix], m.Tensors[o.X]
	channels := matrix.In / o.Kernel
	sum := g.Floats(weights[matrix.Offset+matrix.In*matrix.Out:][:matrix.Out], matrix.Out)
	for tap := range o.Kernel {
		shift := (o.Kernel - 1 - tap) * o.Dilation
		if shift >= in.Steps && shift > 0 {
			continue // it sees nothing
		}
		w := weights[matrix.Offset+tap*channels*matrix.Out:][:channels*matrix.Out]
		from := x
		if shift > 0 {
			padded := g.Do("Pad", x, g.List(0, shift, 0, 0, 0, 0))
			from = g.Slice(padded, 0, in.Steps, 1)
		}
		sum = g.Do("Add", g.Do("MatMul", from, g.Floats(w, channels, matrix.Out)), sum)
	}
	return sum
}

func activated(g *onnx.Graph, x onnx.Value, a nn.Activation) (onnx.Value, error) {
	switch a {
	case nn.None:
		return x, nil
	case nn.ReLU:
		return g.Do("Relu", x), nil
	case nn.Tanh:
		return g.Do("Tanh", x), nil
	case nn.Sigmoid:
		return g.Do("Sigmoid", x), nil
	case nn.SiLU:
		return g.Do("Mul", x, g.Do("Sigmoid", x)), nil
	case nn.GELU:
		inner := g.Do("Add", g.FloatOf(geluC1), g.Do("Mul", g.FloatOf(geluC3), g.Do("Mul", x, x)))
		return g.Do("Mul", x, g.Do("Sigmoid", g.Do("Mul", x, inner))), nil
	}
	return "", fmt.Errorf("the activation %s cannot be written as ONNX", a)
}
