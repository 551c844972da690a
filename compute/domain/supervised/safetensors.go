package supervised

import (
	"encoding/binary"
	"fmt"
	"math"

	"doin.network/node/internal/canon"
)

// safetensors is the model as a file of that format (https://github.com/huggingface/safetensors): of every network that did not
// diverge the matrices "network_I.matrix_J.weight" [in][out] and "….bias", and gains of layer norms, in binary32, or of a kind that is no
// list of layers "network_I.learnable_J" in binary64; the coefficients of
// the closed forms "member.NAME" in binary64; "weights" of the members, in their order. Metadata are the facts and the names of the
// members.
func (m *model) safetensors(facts *canon.Object) ([]byte, error) {
	f := tensors{header: canon.NewObject()}
	names := make([]string, 0, len(m.ensemble.members))
	members := m.domain.problem.Members()
	networks := len(m.ensemble.members) - len(members)
	weights := make([]uint64, len(m.ensemble.members))
	for i, member := range m.ensemble.members {
		weights[i] = uint64(m.ensemble.weights[i])
		if i >= networks {
			name := members[i-networks].Name()
			names = append(names, name)
			if c := member.Coefficients(); len(c) > 0 {
				f.add("member."+name, "F64", doublesOf(c), len(c))
			}
			continue
		}
		name := fmt.Sprintf("network_%d", i)
		names = append(names, name)
		switch n := member.(type) {
		case *network:
			f.network(name, n)
		case *kindred:
			for _, x := range n.net.Tensors() {
				f.add(name+"."+x.Name, "F64", doublesOf(x.Values), x.Shape...)
			}
		}
	}
	f.add("weights", "I64", wordsOf(weights), len(weights))
	meta := canon.NewObject("members", string(canon.Default(names)))
	for key, v := range facts.All() {
		text, ok := v.(string)
		if !ok {
			text = string(canon.Default(v))
		}
		meta.Set(key, text)
	}
	return f.file(meta), nil
}

// tensors collects a file.
type tensors struct {
	header *canon.Object
	data   []byte
}

func (f *tensors) add(name, kind string, data []byte, dims ...int) {
	shape := make([]any, len(dims))
	for i, d := range dims {
		shape[i] = d
	}
	f.header.Set(name, canon.NewObject("dtype", kind, "shape", shape, "data_offsets", []any{len(f.data), len(f.data) + len(data)}))
	f.data = append(f.data, data...)
}

func (f *tensors) network(name string, n *network) {
	model, w := n.net.Model(), n.net.Weights()
	for j, x := range model.Matrices {
		f.add(fmt.Sprintf("%s.matrix_%d.weight", name, j), "F32", floatsOf(w[x.Offset:][:x.In*x.Out]), x.In, x.Out)
		f.add(fmt.Sprintf("%s.matrix_%d.bias", name, j), "F32", floatsOf(w[x.Offset+x.In*x.Out:][:x.Out]), x.Out)
	}
	for j, x := range model.Gains {
		f.add(fmt.Sprintf("%s.norm_%d.gain", name, j), "F32", floatsOf(w[x.Offset:][:x.Channels]), x.Channels)
		f.add(fmt.Sprintf("%s.norm_%d.bias", name, j), "F32", floatsOf(w[x.Offset+x.Channels:][:x.Channels]), x.Channels)
	}
}

// file joins the length of the header, the header, padded to eight bytes, and the data. Matrices of binary32 are an even number of words
// or not: elements of eight bytes may lie at a multiple of four, which the format allows.
func (f *tensors) file(meta *canon.Object) []byte {
	header := canon.NewObject("__metadata__", meta)
	for key, v := range f.header.All() {
		header.Set(key, v)
	}
	text := canon.Default(header)
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(out, text...), f.data...)
}

func floatsOf(v []float32) (out []byte) {
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func doublesOf(v []float64) (out []byte) {
	for _, x := range v {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
	}
	return out
}

func wordsOf(v []uint64) (out []byte) {
	for _, x := range v {
		out = binary.LittleEndian.AppendUint64(out, x)
	}
	return out
}
