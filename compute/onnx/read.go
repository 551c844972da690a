package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrFile is what every error of Read wraps.
var ErrFile = errors.New("onnx: not a model that can be read")

// Bounds of what Read takes.
const (
	MaxFileBytes = 64 << 20
	maxNodes     = 4096
	maxRank      = 8
)

// File is a model as it was read: operations in the order of the file, in which ONNX has them sorted.
type File struct {
	Nodes   []Node
	Tensors map[string]*Tensor // the initializers, by name
	Inputs  []Port             // but for those that are initializers
	Outputs []Port
}

// Node is one operation. Attributes that are graphs are left out.
type Node struct {
	Op, Set, Name   string
	Inputs, Outputs []string
	Integers        map[string]int64
	Reals           map[string]float64
	Lists           map[string][]int64
	Constant        *Tensor // the attribute "value"
}

// Port is an input or an output; −1 stands for a dimension of any size. Dims is nil where the file does not say them.
type Port struct {
	Name string
	Dims []int
}

// Tensor is a constant: Reals of the types float and double, Integers of int64 and int32, row-major.
type Tensor struct {
	Dims     []int
	Reals    []float64
	Integers []int64
}

// Read reads a file. Its memory is bounded by a small multiple of the file's size, which may be MaxFileBytes; weights in files of their
// own are refused. Absent: bodies of loops and branches, texts, other types of numbers.
func Read(data []byte) (*File, error) {
	if len(data) > MaxFileBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFile, len(data), MaxFileBytes)
	}
	f := &File{Tensors: map[string]*Tensor{}}
	found := false
	err := each(data, func(field protowire.Number, b []byte, _ uint64) error {
		if field != 7 || b == nil {
			return nil
		}
		if found {
			return errors.New("two graphs")
		}
		found = true
		return f.graph(b)
	})
	if err == nil && !found {
		err = errors.New("no graph")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return f, nil
}

// each calls do for the fields of a message: b is nil for numbers, of which floats are their bits.
func each(data []byte, do func(field protowire.Number, b []byte, n uint64) error) error {
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		var b []byte
		var v uint64
		switch kind {
		case protowire.BytesType:
			if b, n = protowire.ConsumeBytes(data); b == nil {
				b = []byte{}
			}
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var w uint32
			w, n = protowire.ConsumeFixed32(data)
			v = uint64(w)
		default:
			n = protowire.ConsumeFieldValue(field, kind, data)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if err := do(field, b, v); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) graph(data []byte) error {
	var inputs []Port
	err := each(data, func(field protowire.Number, b []byte, _ uint64) error {
		if b == nil {
			return nil
		}
		switch field {
		case 1:
			if len(f.Nodes) >= maxNodes {
				return fmt.Errorf("more than %d operations", maxNodes)
			}
			n, err := readNode(b)
			f.Nodes = append(f.Nodes, n)
			if err != nil {
				return fmt.Errorf("node %d (%.40s %.80q): %w", len(f.Nodes)-1, n.Op, n.Name, err)
			}
		case 5:
			name, t, err := readTensor(b)
			if err != nil {
				return fmt.Errorf("initializer %.80q: %w", name, err)
			}
			f.Tensors[name] = t
		case 11, 12:
			p, err := readPort(b)
			if err != nil {
				return err
			}
			if field == 11 {
				inputs = append(inputs, p)
			} else {
				f.Outputs = append(f.Outputs, p)
			}
		}
		return nil
	})
	for _, p := range inputs {
		if f.Tensors[p.Name] == nil {
			f.Inputs = append(f.Inputs, p)
		}
	}
	return err
}

func readNode(data []byte) (n Node, err error) {
	n.Integers, n.Reals, n.Lists = map[string]int64{}, map[string]float64{}, map[string][]int64{}
	err = each(data, func(field protowire.Number, b []byte, _ uint64) error {
		if b == nil {
			return nil
		}
		switch field {
		case 1:
			n.Inputs = append(n.Inputs, string(b))
		case 2:
			n.Outputs = append(n.Outputs, string(b))
		case 3:
			n.Name = string(b)
		case 4:
			n.Op = string(b)
		case 5:
			return n.attribute(b)
		case 7:
			n.Set = string(b)
		}
		return nil
	})
	return n, err
}

func (n *Node) attribute(data []byte) error {
	name := ""
	if err := each(data, func(field protowire.Number, b []byte, _ uint64) error { // the name first, wherever it stands
		if field == 1 && b != nil {
			name = string(b)
		}
		return nil
	}); err != nil {
		return err
	}
	return each(data, func(field protowire.Number, b []byte, v uint64) (err error) {
		switch {
		case field == 2 && b == nil:
			n.Reals[name] = float64(math.Float32frombits(uint32(v)))
		case field == 3 && b == nil:
			n.Integers[name] = int64(v)
		case field == 5 && b != nil:
			if name == "value" {
				_, n.Constant, err = readTensor(b)
			}
		case field == 8 && b == nil:
			n.Lists[name] = append(n.Lists[name], int64(v))
		case field == 8:
			n.Lists[name], err = varints(n.Lists[name], b)
		}
		return err
	})
}

// varints appends packed integers.
func varints(out []int64, b []byte) ([]int64, error) {
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return out, protowire.ParseError(n)
		}
		out, b = append(out, int64(v)), b[n:]
	}
	return out, nil
}

func readPort(data []byte) (p Port, err error) {
	err = each(data, func(field protowire.Number, b []byte, _ uint64) error {
		switch {
		case field == 1 && b != nil:
			p.Name = string(b)
		case field == 2 && b != nil:
			return each(b, func(field protowire.Number, b []byte, _ uint64) error { // TypeProto
				if field != 1 || b == nil {
					return nil
				}
				return each(b, func(field protowire.Number, b []byte, _ uint64) (err error) { // of a tensor
					if field == 2 && b != nil {
						p.Dims, err = readShape(b)
					}
					return err
				})
			})
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("input or output %.80q: %w", p.Name, err)
	}
	return p, err
}

func readShape(data []byte) (dims []int, err error) {
	dims = []int{}
	err = each(data, func(field protowire.Number, b []byte, _ uint64) error {
		if field != 1 || b == nil {
			return nil
		}
		if len(dims) >= maxRank {
			return fmt.Errorf("more than %d dimensions", maxRank)
		}
		size := -1
		dims = append(dims, size)
		return each(b, func(field protowire.Number, b []byte, v uint64) error {
			if field == 1 && b == nil {
				if v > math.MaxInt32 {
					return fmt.Errorf("a dimension of %d", v)
				}
				dims[len(dims)-1] = int(v)
			}
			return nil
		})
	})
	return dims, err
}

// The types of a tensor beside those that are written.
const int32Type Type = 6

func readTensor(data []byte) (name string, t *Tensor, err error) {
	t = &Tensor{}
	var kind Type
	var dims []int64
	var raw []byte
	var reals []float64
	var integers []int64
	err = each(data, func(field protowire.Number, b []byte, v uint64) (err error) {
		switch {
		case field == 1 && b == nil:
			dims = append(dims, int64(v))
		case field == 1:
			dims, err = varints(dims, b)
		case field == 2 && b == nil:
			kind = Type(v)
		case field == 4 && b == nil: // float_data, one by one
			reals = append(reals, float64(math.Float32frombits(uint32(v))))
		case field == 4:
			reals, err = reals32(reals, b)
		case field == 7 && b == nil, field == 5 && b == nil:
			integers = append(integers, int64(v))
		case field == 7, field == 5:
			integers, err = varints(integers, b)
		case field == 8 && b != nil:
			name = string(b)
		case field == 9 && b != nil:
			raw = b
		case field == 10 && b != nil:
			reals, err = reals64(reals, b)
		case field == 13, field == 14 && v != 0:
			return errors.New("its elements are in a file of their own: save the model with them inside")
		}
		return err
	})
	if err != nil {
		return name, nil, err
	}
	switch kind {
	case Float:
		if t.Reals = reals; raw != nil {
			t.Reals, err = reals32(nil, raw)
		}
	case Double:
		if t.Reals = reals; raw != nil {
			t.Reals, err = reals64(nil, raw)
		}
	case Int, int32Type:
		if t.Integers = integers; raw != nil {
			t.Integers, err = integersOf(raw, kind)
		}
	default:
		err = fmt.Errorf("type %d of elements: known are float (1), int32 (6), int64 (7) and double (11)", kind)
	}
	if err != nil {
		return name, nil, err
	}
	size := 1
	if len(dims) > maxRank {
		return name, nil, fmt.Errorf("%d dimensions, at most %d", len(dims), maxRank)
	}
	for _, d := range dims {
		if d < 0 || d > MaxFileBytes || size*int(d) > MaxFileBytes {
			return name, nil, fmt.Errorf("shape %v", dims)
		}
		size *= int(d)
		t.Dims = append(t.Dims, int(d))
	}
	if n := len(t.Reals) + len(t.Integers); n != size {
		return name, nil, fmt.Errorf("%d elements in a shape of %v", n, dims)
	}
	return name, t, nil
}

func reals32(out []float64, b []byte) ([]float64, error) {
	if len(b)%4 != 0 {
		return out, fmt.Errorf("%d bytes of elements of 4", len(b))
	}
	for ; len(b) > 0; b = b[4:] {
		out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	return out, nil
}

func reals64(out []float64, b []byte) ([]float64, error) {
	if len(b)%8 != 0 {
		return out, fmt.Errorf("%d bytes of elements of 8", len(b))
	}
	for ; len(b) > 0; b = b[8:] {
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return out, nil
}

func integersOf(b []byte, kind Type) (out []int64, err error) {
	width := 8
	if kind == int32Type {
		width = 4
	}
	if len(b)%width != 0 {
		return nil, fmt.Errorf("%d bytes of elements of %d", len(b), width)
	}
	for ; len(b) > 0; b = b[width:] {
		if width == 8 {
			out = append(out, int64(binary.LittleEndian.Uint64(b)))
		} else {
			out = append(out, int64(int32(binary.LittleEndian.Uint32(b))))
		}
	}
	return out, nil
}
