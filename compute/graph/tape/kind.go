package tape

import (
	"context"
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// Kind returns the kind of a model's networks. Where the graph can be lowered (graph.Lower), domains train the layers that it says
// instead, on their device and bit for bit.
func Kind(m graph.Model) kind.Kind { return &model{Model: m, known: map[string]facts{}} }

// Kinds returns those of several models.
func Kinds(list ...graph.Model) (out []kind.Kind) {
	for _, m := range list {
		out = append(out, Kind(m))
	}
	return out
}

// model is a kind. What it has found out of a genome it remembers, because domains ask for it often and a graph takes milliseconds.
type model struct {
	graph.Model

	mu    sync.Mutex // guards known
	known map[string]facts
}

// facts are what is known of a genome and the sizes of a sample.
type facts struct {
	parameters, elements int
	err                  error
	lowered              nn.Config // of its own sizes and layers alone
	refused              error     // why it is not lowered
}

// maxKnown bounds what is remembered.
const maxKnown = 1024

var _ kind.Kind = (*model)(nil)

// of returns the facts.
func (m *model) of(c *nn.Config, v kind.Values) facts {
	key := fmt.Sprint(c.Inputs, c.Steps, c.Outputs, c.Loss, c.Batch, v.Genome, len(v.Space))
	m.mu.Lock()
	f, ok := m.known[key]
	m.mu.Unlock()
	if ok {
		return f
	}
	f.parameters, f.elements, f.err = size(m.Model, c, v)
	if f.refused = f.err; f.err == nil {
		f.lowered, f.refused = lower(m.Model, *c, v)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[key] = f
	return f
}

// Size implements kind.Kind. Elements are about those of the values of a batch's graph with its gradient.
func (m *model) Size(c nn.Config, v kind.Values) (parameters, elements int, err error) {
	f := m.of(&c, v)
	return f.parameters, f.elements, f.err
}

// held is about how many numbers a training holds for each that the forward graph computes: the value, and what its gradient needs.
const held = 4

func size(m graph.Model, c *nn.Config, v kind.Values) (parameters, elements int, err error) {
	if c.Steps > kind.MaxSteps {
		return 0, 0, fmt.Errorf("%w: %s: %d steps, at most %d", kind.ErrLarge, m.Name(), c.Steps, kind.MaxSteps)
	}
	one, err := graph.Express(m, shape(c, 1), v)
	if err != nil {
		return 0, 0, err
	}
	for _, p := range one.Parameters {
		parameters += p.Shape().TotalSize()
	}
	// Constant matrices may grow with the square of the rows, so two sizes tell.
	two, err := graph.Express(m, shape(c, 2), v)
	if err != nil {
		return 0, 0, err
	}
	a, b := total(one.Graph), total(two.Graph)
	square, rows := max(0, b-2*a), max(c.Batch, validationRows)
	return parameters, held * (a*rows + square*rows*rows/2), nil
}

// total is the number of elements of all nodes.
func total(g *gorgonia.ExprGraph) (n int) {
	for _, node := range g.AllNodes() {
		n += max(node.Shape().TotalSize(), 1)
	}
	return n
}

// Lower implements kind.Kind.
func (m *model) Lower(c nn.Config, v kind.Values) (nn.Config, error) {
	f := m.of(&c, v)
	if f.refused != nil {
		return nn.Config{}, f.refused
	}
	c.Hidden, c.Layers, c.Steps, c.Activation = f.lowered.Hidden, f.lowered.Layers, f.lowered.Steps, f.lowered.Activation
	return c, nil
}

// lower reads the graph of training: one that drops units is not lowered, because a layer would not drop the same.
func lower(m graph.Model, c nn.Config, v kind.Values) (nn.Config, error) {
	s := shape(&c, 1)
	s.Training = true
	e, err := graph.Express(m, s, v)
	if err != nil {
		return nn.Config{}, err
	}
	if len(e.Masks) > 0 {
		return nn.Config{}, fmt.Errorf("%w: it drops units, and a layer would not drop the same", graph.ErrLower)
	}
	return graph.Lower(e.Graph, gorgonia.Nodes{e.Input, e.Target}, e.Output, e.Loss, c)
}

// Train implements kind.Kind.
func (m *model) Train(ctx context.Context, t *nn.Task, v kind.Values) (*kind.Result, error) {
	return train(ctx, m.Model, t, v)
}

// Genes implements kind.Kind.
func (m *model) Genes() []genome.Gene { return m.Model.Genes() }
