package graph

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/nn"
)

// ErrLower is returned by Lower, wrapped with the node at fault, for a graph that says more than a configuration.
var ErrLower = errors.New("graph: cannot be lowered")

// Lower returns the configuration whose model the graph says: layers, sizes and loss come from the graph, batch, optimizer,
// schedule and all else from base, whose own model is ignored. Nodes are recognized by their operations, shapes and
// constants, never by names; constants are compared as float32 numbers, matrices that move rows element by element.
//
// inputs are the samples, [rows·steps][channels], and the targets, [rows][outputs]; the number of rows is the graph's own
// affair, and one row is lowered fastest: a convolution's matrices have (rows·steps)² elements. output is [rows][outputs]
// and loss a scalar. Build shows the forms; sums and products may be written either way round. The layers are in normal
// form: a convolution of one tap is dense; a dilation that looks back behind every step is the number of steps; layers of a
// multilayer perceptron with one activation are Hidden.
//
// The learnables are the matrices on the right of products, the biases and the gains, each used once. Their order is that
// of CONTRACT.md, layer by layer, whatever the graph's order, and the engine draws their initial values from the task's
// key; values that the graph holds are not read. What has no layer is an error that wraps ErrLower and names the node, its
// shape and the nearest form that has one; a model too large is nn.ErrConfig. The graph is not changed, and must not be
// used by another goroutine meanwhile.
func Lower(g *gorgonia.ExprGraph, inputs gorgonia.Nodes, output, loss *gorgonia.Node, base nn.Config) (nn.Config, error) {
	c, _, err := lower(g, inputs, output, loss, base)
	return c, err
}

// lower is Lower, and returns the learnables in the order of nn.Gradient.
func lower(g *gorgonia.ExprGraph, inputs gorgonia.Nodes, output, loss *gorgonia.Node, base nn.Config) (nn.Config, gorgonia.Nodes, error) {
	l := &lowering{graph: g}
	if err := l.begin(inputs, output, loss); err != nil {
		return nn.Config{}, nil, err
	}
	c := base
	c.Hidden, c.Layers, c.Steps = nil, nil, 0
	var ok bool
	if c.Loss, ok = l.loss(loss, output); !ok {
		return nn.Config{}, nil, l.refuse(loss, "mse, mae, huber, softmax or binary cross entropy of output and target, as a mean")
	}
	head, ok := l.affine(output)
	if !ok || len(head.taps) != 1 {
		return nn.Config{}, nil, l.refuse(output, "a dense output layer without activation: a product of the last layer and a learnable, plus a bias")
	}
	layers, learnables, err := l.walk(head.source)
	if err != nil {
		return nn.Config{}, nil, err
	}
	learnables = append(learnables, head.learnables()...)
	if twice := repeated(learnables); twice != nil {
		return nn.Config{}, nil, l.refuse(twice, "a learnable of its own for each layer")
	}
	c.Outputs = l.target.Shape()[1]
	c.Inputs = l.input.Shape()[1] * l.steps(l.input)
	if l.steps(l.input) > 1 {
		c.Steps = l.steps(l.input)
	}
	setLayers(&c, layers)
	if err := c.Validate(); err != nil {
		return nn.Config{}, nil, fmt.Errorf("graph: lower: %w", err)
	}
	return c, learnables, nil
}

// lowering is a graph being read, from the output to the input.
type lowering struct {
	graph         *gorgonia.ExprGraph
	input, target *gorgonia.Node
	rows          int
}

// begin checks the ends of the graph.
func (l *lowering) begin(inputs gorgonia.Nodes, output, loss *gorgonia.Node) error {
	if l.graph == nil || len(inputs) != 2 {
		return fmt.Errorf("%w: %d inputs: want a graph, samples and targets", ErrLower, len(inputs))
	}
	for _, n := range []*gorgonia.Node{inputs[0], inputs[1], output, loss} {
		if n == nil || n.Graph() != l.graph || l.graph.Node(n.ID()) != n {
			return fmt.Errorf("%w: inputs, output and loss must be nodes of the graph", ErrLower)
		}
	}
	l.input, l.target = inputs[0], inputs[1]
	for _, n := range []*gorgonia.Node{l.input, l.target, output} {
		if len(n.Shape()) != 2 || n.Shape().TotalSize() < 1 {
			return l.refuse(n, "a matrix with a row for each sample, or for each step of each sample")
		}
	}
	l.rows = l.target.Shape()[0]
	if l.input.Op() != nil || l.target.Op() != nil || l.input == l.target {
		return l.refuse(l.input, "samples and targets that are two inputs of the graph")
	}
	if l.input.Shape()[0]%l.rows != 0 {
		return l.refuse(l.input, fmt.Sprintf("a multiple of the targets' %d rows", l.rows))
	}
	if !output.Shape().Eq(l.target.Shape()) {
		return l.refuse(output, fmt.Sprintf("the shape of the targets, %v", l.target.Shape()))
	}
	return nil
}

// steps is the number of steps of a sample in a matrix.
func (l *lowering) steps(n *gorgonia.Node) int { return n.Shape()[0] / l.rows }

// walk reads the layers between the input and n, in the order of their execution, and their learnables.
func (l *lowering) walk(n *gorgonia.Node) (layers []nn.Layer, learnables gorgonia.Nodes, err error) {
	var groups []gorgonia.Nodes
	for n != l.input {
		if len(layers) > nn.MaxLayers {
			return nil, nil, l.refuse(n, fmt.Sprintf("at most %d layers", nn.MaxLayers))
		}
		p, err := l.peel(n)
		if err != nil {
			return nil, nil, err
		}
		layers, groups, n = append(layers, p.layer), append(groups, p.learnables), p.source
	}
	slices.Reverse(layers)
	slices.Reverse(groups)
	return layers, slices.Concat(groups...), nil
}

// refuse is the error for a node that has no place in a configuration.
func (l *lowering) refuse(n *gorgonia.Node, nearest string) error {
	what := "an input"
	if n.Op() != nil {
		what = fmt.Sprint(n.Op())
	}
	return fmt.Errorf("%w: node %d (%.80s), %.80s, shape %v: the nearest that can be is %s", ErrLower, n.ID(), n.Name(), what, n.Shape(), nearest)
}

// repeated returns a node that is in nodes twice, nil if there is none.
func repeated(nodes gorgonia.Nodes) *gorgonia.Node {
	seen := map[*gorgonia.Node]bool{}
	for _, n := range nodes {
		if seen[n] {
			return n
		}
		seen[n] = true
	}
	return nil
}

// setLayers writes the layers as a multilayer perceptron where they are one.
func setLayers(c *nn.Config, layers []nn.Layer) {
	perceptron := c.Steps <= 1
	for _, l := range layers {
		perceptron = perceptron && l.Kind == nn.Dense && l.Activation == layers[0].Activation
	}
	if !perceptron {
		c.Layers = layers
		return
	}
	for _, l := range layers {
		c.Hidden, c.Activation = append(c.Hidden, l.Width), l.Activation
	}
}
