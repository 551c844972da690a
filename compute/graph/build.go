package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/nn"
)

// Network is a model as an expression graph in float64, for one minibatch whose size it is built for. The
// caller owns it; it may be differentiated once, and not by two goroutines at a time.
type Network struct {
	Graph *gorgonia.ExprGraph
	// Input is [rows·steps][channels], sample after sample and oldest step first; Target and Output are [rows][outputs].
	Input, Target, Output *gorgonia.Node
	// Loss is the mean loss, a scalar.
	Loss *gorgonia.Node
	// Parameters are the learnables in the order of nn.Gradient: layer by layer, a W for each tap, [in][out], then the
	// bias, [1][out].
	Parameters gorgonia.Nodes
}

// Build says the model of c and a minibatch as a graph. Shapes and order are those of Gradient; the slices are copied.
// An error is c's, or is ErrShape, wrapped, or names what the graph cannot say.
func Build(c nn.Config, weights, x, y []float32) (*Network, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	rows := len(y) / c.Outputs
	if len(weights) != c.Parameters() || rows < 1 || len(y) != rows*c.Outputs || len(x) != rows*c.Inputs {
		return nil, fmt.Errorf("%w: %d weights, %d inputs, %d targets", ErrShape, len(weights), len(x), len(y))
	}
	m := &model{graph: gorgonia.NewGraph(), rows: rows, steps: 1, channels: c.Inputs, weights: weights}
	layers := c.Layers
	if len(layers) == 0 {
		for _, width := range c.Hidden {
			layers = append(layers, nn.Layer{Kind: nn.Dense, Width: width, Activation: c.Activation})
		}
	} else if c.Steps > 1 {
		m.steps, m.channels = c.Steps, c.Inputs/c.Steps
	}
	input := m.matrix("x", rows*m.steps, m.channels, x)
	output := input
	for _, l := range layers {
		output = m.layer(l, output)
	}
	output = m.convolution(output, c.Outputs, 1, 1, nn.None)
	target := m.matrix("y", rows, c.Outputs, y)
	loss := m.cost(c.Loss, output, target)
	if m.err != nil {
		return nil, fmt.Errorf("graph: build: %w", m.err)
	}
	return &Network{Graph: m.graph, Input: input, Target: target, Output: output, Loss: loss, Parameters: m.parameters}, nil
}
