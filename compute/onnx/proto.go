package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// What a file says of itself. The field numbers below are those of onnx.proto.
const (
	irVersion = 8
	opset     = 17
	mlOpset   = 3
)

// Pair is a fact about a model that the file carries.
type Pair struct{ Key, Value string }

// Model is the file of a graph. doc is for people; facts are for programs.
func (g *Graph) Model(producer, version, doc string, facts ...Pair) []byte {
	var b []byte
	b = number(b, 1, irVersion)
	b = text(b, 2, producer)
	b = text(b, 3, version)
	b = text(b, 6, doc)
	b = message(b, 7, g.encode())
	b = message(b, 8, number(nil, 2, opset))
	b = message(b, 8, number(text(nil, 1, ml), 2, mlOpset))
	for _, f := range facts {
		b = message(b, 14, text(text(nil, 1, f.Key), 2, f.Value))
	}
	return b
}

// encode is a GraphProto.
func (g *Graph) encode() []byte {
	var b []byte
	for _, n := range g.nodes {
		b = message(b, 1, n)
	}
	b = text(b, 2, g.name)
	for _, t := range g.tensors {
		b = message(b, 5, t)
	}
	for _, p := range g.inputs {
		b = message(b, 11, p.encode())
	}
	for _, p := range g.outputs {
		b = message(b, 12, p.encode())
	}
	return b
}

// encode is a ValueInfoProto. A port of a body has no type that needs to be told.
func (p port) encode() []byte {
	b := text(nil, 1, p.name)
	if p.kind != 0 {
		t := number(nil, 1, int64(p.kind))
		if p.dims != nil {
			var shape []byte
			for i, d := range p.dims {
				if d < 0 { // of any size, by name
					shape = message(shape, 1, text(nil, 2, string(rune('n'+i))))
				} else {
					shape = message(shape, 1, number(nil, 1, int64(d)))
				}
			}
			t = message(t, 2, shape)
		}
		b = message(b, 2, message(nil, 1, t))
	}
	return text(b, 3, p.doc)
}

// node is a NodeProto.
func node(op, set string, in, out []Value, attributes ...Attribute) []byte {
	var b []byte
	for _, v := range in {
		b = message(b, 1, []byte(v))
	}
	for _, v := range out {
		b = message(b, 2, []byte(v))
	}
	b = text(b, 4, op)
	for _, a := range attributes {
		b = message(b, 5, a.encode())
	}
	return text(b, 7, set)
}

// Attribute is a constant of an operation.
type Attribute struct {
	name    string
	kind    int64 // AttributeProto.AttributeType
	payload []byte
	graph   *Graph
}

// The kinds of attribute that are used.
const (
	oneFloat, oneInt, oneText, oneGraph       = 1, 2, 3, 5
	manyFloats, manyInts, manyTexts     int64 = 6, 7, 8
)

func (a *Attribute) encode() []byte {
	b := append(text(nil, 1, a.name), a.payload...)
	if a.graph != nil {
		return number(message(b, 6, a.graph.encode()), 20, oneGraph)
	}
	return number(b, 20, a.kind)
}

// Integer is an attribute.
func Integer(name string, v int) Attribute {
	return Attribute{name: name, kind: oneInt, payload: always(nil, 3, int64(v))}
}

// Real is an attribute.
func Real(name string, v float32) Attribute {
	return Attribute{name: name, kind: oneFloat, payload: protowire.AppendFixed32(protowire.AppendTag(nil, 2, protowire.Fixed32Type), math.Float32bits(v))}
}

// Word is an attribute.
func Word(name, v string) Attribute {
	return Attribute{name: name, kind: oneText, payload: message(nil, 4, []byte(v))}
}

// Integers is an attribute.
func Integers(name string, v []int64) Attribute {
	var packed []byte
	for _, n := range v {
		packed = protowire.AppendVarint(packed, uint64(n))
	}
	return Attribute{name: name, kind: manyInts, payload: message(nil, 8, packed)}
}

// Reals is an attribute.
func Reals(name string, v []float32) Attribute {
	return Attribute{name: name, kind: manyFloats, payload: message(nil, 7, bits32(v))}
}

// Words is an attribute.
func Words(name string, v []string) Attribute {
	var b []byte
	for _, s := range v {
		b = message(b, 9, []byte(s))
	}
	return Attribute{name: name, kind: manyTexts, payload: b}
}

// tensor is a TensorProto without its elements.
func tensor(name string, kind Type, dims []int) []byte {
	var packed []byte
	for _, d := range dims {
		packed = protowire.AppendVarint(packed, uint64(d))
	}
	var b []byte
	if len(dims) > 0 {
		b = message(b, 1, packed)
	}
	return text(number(b, 2, int64(kind)), 8, name)
}

// rawData is the field of elements as bytes, little-endian.
const rawData = 9

func floats(name string, dims []int, v []float32) []byte {
	return message(tensor(name, Float, dims), rawData, bits32(v))
}

func doubles(name string, dims []int, v []float64) []byte {
	raw := make([]byte, 0, 8*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
	}
	return message(tensor(name, Double, dims), rawData, raw)
}

func ints(name string, dims []int, v []int64) []byte {
	raw := make([]byte, 0, 8*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	return message(tensor(name, Int, dims), rawData, raw)
}

func texts(name string, dims []int, v []string) []byte {
	b := tensor(name, Text, dims)
	for _, s := range v {
		b = message(b, 6, []byte(s))
	}
	return b
}

func bits32(v []float32) []byte {
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return raw
}

// number appends a varint field that is not 0.
func number(b []byte, field protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	return always(b, field, v)
}

func always(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

// text appends a field of text that is not empty.
func text(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return message(b, field, []byte(s))
}

// message appends a field of bytes: a message, a text, packed numbers.
func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}
