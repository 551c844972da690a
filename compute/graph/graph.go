// Package graph says models as expression graphs of Gorgonia. Build writes the model of package nn as a graph, and Lower
// reads a graph as a model of package nn, which then runs on the engine. Gorgonia's derivative of what Build writes is the
// independent oracle of the gradients. A Model of one's own is said with a Builder, and Express makes its graph; package tape trains it,
// package recurrent has some. These are the only importers of gorgonia.org/gorgonia.
//
// The oracle computes in float64 and keeps no numeric contract: its results differ from machine to machine in the last
// bits. Gorgonia's own initializers are not used, because
// they seed themselves from the clock; the weights are given.
//
// What Gorgonia lacks is composed of operations it has: silu as z·σ(z), gelu in its tanh form, the Huber loss of |e| cut at
// 1 by a rectifier; a causal convolution as Σ S·X·W with matrices S that move rows, and the means of a layer norm as
// products with a matrix of equal numbers. Dropout is absent: nn.Gradient has none, Build refuses it, and
// Lower refuses Gorgonia's, which hides its rate and draws from the clock.
package graph

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"doin.network/node/compute/nn"
)

// ErrShape is returned by Gradient, wrapped, if the slices do not fit the model.
var ErrShape = errors.New("graph: shapes do not fit the model")

// Gradient returns the mean loss of a minibatch and its gradient with respect to every parameter. Shapes and order are
// those of nn.Gradient: weights layer by layer, W as [in][out] row-major, then the bias; x [rows][Inputs];
// y [rows][Outputs].
func Gradient(c nn.Config, weights, x, y []float32) (loss float64, gradient []float64, err error) {
	m, err := Build(c, weights, x, y)
	if err != nil {
		return 0, nil, err
	}
	return m.differentiate()
}

// model is a graph under construction. The first error sticks; operations after it are skipped. Samples are a matrix of
// [rows·steps][channels].
type model struct {
	graph                 *gorgonia.ExprGraph
	parameters            gorgonia.Nodes
	rows, steps, channels int
	weights               []float32 // those that are not parameters yet; nil: all are 0
	constants             int       // made so far
	err                   error
}

// op returns the node of an operation.
func (m *model) op(n *gorgonia.Node, err error) *gorgonia.Node {
	if err != nil && m.err == nil {
		m.err = err
	}
	return n
}

// matrix is a constant input made of the first rows·columns elements of values.
func (m *model) matrix(name string, rows, columns int, values []float32) *gorgonia.Node {
	backing := make([]float64, rows*columns)
	for i := range backing {
		backing[i] = float64(values[i])
	}
	t := tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(backing))
	return gorgonia.NewMatrix(m.graph, tensor.Float64, gorgonia.WithName(name), gorgonia.WithShape(rows, columns), gorgonia.WithValue(t))
}

// parameter is a matrix of the next weights, which the cost is differentiated by.
func (m *model) parameter(rows, columns int) *gorgonia.Node {
	values := m.weights
	if values == nil { // given later
		values = make([]float32, rows*columns)
	} else {
		m.weights = values[rows*columns:]
	}
	n := m.matrix(fmt.Sprintf("parameter%d", len(m.parameters)), rows, columns, values)
	m.parameters = append(m.parameters, n)
	return n
}

// scale multiplies every element of n by k.
func (m *model) scale(k float64, n *gorgonia.Node) *gorgonia.Node {
	return m.op(gorgonia.HadamardProd(gorgonia.NewConstant(k), n))
}

// differentiate runs the graph and collects the cost and the gradients.
func (m *Network) differentiate() (loss float64, gradient []float64, err error) {
	if _, err := gorgonia.Grad(m.Loss, m.Parameters...); err != nil {
		return 0, nil, fmt.Errorf("graph: differentiate: %w", err)
	}
	machine := gorgonia.NewTapeMachine(m.Graph, gorgonia.BindDualValues(m.Parameters...))
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return 0, nil, fmt.Errorf("graph: run: %w", err)
	}
	for _, p := range m.Parameters {
		g, err := p.Grad()
		if err != nil {
			return 0, nil, fmt.Errorf("graph: gradient of %s: %w", p.Name(), err)
		}
		values, ok := g.Data().([]float64)
		if !ok {
			return 0, nil, fmt.Errorf("graph: gradient of %s is a %T", p.Name(), g.Data())
		}
		gradient = append(gradient, values...)
	}
	loss, ok := m.Loss.Value().Data().(float64)
	if !ok {
		return 0, nil, fmt.Errorf("graph: cost is a %T", m.Loss.Value().Data())
	}
	return loss, gradient, nil
}
