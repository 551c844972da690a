package onnx

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"doin.network/node/compute/onnx/onnxtest"
)

// fields reads a message: what each field of bytes holds, and the number of each varint.
func fields(t *testing.T, b []byte) (messages map[protowire.Number][][]byte, numbers map[protowire.Number][]uint64) {
	t.Helper()
	messages, numbers = map[protowire.Number][][]byte{}, map[protowire.Number][]uint64{}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			numbers[field], b = append(numbers[field], v), b[n:]
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				t.Fatal(protowire.ParseError(n))
			}
			messages[field], b = append(messages[field], v), b[n:]
		default:
			t.Fatalf("field %d of kind %d", field, kind)
		}
	}
	return messages, numbers
}

// A model has the fields of ModelProto and GraphProto.
func TestModel(t *testing.T) {
	g := New("sum")
	x := g.Input("x", Double, []int{-1, 2}, "pairs")
	g.Output("y", g.Do("Add", x, g.Doubles([]float64{1, 2})), Double, []int{-1, 2}, "")
	model, numbers := fields(t, g.Model("doin", "1", "a sum", Pair{"key", "value"}))
	if v := numbers[1]; !slices.Equal(v, []uint64{irVersion}) {
		t.Errorf("IR version %v", v)
	}
	if string(model[2][0]) != "doin" || string(model[6][0]) != "a sum" || len(model[8]) != 2 {
		t.Errorf("producer %q, doc %q, %d operator sets", model[2], model[6], len(model[8]))
	}
	if facts, _ := fields(t, model[14][0]); string(facts[1][0]) != "key" || string(facts[2][0]) != "value" {
		t.Errorf("facts %q", facts)
	}
	graph, _ := fields(t, model[7][0])
	if len(graph[1]) != 2 || string(graph[2][0]) != "sum" || len(graph[5]) != 1 || len(graph[11]) != 1 || len(graph[12]) != 1 {
		t.Errorf("%d nodes, name %q, %d constants, %d inputs, %d outputs", len(graph[1]), graph[2], len(graph[5]), len(graph[11]), len(graph[12]))
	}
	add, _ := fields(t, graph[1][0])
	if string(add[4][0]) != "Add" || string(add[1][0]) != "x" || len(add[2]) != 1 {
		t.Errorf("first node %q", add)
	}
	constant, kinds := fields(t, graph[5][0])
	if kinds[2][0] != uint64(Double) || len(constant[9][0]) != 16 || !slices.Equal(constant[1][0], []byte{2}) {
		t.Errorf("constant of kind %v, %d bytes, shape % x", kinds[2], len(constant[9][0]), constant[1])
	}
}

func TestConstantShape(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two elements in a shape of three: no panic")
		}
	}()
	New("x").Doubles([]float64{1, 2}, 3)
}

// Loops and branches see what stands around them.
func TestBodies(t *testing.T) {
	g := New("bodies")
	y := g.Input("y", Double, []int{-1}, "")
	two := g.Doubles([]float64{2}, 1)
	w := g.Scan([]Value{g.Doubles([]float64{0}, 1)}, y, func(b *Graph, states []Value, v Value) []Value {
		return []Value{b.Do("Add", b.Do("Mul", states[0], two), v)} // Horner at 2
	})
	long := g.Do("GreaterOrEqual", g.Do("Size", y), g.IntOf(3))
	out, err := g.If(long, func(*Graph) (Value, error) { return w[0], nil },
		func(b *Graph) (Value, error) { return b.Do("Neg", w[0]), nil })
	if err != nil {
		t.Fatal(err)
	}
	g.Output("out", out, Double, []int{1}, "")
	ask := func(y ...float64) map[string]onnxtest.Input {
		return map[string]onnxtest.Input{"y": {Type: "double", Dims: []int{len(y)}, Data: y}}
	}
	answers := onnxtest.Run(t, g.Model("test", "1", ""), []map[string]onnxtest.Input{ask(1, 2, 3), ask(1, 2)})
	for i, want := range []float64{11, -4} {
		if got := answers[i].Numbers(t, "out"); len(got) != 1 || got[0] != want {
			t.Errorf("answer %d is %v, want %v", i, got, want)
		}
	}
}
