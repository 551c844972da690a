package onnx

import (
	"fmt"
	"math"
	"strconv"
)

// Value is a tensor between operations; the zero Value stands for an input that is left out.
type Value string

// Type is what the elements of a tensor are, with the number that ONNX gives it.
type Type int32

// The types.
const (
	Float  Type = 1 // binary32
	Int    Type = 7 // 64 bits
	Text   Type = 8
	Bool   Type = 9
	Double Type = 11 // binary64
)

// The operator sets: "" is that of neural networks.
const ml = "ai.onnx.ml"

// Graph is operations in the order in which they are appended. It is for one goroutine.
type Graph struct {
	name           string
	nodes, tensors [][]byte
	inputs         []port
	outputs        []port
	names          *int // values so far, of all graphs of a model
}

// port is an input or an output; a negative dimension has any size.
type port struct {
	name string
	kind Type
	dims []int
	doc  string
}

// New returns an empty graph.
func New(name string) *Graph { return &Graph{name: name, names: new(int)} }

// body returns an empty graph for a loop or a branch.
func (g *Graph) body(name string) *Graph { return &Graph{name: name, names: g.names} }

// reserved begins the names that are made here.
const reserved = "doin:"

// value makes a name.
func (g *Graph) value() Value {
	*g.names++
	return Value(reserved + strconv.Itoa(*g.names))
}

// Input adds an input of the model. dims may have negative ones, of any size; doc says what it is, for people.
func (g *Graph) Input(name string, kind Type, dims []int, doc string) Value {
	g.inputs = append(g.inputs, port{name, kind, dims, doc})
	return Value(name)
}

// Output makes a value an output of the model.
func (g *Graph) Output(name string, v Value, kind Type, dims []int, doc string) {
	g.nodes = append(g.nodes, node("Identity", "", []Value{v}, []Value{Value(name)}))
	g.outputs = append(g.outputs, port{name, kind, dims, doc})
}

// Do appends an operation of ai.onnx with one result.
func (g *Graph) Do(op string, in ...Value) Value { return g.With(op, in) }

// With is Do with attributes.
func (g *Graph) With(op string, in []Value, attributes ...Attribute) Value {
	out := g.value()
	g.nodes = append(g.nodes, node(op, "", in, []Value{out}, attributes...))
	return out
}

// Many is With for an operation of several results.
func (g *Graph) Many(op string, in []Value, results int, attributes ...Attribute) []Value {
	out := make([]Value, results)
	for i := range out {
		out[i] = g.value()
	}
	g.nodes = append(g.nodes, node(op, "", in, out, attributes...))
	return out
}

// ML appends an operation of ai.onnx.ml.
func (g *Graph) ML(op string, in []Value, attributes ...Attribute) Value {
	out := g.value()
	g.nodes = append(g.nodes, node(op, ml, in, []Value{out}, attributes...))
	return out
}

// constant adds a tensor.
func (g *Graph) constant(t func(name string) []byte) Value {
	v := g.value()
	g.tensors = append(g.tensors, t(string(v)))
	return v
}

// Floats, Doubles, Ints and Texts are constants of a shape; without one they are vectors, or with one element scalars.
func (g *Graph) Floats(v []float32, dims ...int) Value {
	return g.constant(func(name string) []byte { return floats(name, shapeOf(len(v), dims), v) })
}

// Doubles is Floats in binary64.
func (g *Graph) Doubles(v []float64, dims ...int) Value {
	return g.constant(func(name string) []byte { return doubles(name, shapeOf(len(v), dims), v) })
}

// Ints is Floats of integers.
func (g *Graph) Ints(v []int64, dims ...int) Value {
	return g.constant(func(name string) []byte { return ints(name, shapeOf(len(v), dims), v) })
}

// Texts is Floats of texts.
func (g *Graph) Texts(v []string, dims ...int) Value {
	return g.constant(func(name string) []byte { return texts(name, shapeOf(len(v), dims), v) })
}

// FloatOf, DoubleOf and IntOf are scalars.
func (g *Graph) FloatOf(v float32) Value { return g.Floats([]float32{v}) }

// DoubleOf is a scalar in binary64.
func (g *Graph) DoubleOf(v float64) Value { return g.Doubles([]float64{v}) }

// IntOf is a scalar integer.
func (g *Graph) IntOf(v int) Value { return g.Ints([]int64{int64(v)}) }

// List is a vector of integers, of one too: a shape, the ends of a slice.
func (g *Graph) List(v ...int) Value {
	list := make([]int64, len(v))
	for i, n := range v {
		list[i] = int64(n)
	}
	return g.Ints(list, len(list))
}

// shapeOf returns the dimensions of a constant of n elements.
func shapeOf(n int, dims []int) []int {
	if len(dims) == 0 && n != 1 {
		return []int{n}
	}
	size := 1
	for _, d := range dims {
		size *= d
	}
	if size != n {
		panic(fmt.Sprintf("onnx: constant of %d elements in a shape of %v", n, dims))
	}
	return dims
}

// Cast converts the elements.
func (g *Graph) Cast(v Value, to Type) Value {
	return g.With("Cast", []Value{v}, Integer("to", int(to)))
}

// Slice returns the elements from to end of an axis; negative ends count from the last one, and the largest int is no end.
func (g *Graph) Slice(v Value, from, end, axis int) Value {
	return g.Do("Slice", v, g.List(from), g.List(end), g.List(axis))
}

// End is where a Slice goes on to the last element.
const End = int(^uint(0) >> 1)

// Concat joins values along an axis.
func (g *Graph) Concat(axis int, v ...Value) Value {
	if len(v) == 1 {
		return v[0]
	}
	return g.With("Concat", v, Integer("axis", axis))
}

// Reshape gives a value other dimensions; −1 is what is left.
func (g *Graph) Reshape(v Value, dims ...int) Value { return g.Do("Reshape", v, g.List(dims...)) }

// Gather returns the elements of an axis that indices name, in the shape of indices.
func (g *Graph) Gather(v, indices Value, axis int) Value {
	return g.With("Gather", []Value{v, indices}, Integer("axis", axis))
}

// Shift is v × 10^power, of doubles.
func (g *Graph) Shift(v Value, power int) Value {
	if power < 0 {
		return g.Do("Div", v, g.DoubleOf(math.Pow10(-power)))
	}
	return g.Do("Mul", v, g.DoubleOf(math.Pow10(power)))
}

// If returns one of two values; both branches see what stands around them.
func (g *Graph) If(condition Value, then, otherwise func(b *Graph) (Value, error)) (Value, error) {
	var branches []Attribute
	for _, one := range []struct {
		name  string
		build func(b *Graph) (Value, error)
	}{{"then_branch", then}, {"else_branch", otherwise}} {
		b := g.body(one.name)
		v, err := one.build(b)
		if err != nil {
			return "", err
		}
		out := b.Do("Identity", v)
		b.outputs = []port{{name: string(out)}}
		branches = append(branches, Attribute{name: one.name, graph: b})
	}
	return g.With("If", []Value{condition}, branches...), nil
}

// Scan goes through the elements of one sequence with states: step gets the states before an element and the element, and
// returns the states behind it. The result is the states behind the last one.
func (g *Graph) Scan(states []Value, sequence Value, step func(b *Graph, states []Value, element Value) []Value) []Value {
	b := g.body("step")
	in := make([]Value, len(states))
	for i := range in {
		in[i] = b.value()
		b.inputs = append(b.inputs, port{name: string(in[i]), kind: Double, dims: nil})
	}
	element := b.value()
	b.inputs = append(b.inputs, port{name: string(element), kind: Double, dims: nil})
	for _, v := range step(b, in, element) {
		b.outputs = append(b.outputs, port{name: string(b.Do("Identity", v))})
	}
	return g.Many("Scan", append(append([]Value(nil), states...), sequence), len(states), Integer("num_scan_inputs", 1), Attribute{name: "body", graph: b})
}
