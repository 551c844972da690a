package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/onnx"
)

// ErrImport is what Import's errors about what a file's operations say wrap; those about its bytes wrap onnx.ErrFile.
var ErrImport = errors.New("graph: a model that cannot be imported")

// Import reads an ONNX file as a graph for one sample, ended by a loss of its output; Lower makes layers of it where it can. The model has
// one input, [n][channels] or [n][steps][channels], and one output, [n][outputs], and is made of operations that layers are made of:
// MatMul and Gemm with constants, Add, Mul, Relu, Tanh, Sigmoid, Reshape, Flatten, Pad and Slice as they move steps, Slice of the last one,
// Identity and Cast. An error names the first node that says something else. Learnables hold the file's weights, rounded to binary32.
func Import(file []byte, loss nn.Loss) (m *Network, err error) {
	f, err := onnx.Read(file)
	if err != nil {
		return nil, err
	}
	if len(f.Inputs) != 1 || len(f.Outputs) != 1 {
		return nil, fmt.Errorf("%w: %d inputs, %d outputs: want one each", ErrImport, len(f.Inputs), len(f.Outputs))
	}
	dims := f.Inputs[0].Dims
	if len(dims) != 2 && len(dims) != 3 {
		return nil, fmt.Errorf("%w: input %.80q of shape %v: want [n][channels] or [n][steps][channels]", ErrImport, f.Inputs[0].Name, dims)
	}
	for _, d := range dims[1:] {
		if d < 1 || d > nn.MaxWidth {
			return nil, fmt.Errorf("%w: input %.80q of shape %v: sizes behind the first must be 1 to %d", ErrImport, f.Inputs[0].Name, dims, nn.MaxWidth)
		}
	}
	i := &importing{file: f, model: model{graph: gorgonia.NewGraph(), rows: 1}, values: map[string]*value{}}
	x := &value{steps: 1, channels: dims[len(dims)-1]}
	if len(dims) == 3 {
		x.steps = dims[1]
	}
	i.values[f.Inputs[0].Name], i.input = x, x
	defer func() { // Gorgonia panics where shapes do not fit
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("%w: %s: %v", ErrImport, i.at, r)
		}
	}()
	for n := range f.Nodes {
		node := &f.Nodes[n]
		i.at = fmt.Sprintf("node %d (%.40s %.80q)", n, node.Op, node.Name)
		if err := errors.Join(i.append(node), i.err); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrImport, i.at, err)
		}
	}
	i.at = fmt.Sprintf("output %.80q", f.Outputs[0].Name)
	out := i.values[f.Outputs[0].Name]
	if out == nil || out == x || out.of != nil {
		return nil, fmt.Errorf("%w: %s: no node computes it of the input", ErrImport, i.at)
	}
	output := i.finished(out)
	if i.err == nil && out.steps != 1 {
		i.err = fmt.Errorf("%d steps of %d channels, want one step: a Flatten or the last step before it", out.steps, out.channels)
	}
	if i.err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrImport, i.at, i.err)
	}
	target := i.matrix("y", 1, out.channels, make([]float32, out.channels))
	end := i.cost(loss, output, target)
	if i.err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrImport, loss, i.err)
	}
	return &Network{Graph: i.graph, Input: x.node, Target: target, Output: output, Loss: end, Parameters: i.parameters}, nil
}

// Lowered returns the configuration that the graph says (Lower) and its weights in the order of nn.Gradient, as the learnables hold them.
func (m *Network) Lowered(base nn.Config) (c nn.Config, weights []float32, err error) {
	c, learnables, err := lower(m.Graph, gorgonia.Nodes{m.Input, m.Target}, m.Output, m.Loss, base)
	if err != nil {
		return c, nil, err
	}
	for _, p := range learnables {
		s := p.Shape()
		for _, v := range elements(p, s[0], s.TotalSize()/s[0]) {
			weights = append(weights, float32(v))
		}
	}
	return c, weights, nil
}

// Run returns the outputs of the samples x, as many as the graph is built for, by Gorgonia in binary64. Each call compiles the graph.
func (m *Network) Run(x []float32) ([]float64, error) {
	input, ok := m.Input.Value().Data().([]float64)
	if !ok || len(input) != len(x) {
		return nil, fmt.Errorf("%w: %d inputs, want %d", ErrShape, len(x), len(input))
	}
	for i, v := range x {
		input[i] = float64(v)
	}
	machine := gorgonia.NewTapeMachine(m.Graph.SubgraphRoots(m.Output)) // a loss may be computed in the place of the outputs
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return nil, fmt.Errorf("graph: run: %w", err)
	}
	switch v := m.Output.Value().Data().(type) {
	case []float64:
		return slices.Clone(v), nil
	case float64:
		return []float64{v}, nil
	default:
		return nil, fmt.Errorf("graph: outputs are a %T", v)
	}
}

// importing is a file on its way to a graph.
type importing struct {
	model
	file   *onnx.File
	values map[string]*value
	input  *value
	at     string // what is being read, for errors
	moves  int    // elements of the matrices that move steps
}

// maxMoves bounds the elements of the matrices that move steps, of which each has steps².
const maxMoves = 1 << 24

// value is what a name of the file stands for: a node of [steps][channels]. Biases are added last, behind all taps of a convolution.
type value struct {
	node            *gorgonia.Node // nil: the input, before its shape is final
	steps, channels int
	source          *value    // what a sum of products with constants is of, nil for others
	bias            []float64 // still to be added
	shifted         *value    // what is the same, some steps earlier
	of              *value    // what was padded, of which this is no more than a note
	padded          int       // steps of zeros in front
}

// finished is the node of a value with its bias.
func (i *importing) finished(v *value) *gorgonia.Node {
	if v.node == nil {
		v.node = i.matrix("x", v.steps, v.channels, make([]float32, v.steps*v.channels))
	}
	if v.source != nil {
		bias := v.bias
		if bias == nil {
			bias = make([]float64, v.channels)
		}
		v.node = i.op(gorgonia.BroadcastAdd(v.node, i.learnable(1, v.channels, bias), nil, []byte{0}))
		v.source, v.bias = nil, nil
	}
	return v.node
}

// learnable is a parameter with values.
func (i *importing) learnable(rows, columns int, values []float64) *gorgonia.Node {
	i.weights = make([]float32, len(values))
	for j, v := range values {
		i.weights[j] = float32(v)
	}
	return i.parameter(rows, columns)
}

// tensor is the constant of a name, nil for what is computed.
func (i *importing) tensor(name string) *onnx.Tensor { return i.file.Tensors[name] }

// append reads one operation.
func (i *importing) append(n *onnx.Node) error {
	if n.Set != "" && n.Set != "ai.onnx" {
		return fmt.Errorf("operations of %.80q are not known", n.Set)
	}
	if len(n.Outputs) != 1 || len(n.Inputs) < 1 && n.Op != "Constant" {
		return fmt.Errorf("%d inputs, %d outputs: want at least one and one", len(n.Inputs), len(n.Outputs))
	}
	name := n.Outputs[0]
	if i.values[name] != nil || i.tensor(name) != nil {
		return fmt.Errorf("output %.80q is there already", name)
	}
	if n.Op == "Constant" {
		if n.Constant == nil {
			return errors.New("a constant without the attribute value")
		}
		i.file.Tensors[name] = n.Constant
		return nil
	}
	operation, known := operations[n.Op]
	if !known {
		return fmt.Errorf("is not known: known are %s", strings.Join(operationNames, ", "))
	}
	out, err := operation(i, n)
	if err != nil {
		return err
	}
	i.values[name] = out
	return nil
}

// operand is a computed input of a node.
func (i *importing) operand(n *onnx.Node, at int) (*value, error) {
	if at >= len(n.Inputs) || i.values[n.Inputs[at]] == nil {
		return nil, fmt.Errorf("input %d is no value that is computed of the model's input", at)
	}
	if v := i.values[n.Inputs[at]]; v.of == nil {
		return v, nil
	}
	return nil, fmt.Errorf("input %d is padded: a Slice to as many steps as before must follow a Pad", at)
}

// list is a constant input of integers.
func (i *importing) list(n *onnx.Node, at int) ([]int64, error) {
	if at >= len(n.Inputs) {
		return nil, fmt.Errorf("input %d is missing", at)
	}
	t := i.tensor(n.Inputs[at])
	if t == nil || len(t.Integers) == 0 {
		return nil, fmt.Errorf("input %d is no constant of integers", at)
	}
	return t.Integers, nil
}

// operations are those that are known.
var operations = map[string]func(*importing, *onnx.Node) (*value, error){
	"Identity": (*importing).identity, "Cast": (*importing).identity,
	"MatMul": (*importing).matMul, "Gemm": (*importing).gemm, "Add": (*importing).add, "Mul": (*importing).mul,
	"Relu": unary(nn.ReLU), "Tanh": unary(nn.Tanh), "Sigmoid": unary(nn.Sigmoid),
	"Reshape": (*importing).reshape, "Flatten": (*importing).flatten, "Pad": (*importing).pad, "Slice": (*importing).slice,
}

var operationNames = []string{"Add", "Cast", "Constant", "Flatten", "Gemm", "Identity", "MatMul", "Mul", "Pad", "Relu", "Reshape", "Sigmoid", "Slice", "Tanh"}

func (i *importing) identity(n *onnx.Node) (*value, error) { return i.operand(n, 0) }

func unary(a nn.Activation) func(*importing, *onnx.Node) (*value, error) {
	return func(i *importing, n *onnx.Node) (*value, error) {
		v, err := i.operand(n, 0)
		if err != nil {
			return nil, err
		}
		return &value{node: i.activation(a, i.finished(v)), steps: v.steps, channels: v.channels}, nil
	}
}

func (i *importing) matMul(n *onnx.Node) (*value, error) {
	v, err := i.operand(n, 0)
	if err != nil {
		return nil, err
	}
	var w *onnx.Tensor
	if len(n.Inputs) == 2 {
		w = i.tensor(n.Inputs[1])
	}
	return i.product(v, w, false)
}

// product is v·w, or v·wᵀ.
func (i *importing) product(v *value, w *onnx.Tensor, transposed bool) (*value, error) {
	if w == nil || len(w.Dims) != 2 || len(w.Reals) == 0 {
		return nil, errors.New("input 1 is no constant matrix of numbers")
	}
	in, out := w.Dims[0], w.Dims[1]
	values := w.Reals
	if transposed {
		in, out = out, in
		values = make([]float64, len(w.Reals))
		for r := range in {
			for c := range out {
				values[r*out+c] = w.Reals[c*in+r]
			}
		}
	}
	if in != v.channels {
		return nil, fmt.Errorf("a matrix of %d rows, for %d channels", in, v.channels)
	}
	source := v
	if v.shifted != nil { // a tap of a convolution
		source = v.shifted
	}
	return &value{node: i.op(gorgonia.Mul(i.finished(v), i.learnable(in, out, values))), steps: v.steps, channels: out, source: source}, nil
}

func (i *importing) gemm(n *onnx.Node) (*value, error) {
	v, err := i.operand(n, 0)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"alpha", "beta"} {
		if x, ok := n.Reals[name]; ok && x != 1 {
			return nil, fmt.Errorf("%s %v: only 1 is known", name, x)
		}
	}
	if n.Integers["transA"] != 0 || v.steps != 1 {
		return nil, errors.New("a transposed input, or one of several steps: want [n][channels]")
	}
	var w *onnx.Tensor
	if len(n.Inputs) > 1 {
		w = i.tensor(n.Inputs[1])
	}
	out, err := i.product(v, w, n.Integers["transB"] != 0)
	if err != nil || len(n.Inputs) < 3 || n.Inputs[2] == "" {
		return out, err
	}
	return i.biased(out, i.tensor(n.Inputs[2]))
}

// biased adds a constant row to a sum of products.
func (i *importing) biased(v *value, t *onnx.Tensor) (*value, error) {
	if t == nil || len(t.Reals) != v.channels || v.source == nil {
		return nil, fmt.Errorf("a bias must be a constant of %d numbers behind a product with a constant matrix", v.channels)
	}
	out := *v
	out.bias = make([]float64, v.channels)
	copy(out.bias, v.bias)
	for j, x := range t.Reals {
		out.bias[j] += x
	}
	return &out, nil
}

func (i *importing) add(n *onnx.Node) (*value, error) {
	if len(n.Inputs) != 2 {
		return nil, fmt.Errorf("%d inputs, want two", len(n.Inputs))
	}
	for at := range 2 {
		if t := i.tensor(n.Inputs[at]); t != nil {
			v, err := i.operand(n, 1-at)
			if err != nil {
				return nil, err
			}
			if len(t.Reals) == 1 && (v.source == nil || v.channels > 1) {
				return &value{node: i.op(gorgonia.Add(i.finished(v), gorgonia.NewConstant(t.Reals[0]))), steps: v.steps, channels: v.channels}, nil
			}
			return i.biased(v, t)
		}
	}
	a, b, err := i.pair(n)
	if err != nil {
		return nil, err
	}
	if a.source != nil && a.source == b.source { // taps of one convolution
		out := &value{node: i.op(gorgonia.Add(b.node, a.node)), steps: a.steps, channels: a.channels, source: a.source, bias: make([]float64, a.channels)}
		copy(out.bias, a.bias)
		for j, x := range b.bias {
			out.bias[j] += x
		}
		return out, nil
	}
	return &value{node: i.op(gorgonia.Add(i.finished(a), i.finished(b))), steps: a.steps, channels: a.channels}, nil
}

// pair is two computed inputs of one shape.
func (i *importing) pair(n *onnx.Node) (a, b *value, err error) {
	if a, err = i.operand(n, 0); err == nil {
		b, err = i.operand(n, 1)
	}
	if err == nil && (a.steps != b.steps || a.channels != b.channels) {
		err = fmt.Errorf("[%d][%d] and [%d][%d]: want one shape", a.steps, a.channels, b.steps, b.channels)
	}
	return a, b, err
}

func (i *importing) mul(n *onnx.Node) (*value, error) {
	if len(n.Inputs) != 2 {
		return nil, fmt.Errorf("%d inputs, want two", len(n.Inputs))
	}
	for at := range 2 {
		if t := i.tensor(n.Inputs[at]); t != nil {
			v, err := i.operand(n, 1-at)
			if err != nil {
				return nil, err
			}
			if len(t.Reals) != 1 {
				return nil, errors.New("a factor that is a constant must be one number")
			}
			return &value{node: i.scale(t.Reals[0], i.finished(v)), steps: v.steps, channels: v.channels}, nil
		}
	}
	a, b, err := i.pair(n)
	if err != nil {
		return nil, err
	}
	return &value{node: i.op(gorgonia.HadamardProd(i.finished(a), i.finished(b))), steps: a.steps, channels: a.channels}, nil
}

func (i *importing) reshape(n *onnx.Node) (*value, error) {
	v, err := i.operand(n, 0)
	if err != nil {
		return nil, err
	}
	to, err := i.list(n, 1)
	if err != nil {
		return nil, err
	}
	if len(to) != 2 && len(to) != 3 || to[0] != -1 && to[0] != 0 {
		return nil, fmt.Errorf("to %v: want [-1, channels] or [-1, steps, channels]", to)
	}
	steps, channels := int64(1), to[len(to)-1]
	if len(to) == 3 {
		steps = to[1]
	}
	all := int64(v.steps * v.channels)
	if len(to) == 2 && channels == -1 && to[0] == 0 {
		channels = all
	}
	if steps < 1 || channels < 1 || steps > all || channels > all || steps*channels != all {
		return nil, fmt.Errorf("to %v: %d steps of %d channels have other elements", to, v.steps, v.channels)
	}
	switch {
	case int(steps) == v.steps:
		return v, nil
	case v == i.input && v.node == nil:
		v.steps, v.channels = int(steps), int(channels)
		return v, nil
	case steps == 1:
		return i.flat(v), nil
	}
	return nil, fmt.Errorf("to %v: only the model's input is divided into steps, before anything else is computed of it", to)
}

func (i *importing) flatten(n *onnx.Node) (*value, error) {
	v, err := i.operand(n, 0)
	if err != nil {
		return nil, err
	}
	if axis, ok := n.Integers["axis"]; ok && axis != 1 {
		return nil, fmt.Errorf("axis %d: only 1 is known", axis)
	}
	return i.flat(v), nil
}

// flat is one step with all channels of all steps.
func (i *importing) flat(v *value) *value {
	if v.steps == 1 {
		return v
	}
	all := v.steps * v.channels
	return &value{node: i.op(gorgonia.Reshape(i.finished(v), tensor.Shape{1, all})), steps: 1, channels: all}
}

func (i *importing) pad(n *onnx.Node) (*value, error) {
	v, err := i.operand(n, 0)
	if err != nil {
		return nil, err
	}
	by, err := i.list(n, 1)
	if err != nil {
		return nil, err
	}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		if t := i.tensor(n.Inputs[2]); t == nil || len(t.Reals) != 1 || t.Reals[0] != 0 {
			return nil, errors.New("only zeros are padded")
		}
	}
	for at, x := range by {
		if len(by) != 6 || x < 0 || x > int64(v.steps) || x != 0 && at != 1 {
			return nil, fmt.Errorf("by %v: only steps are put in front of the others, no more than those", by)
		}
	}
	i.finished(v)
	return &value{steps: v.steps, channels: v.channels, padded: int(by[1]), of: v}, nil
}

func (i *importing) slice(n *onnx.Node) (*value, error) {
	if len(n.Inputs) < 1 || i.values[n.Inputs[0]] == nil {
		return nil, errors.New("input 0 is no value that is computed of the model's input")
	}
	v := i.values[n.Inputs[0]]
	var ends [3]int64
	for at := range ends {
		list, err := i.list(n, at+1)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 {
			return nil, fmt.Errorf("along %d axes, want one", len(list))
		}
		ends[at] = list[0]
	}
	if len(n.Inputs) > 4 {
		if step, err := i.list(n, 4); err != nil || len(step) != 1 || step[0] != 1 {
			return nil, errors.New("only steps of 1 are known")
		}
	}
	from, to, axis := ends[0], ends[1], ends[2]
	switch {
	case axis != 1:
		return nil, fmt.Errorf("along axis %d, want 1, that of steps", axis)
	case v.of != nil && from == 0 && to == int64(v.steps):
		return i.moved(v)
	case v.of == nil && (from == -1 || from == int64(v.steps)-1) && to >= int64(v.steps):
		return i.last(v), nil
	}
	return nil, fmt.Errorf("from %d to %d of %d steps: known are the last step, and what a Pad has moved", from, to, v.steps)
}

// moved is what was padded, as many steps later.
func (i *importing) moved(v *value) (*value, error) {
	if v.padded == 0 {
		return v.of, nil
	}
	n := v.steps
	if i.moves += n * n; i.moves > maxMoves {
		return nil, fmt.Errorf("too many taps over %d steps: steps² for each are more than %d", n, maxMoves)
	}
	s := make([]float32, n*n)
	for p := v.padded; p < n; p++ {
		s[p*n+p-v.padded] = 1
	}
	return &value{node: i.op(gorgonia.Mul(i.model.constant(n, n, s), v.of.node)), steps: n, channels: v.channels, shifted: v.of}, nil
}

// last is the last step.
func (i *importing) last(v *value) *value {
	s := make([]float32, v.steps)
	s[v.steps-1] = 1
	return &value{node: i.op(gorgonia.Mul(i.model.constant(1, v.steps, s), i.finished(v))), steps: 1, channels: v.channels}
}
