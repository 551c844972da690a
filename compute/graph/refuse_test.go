package graph

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"doin.network/node/compute/nn"
)

// fault is what no configuration says: a node behind the layers h, and the node that an error must name.
type fault func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node)

// faults are the faults by name.
var faults = map[string]fault{
	"exp":      func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) { return same(m.op(gorgonia.Exp(h))) },
	"softplus": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) { return same(m.op(gorgonia.Softplus(h))) },
	"square":   func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) { return same(m.op(gorgonia.Square(h))) },
	"scaled":   func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) { return same(m.scale(2, h)) },
	"doubled":  func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) { return same(m.op(gorgonia.Add(h, h))) },
	"gated": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		return same(m.op(gorgonia.HadamardProd(m.op(gorgonia.Tanh(h)), m.op(gorgonia.Sigmoid(h)))))
	},
	"dropout": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		return same(m.op(gorgonia.Dropout(h, 0.5)))
	},
	"no bias": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		return same(m.op(gorgonia.Mul(h, m.parameter(m.channels, m.channels))))
	},
	"rows moved by twos": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		size := m.rows * m.steps
		s := make([]float32, size*size)
		s[size*size-1] = 2
		moved := m.op(gorgonia.Mul(m.constant(size, size, s), h))
		return m.convolution(moved, m.channels, 1, 1, nn.Tanh), moved
	},
	"rows moved across samples": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		size := m.rows * m.steps
		s := make([]float32, size*size)
		for p := 1; p < size; p++ {
			s[p*size+p-1] = 1
		}
		moved := m.op(gorgonia.Mul(m.constant(size, size, s), h))
		return m.convolution(moved, m.channels, 1, 1, nn.Tanh), moved
	},
	"another epsilon": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		return same(m.norm(h, 0.5))
	},
	"input joined": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		size := m.rows * m.steps * m.channels
		return same(m.op(gorgonia.Add(h, m.constant(m.rows*m.steps, m.channels, make([]float32, size)))))
	},
	"shared learnable": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		h = m.convolution(h, m.channels, 1, 1, nn.Tanh)
		w := m.parameters[len(m.parameters)-2]
		product := m.op(gorgonia.Mul(h, w))
		return m.op(gorgonia.BroadcastAdd(product, m.parameter(1, m.channels), nil, []byte{0})), w
	},
	"residual over one layer": func(m *model, h *gorgonia.Node) (n, named *gorgonia.Node) {
		return same(m.op(gorgonia.Add(m.convolution(h, m.channels, 1, 1, nn.Tanh), h)))
	},
}

func same(n *gorgonia.Node) (a, b *gorgonia.Node) { return n, n }

// TestLowerRefusesFaults puts each fault behind the layers of several models: the error wraps ErrLower and names the node
// and its shape.
func TestLowerRefusesFaults(t *testing.T) {
	refused := 0
	for name, wrong := range faults {
		for i, layers := range [][]nn.Layer{
			nil,
			{{Kind: nn.Dense, Width: 3, Activation: nn.GELU}},
			{{Kind: nn.TCN, Width: 2, Kernel: 2, Dilation: 1, Activation: nn.ReLU}, {Kind: nn.LayerNorm}},
		} {
			m := &model{graph: gorgonia.NewGraph(), rows: 2, steps: 4, channels: 2, weights: make([]float32, 1<<12)}
			x := m.matrix("x", m.rows*m.steps, m.channels, make([]float32, 16))
			h := x
			for _, l := range layers {
				h = m.layer(l, h)
			}
			h, named := wrong(m, h)
			h = m.convolution(m.layer(nn.Layer{Kind: nn.LastStep}, h), 3, 1, 1, nn.None)
			y := m.matrix("y", m.rows, 3, make([]float32, 6))
			loss := m.cost(nn.MSE, h, y)
			if m.err != nil {
				t.Fatalf("%s: %v", name, m.err)
			}
			_, err := Lower(m.graph, gorgonia.Nodes{x, y}, h, loss, nn.DefaultConfig())
			want := fmt.Sprintf("node %d (%.80s)", named.ID(), named.Name())
			if !errors.Is(err, ErrLower) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprint("shape ", named.Shape())) {
				t.Errorf("Lower(%s, %d) = %v, want %s, shape %v, refused", name, i, err, want, named.Shape())
			}
			refused++
		}
	}
	if refused < 40 {
		t.Errorf("%d graphs, want forty", refused)
	}
}

// TestLowerRefusesLosses refuses what is no loss of the output and the targets, by its node.
func TestLowerRefusesLosses(t *testing.T) {
	for name, f := range map[string]func(m *model, h, y *gorgonia.Node) *gorgonia.Node{
		"cube": func(m *model, h, y *gorgonia.Node) *gorgonia.Node {
			return m.op(gorgonia.Mean(m.op(gorgonia.Cube(m.op(gorgonia.Sub(h, y))))))
		},
		"sum": func(m *model, h, y *gorgonia.Node) *gorgonia.Node {
			return m.op(gorgonia.Sum(m.op(gorgonia.Square(m.op(gorgonia.Sub(h, y))))))
		},
		"of the targets": func(m *model, _, y *gorgonia.Node) *gorgonia.Node {
			return m.op(gorgonia.Mean(m.op(gorgonia.Square(m.op(gorgonia.Sub(y, y))))))
		},
		"half": func(m *model, h, y *gorgonia.Node) *gorgonia.Node { return m.scale(0.5, m.cost(nn.MSE, h, y)) },
	} {
		m := &model{graph: gorgonia.NewGraph(), rows: 2, steps: 1, channels: 2, weights: make([]float32, 64)}
		x, y := m.matrix("x", 2, 2, make([]float32, 4)), m.matrix("y", 2, 3, make([]float32, 6))
		h := m.convolution(x, 3, 1, 1, nn.None)
		loss := f(m, h, y)
		if m.err != nil {
			t.Fatalf("%s: %v", name, m.err)
		}
		_, err := Lower(m.graph, gorgonia.Nodes{x, y}, h, loss, nn.DefaultConfig())
		if !errors.Is(err, ErrLower) || !strings.Contains(err.Error(), fmt.Sprintf("node %d (", loss.ID())) {
			t.Errorf("Lower(%s) = %v, want node %d refused", name, err, loss.ID())
		}
	}
}

// FuzzLower writes a graph of operations that the bytes choose, and takes any of its nodes as ends: Lower returns, and a
// configuration that it returns is valid.
func FuzzLower(f *testing.F) {
	f.Add([]byte{7, 0, 0, 8, 1, 1, 9, 2, 2}, byte(0), byte(1))
	f.Add([]byte{8, 0, 2, 9, 5, 3, 0, 6, 6, 2, 7, 1}, byte(9), byte(12))
	f.Fuzz(func(t *testing.T, program []byte, output, loss byte) {
		g := gorgonia.NewGraph()
		nodes := gorgonia.Nodes{}
		for i, s := range []tensor.Shape{{4, 2}, {2, 2}, {2, 2}, {1, 2}, {4, 4}, {2, 4}} {
			v := make([]float64, s.TotalSize())
			v[len(v)-1], v[len(v)/2] = 1, 1
			nodes = append(nodes, gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(s...), gorgonia.WithName(fmt.Sprint(i)),
				gorgonia.WithValue(tensor.New(tensor.WithShape(s...), tensor.WithBacking(v)))))
		}
		for ; len(program) >= 3 && len(nodes) < 64; program = program[3:] {
			if n := applied(program[0], nodes[int(program[1])%len(nodes)], nodes[int(program[2])%len(nodes)]); n != nil {
				nodes = append(nodes, n)
			}
		}
		c, err := Lower(g, nodes[:2], nodes[int(output)%len(nodes)], nodes[int(loss)%len(nodes)], nn.DefaultConfig())
		if err != nil {
			if !errors.Is(err, ErrLower) && !errors.Is(err, nn.ErrConfig) {
				t.Errorf("Lower = %v, want ErrLower", err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("Lower = %+v, want a valid configuration: %v", c, err)
		}
	})
}

// applied is an operation on a and b, nil where their shapes do not suit it.
func applied(op byte, a, b *gorgonia.Node) *gorgonia.Node {
	unary := []func(*gorgonia.Node) (*gorgonia.Node, error){
		gorgonia.Tanh, gorgonia.Sigmoid, gorgonia.Square, gorgonia.Sqrt, gorgonia.Abs, gorgonia.Rectify, gorgonia.Neg, gorgonia.Exp,
	}
	binary := []func(a, b *gorgonia.Node) (*gorgonia.Node, error){gorgonia.Add, gorgonia.Sub, gorgonia.HadamardProd, gorgonia.HadamardDiv}
	var n *gorgonia.Node
	err := errors.New("shapes")
	matrices := len(a.Shape()) == 2 && len(b.Shape()) == 2
	switch i := int(op) % 16; {
	case i < len(unary):
		n, err = unary[i](a)
	case i < 12 && a.Shape().Eq(b.Shape()):
		n, err = binary[i-8](a, b)
	case i == 12 && matrices && a.Shape()[1] == b.Shape()[0]:
		n, err = gorgonia.Mul(a, b)
	case i == 13 && matrices && b.Shape()[0] == 1 && a.Shape()[1] == b.Shape()[1]:
		n, err = gorgonia.BroadcastAdd(a, b, nil, []byte{0})
	case i == 14 && matrices && a.Shape()[0] == 4:
		n, err = gorgonia.Reshape(a, tensor.Shape{2, a.Shape().TotalSize() / 2})
	case i == 15 && matrices:
		n, err = gorgonia.Mean(a)
	}
	if err != nil {
		return nil
	}
	return n
}
