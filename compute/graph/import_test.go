package graph

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/onnx"
)

// drawnBy is an ONNX file of a graph between an input of a shape and the output.
func drawnBy(dims []int, outputs int, build func(g *onnx.Graph, x onnx.Value) onnx.Value) []byte {
	g := onnx.New("test")
	x := g.Input("x", onnx.Float, append([]int{-1}, dims...), "")
	g.Output("y", build(g, x), onnx.Float, []int{-1, outputs}, "")
	return g.Model("test", "1", "")
}

// TestImportSteps imports a model that others might draw: a convolution over steps with a residual sum, and two dense layers by Gemm with
// a transposed matrix.
func TestImportSteps(t *testing.T) {
	file := drawnBy([]int{3, 2}, 1, func(g *onnx.Graph, x onnx.Value) onnx.Value {
		tap := func(first float32) onnx.Value {
			return g.Floats([]float32{first, 0.5, 0.25, -1}, 2, 2)
		}
		moved := g.Slice(g.Do("Pad", x, g.List(0, 1, 0, 0, 0, 0)), 0, 3, 1)
		h := g.Do("Add", g.Do("Add", g.Do("MatMul", moved, tap(1)), g.Do("MatMul", x, tap(2))), g.Floats([]float32{0.125, -0.5}, 2))
		h = g.With("Flatten", []onnx.Value{g.Do("Relu", h)}, onnx.Integer("axis", 1))
		h = g.With("Gemm", []onnx.Value{h, g.Floats(uniform(3, 4*6, 1), 4, 6), g.Floats(uniform(4, 4, 1), 4)}, onnx.Integer("transB", 1))
		return g.With("Gemm", []onnx.Value{g.Do("Tanh", h), g.Floats(uniform(5, 4, 1), 4, 1)})
	})
	m, err := Import(file, nn.MSE)
	if err != nil {
		t.Fatal(err)
	}
	c, weights, err := m.Lowered(nn.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	want := []nn.Layer{{Kind: nn.Conv1D, Width: 2, Kernel: 2, Dilation: 1, Activation: nn.ReLU}, {Kind: nn.Flatten}, {Kind: nn.Dense, Width: 4, Activation: nn.Tanh}}
	if c.Inputs != 6 || c.Steps != 3 || c.Outputs != 1 || !reflect.DeepEqual(c.Layers, want) {
		t.Errorf("lowered to %+v, want layers %+v", c, want)
	}
	if head := []float32{1, 0.5, 0.25, -1, 2, 0.5, 0.25, -1, 0.125, -0.5}; !reflect.DeepEqual(weights[:len(head)], head) {
		t.Errorf("weights %v, want %v first", weights, head)
	}
	if transposed := uniform(3, 24, 1); weights[11] != transposed[6] {
		t.Errorf("the second weight of the dense layer is %v, want the transposed matrix's %v", weights[11], transposed[6])
	}
	if last := weights[len(weights)-1]; last != 0 {
		t.Errorf("the bias of a Gemm without one is %v", last)
	}
}

// TestImportRefuses: what cannot be imported is an error that names the node and what is known.
func TestImportRefuses(t *testing.T) {
	w := func(g *onnx.Graph) onnx.Value { return g.Floats([]float32{1, 2, 3, 4}, 2, 2) }
	for name, tc := range map[string]struct {
		build func(g *onnx.Graph, x onnx.Value) onnx.Value
		want  string
	}{
		"unknown operation": {func(g *onnx.Graph, x onnx.Value) onnx.Value { return g.Do("Sin", g.Do("MatMul", x, w(g))) }, `node 1 (Sin "")`},
		"unknown set":       {func(g *onnx.Graph, x onnx.Value) onnx.Value { return g.ML("Scaler", []onnx.Value{x}) }, `"ai.onnx.ml"`},
		"computed matrix":   {func(g *onnx.Graph, x onnx.Value) onnx.Value { return g.Do("MatMul", x, x) }, "no constant matrix"},
		"wrong rows": {func(g *onnx.Graph, x onnx.Value) onnx.Value {
			return g.Do("MatMul", x, g.Floats([]float32{1, 2, 3}, 3, 1))
		}, "3 rows, for 2 channels"},
		"constant first": {func(g *onnx.Graph, x onnx.Value) onnx.Value { return g.Do("MatMul", w(g), x) }, "input 0 is no value"},
		"odd bias":       {func(g *onnx.Graph, x onnx.Value) onnx.Value { return g.Do("Add", x, g.Floats([]float32{1, 2}, 2)) }, "a bias must be"},
		"beta": {func(g *onnx.Graph, x onnx.Value) onnx.Value {
			return g.With("Gemm", []onnx.Value{x, w(g)}, onnx.Real("beta", 2))
		}, "beta 2"},
		"steps too late": {func(g *onnx.Graph, x onnx.Value) onnx.Value { return g.Reshape(g.Do("MatMul", x, w(g)), -1, 2, 1) }, "before anything else"},
		"pad alone": {func(g *onnx.Graph, x onnx.Value) onnx.Value {
			return g.Do("Relu", g.Do("Pad", x, g.List(0, 1, 0, 0, 0, 0)))
		}, "a Slice to as many steps"},
		"no operation": {func(g *onnx.Graph, x onnx.Value) onnx.Value { return x }, "no node computes it"},
	} {
		_, err := Import(drawnBy([]int{2}, 2, tc.build), nn.MSE)
		if !errors.Is(err, ErrImport) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if _, err := Import([]byte("no file"), nn.MSE); !errors.Is(err, onnx.ErrFile) {
		t.Errorf("no file: %v", err)
	}
	// What is imported and has no layer is refused by Lower, with its node.
	m, err := Import(drawnBy([]int{2}, 2, func(g *onnx.Graph, x onnx.Value) onnx.Value {
		return g.Do("Mul", g.FloatOf(3), g.Do("MatMul", x, w(g)))
	}), nn.MSE)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Lowered(nn.DefaultConfig()); !errors.Is(err, ErrLower) {
		t.Errorf("lowered: %v", err)
	}
}

// TestImportRuns: Gorgonia computes of an imported graph what the file says.
func TestImportRuns(t *testing.T) {
	m, err := Import(drawnBy([]int{2}, 1, func(g *onnx.Graph, x onnx.Value) onnx.Value {
		h := g.Do("Sigmoid", g.Do("Add", g.Do("MatMul", x, g.Floats([]float32{1, 2, 3, 4}, 2, 2)), g.Floats([]float32{0.5, -0.5}, 2)))
		return g.Do("MatMul", h, g.Floats([]float32{1, -2}, 2, 1))
	}), nn.MSE)
	if err != nil {
		t.Fatal(err)
	}
	σ := func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
	got, err := m.Run([]float32{0.25, -0.5})
	if err != nil {
		t.Fatal(err)
	}
	if want := σ(0.25-1.5+0.5) - 2*σ(0.5-2-0.5); len(got) != 1 || math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("output %v, want %v", got, want)
	}
}

// FuzzImport: any bytes are a graph or an error, and what is lowered has as many weights as its configuration says.
func FuzzImport(f *testing.F) {
	f.Add(drawnBy([]int{3, 2}, 1, func(g *onnx.Graph, x onnx.Value) onnx.Value {
		moved := g.Slice(g.Do("Pad", x, g.List(0, 1, 0, 0, 0, 0)), 0, 3, 1)
		h := g.Do("Add", g.Do("MatMul", moved, g.Floats([]float32{1, 2}, 2, 1)), g.Do("MatMul", x, g.Floats([]float32{3, 4}, 2, 1)))
		return g.Do("MatMul", g.Slice(g.Do("Tanh", h), -1, onnx.End, 1), g.Floats([]float32{1}, 1, 1))
	}))
	f.Add(drawnBy([]int{2}, 1, func(g *onnx.Graph, x onnx.Value) onnx.Value {
		return g.With("Gemm", []onnx.Value{g.Reshape(x, -1, 2, 1), g.Doubles([]float64{1, 2}, 1, 2), g.Floats([]float32{1}, 1)}, onnx.Integer("transB", 1))
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 || bytes.Count(data, []byte{0xff}) > 64 {
			return
		}
		m, err := Import(data, nn.MSE)
		if err != nil {
			if !errors.Is(err, ErrImport) && !errors.Is(err, onnx.ErrFile) {
				t.Fatalf("Import = %v", err)
			}
			return
		}
		if c, weights, err := m.Lowered(nn.DefaultConfig()); err == nil && len(weights) != c.Parameters() {
			t.Fatalf("%d weights of %d", len(weights), c.Parameters())
		}
	})
}
