package graph

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// ErrModel is returned by Express, wrapped with the reason, for a model that says no graph of that shape.
var ErrModel = errors.New("graph: no model")

// Model says networks as graphs: which genes they have, and the graph that a genome asks for. It is immutable and safe for concurrent
// use. Package tape makes a kind.Kind of it.
type Model interface {
	// Name is the choice of the gene "model", and unlike those of a domain's own: "gru".
	Name() string
	// Genes are the model's own genes with their default bounds, fresh; see kind.Kind.
	Genes() []genome.Gene
	// Graph appends the network to b's graph and returns its outputs, [Rows][Outputs]. It is called for every number of rows, in
	// training and out of it, and appends the same learnables in the same order each time. What b's methods refuse is kept and
	// returned by Express: nodes may be nil then, which every method of b takes and Gorgonia's own functions do not.
	Graph(b *Builder, v kind.Values) *gorgonia.Node
}

// Shape is what a graph is built for.
type Shape struct {
	// Rows is the number of samples. Each is Steps steps, oldest first, of Channels numbers; one step for what is no sequence.
	Rows, Steps, Channels int
	Outputs               int
	// Loss is what the graph ends with; empty for one that ends with the outputs, whose values a loss may overwrite.
	Loss nn.Loss
	// Training says that Dropout drops; without it, it does nothing.
	Training bool
}

// Builder appends to a graph in float64. The first error sticks; operations after it are skipped.
type Builder struct {
	Shape
	model
	input *gorgonia.Node
	at    gorgonia.Nodes // of the steps that were asked for, by step
	ones  *gorgonia.Node
	masks []Mask
	fans  []int
	nodes int
}

// Mask is an input by which a layer's values are multiplied in training: 0 for what is dropped.
type Mask struct {
	Node *gorgonia.Node
	Rate float64
}

// Expression is a network as a graph, with what has to be given to run it.
type Expression struct {
	Network
	// At are the steps of the samples that the graph takes one by one, each [Rows][Channels]; nil for those that it does not.
	At gorgonia.Nodes
	// Masks are those of Dropout, in the order in which they were asked for.
	Masks []Mask
	// Fans are what the initial values of Parameters are scaled by, as Learnable says.
	Fans []int
}

// Express returns the graph of a model for so many samples. An error wraps ErrModel, with what the model or the graph refused; a panic
// of theirs is such an error.
func Express(m Model, s Shape, v kind.Values) (e *Expression, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("%w %.40s: %v", ErrModel, m.Name(), r)
		}
	}()
	b := &Builder{Shape: s, model: model{graph: gorgonia.NewGraph(), rows: s.Rows, steps: s.Steps, channels: s.Channels}}
	b.at = make(gorgonia.Nodes, s.Steps)
	b.input = b.variable("x", s.Rows*s.Steps, s.Channels)
	output := m.Graph(b, v)
	if b.err == nil && (output == nil || !output.Shape().Eq(tensor.Shape{s.Rows, s.Outputs})) {
		b.err = fmt.Errorf("the outputs are not [%d][%d]", s.Rows, s.Outputs)
	}
	var target, loss *gorgonia.Node
	if s.Loss != "" {
		target = b.variable("y", s.Rows, s.Outputs)
		loss = b.cost(s.Loss, output, target)
	}
	if b.err != nil {
		return nil, fmt.Errorf("%w %.40s: %w", ErrModel, m.Name(), b.err)
	}
	return &Expression{
		Network: Network{Graph: b.graph, Input: b.input, Target: target, Output: output, Loss: loss, Parameters: b.parameters},
		At:      b.at, Masks: b.masks, Fans: b.fans,
	}, nil
}

// Input returns the samples, [Rows·Steps][Channels], sample after sample and oldest step first.
func (b *Builder) Input() *gorgonia.Node { return b.input }

// At returns step t of all samples, [Rows][Channels]. A graph that takes single steps is not lowered.
func (b *Builder) At(t int) *gorgonia.Node {
	if t < 0 || t >= b.Steps {
		return b.Fail(fmt.Errorf("step %d of %d", t, b.Steps))
	}
	if b.at[t] == nil {
		b.at[t] = b.variable(fmt.Sprintf("x%d", t), b.Rows, b.Channels)
	}
	return b.at[t]
}

// Do returns the node of an operation of Gorgonia's, and keeps its error.
func (b *Builder) Do(n *gorgonia.Node, err error) *gorgonia.Node {
	if b.nodes++; b.nodes > kind.MaxNodes && err == nil {
		err = fmt.Errorf("%w: more than %d operations: fewer steps or layers", kind.ErrLarge, kind.MaxNodes)
	}
	return b.op(n, err)
}

// Fail keeps an error, and returns nil.
func (b *Builder) Fail(err error) *gorgonia.Node { return b.op(nil, err) }

// Failed reports whether there was an error.
func (b *Builder) Failed() bool { return b.err != nil }

// Learnable returns a matrix that is trained. Its initial values are uniform in ±√(6 ÷ fan), drawn from the training's key; with
// fan 0 they are 0.
func (b *Builder) Learnable(rows, columns, fan int) *gorgonia.Node {
	if b.err == nil && (rows < 1 || columns < 1 || fan < 0) {
		return b.Fail(fmt.Errorf("a learnable of [%d][%d] with fan %d", rows, columns, fan))
	}
	if b.err != nil {
		return nil
	}
	b.fans = append(b.fans, fan)
	return b.parameter(rows, columns)
}

// Constant returns a matrix whose elements f gives.
func (b *Builder) Constant(rows, columns int, f func(row, column int) float32) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	values := make([]float32, rows*columns)
	for i := range values {
		values[i] = f(i/columns, i%columns)
	}
	return b.constant(rows, columns, values)
}

// Dense returns activation(x·W + bias), [rows of x][width], in the form that Lower reads.
func (b *Builder) Dense(x *gorgonia.Node, width int, a nn.Activation) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	in := x.Shape()[1]
	fan := in + width
	if a == nn.ReLU || a == nn.GELU || a == nn.SiLU {
		fan = in
	}
	b.fans = append(b.fans, fan, 0)
	b.nodes += 3
	b.channels = in
	return b.convolution(x, width, 1, 1, a)
}

// Flatten returns the samples x, [Rows·n][channels], as one row each, [Rows][n·channels].
func (b *Builder) Flatten(x *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	if s := x.Shape(); s[0] == b.Rows {
		return x
	}
	return b.Do(gorgonia.Reshape(x, tensor.Shape{b.Rows, x.Shape().TotalSize() / b.Rows}))
}

// Activate returns an activation of every element of x.
func (b *Builder) Activate(a nn.Activation, x *gorgonia.Node) *gorgonia.Node {
	return b.activation(a, x)
}

// Bias returns a learnable row of 0 at first, for each of Rows rows: [Rows][width].
func (b *Builder) Bias(width int) *gorgonia.Node {
	if b.ones == nil {
		b.ones = b.Constant(b.Rows, 1, func(int, int) float32 { return 1 })
	}
	return b.Product(b.ones, b.Learnable(1, width, 0))
}

// Product returns the matrix product of x and y.
func (b *Builder) Product(x, y *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.Do(gorgonia.Mul(x, y))
}

// Times returns the product of x and y, element by element.
func (b *Builder) Times(x, y *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.Do(gorgonia.HadamardProd(x, y))
}

// Sum returns the sum of matrices of one shape, from left to right.
func (b *Builder) Sum(first *gorgonia.Node, more ...*gorgonia.Node) *gorgonia.Node {
	for _, x := range more {
		if b.err != nil {
			return nil
		}
		first = b.Do(gorgonia.Add(first, x))
	}
	return first
}

// Minus returns x − y.
func (b *Builder) Minus(x, y *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.Do(gorgonia.Sub(x, y))
}

// Plus returns x + k.
func (b *Builder) Plus(x *gorgonia.Node, k float64) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.Do(gorgonia.Add(x, gorgonia.NewConstant(k)))
}

// Scale returns k·x.
func (b *Builder) Scale(k float64, x *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.scale(k, x)
}

// Dropout returns x, [Rows][width], without a share rate of its elements, in [0, 1), the others divided by 1 − rate; x itself out of
// training. What it returns is for several uses: all see the same elements dropped.
func (b *Builder) Dropout(rate float64, x ...*gorgonia.Node) []*gorgonia.Node {
	if b.err != nil || !b.Training || rate == 0 || len(x) == 0 {
		return x
	}
	if !(rate > 0 && rate < 1) {
		b.Fail(fmt.Errorf("dropout %v: must be in [0, 1)", rate))
		return x
	}
	width := x[0].Shape()[1]
	mask := b.variable(fmt.Sprintf("mask%d", len(b.masks)), b.Rows, width)
	b.masks = append(b.masks, Mask{mask, rate})
	out := make([]*gorgonia.Node, len(x))
	for i, n := range x {
		out[i] = b.Times(n, mask)
	}
	return out
}

// variable is an input whose values whoever runs the graph gives.
func (b *Builder) variable(name string, rows, columns int) *gorgonia.Node {
	return b.matrix(name, rows, columns, make([]float32, rows*columns))
}
