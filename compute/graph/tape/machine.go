package tape

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// machine runs a graph for a fixed number of samples. It is for one goroutine.
type machine struct {
	*graph.Expression
	rows, steps, channels int
	vm                    gorgonia.VM

	// The elements of the graph's inputs, written in place.
	input, target []float64
	at            [][]float64 // by step; nil: not taken alone
	masks         [][]float64
	parameters    [][]float64
}

// newMachine builds the graph of a model for so many samples. A machine for training has a
// loss, gradients and dropout, and its outputs are overwritten. close releases it.
func newMachine(m graph.Model, c *nn.Config, v kind.Values, rows int, training bool) (*machine, error) {
	s := shape(c, rows)
	if s.Training = training; !training {
		s.Loss = ""
	}
	e, err := graph.Express(m, s, v)
	if err != nil {
		return nil, err
	}
	var options []gorgonia.VMOpt
	if training {
		if err := differentiate(e); err != nil {
			return nil, fmt.Errorf("%w %.40s: %w", graph.ErrModel, m.Name(), err)
		}
		options = append(options, gorgonia.BindDualValues(e.Parameters...))
	}
	t := &machine{Expression: e, rows: rows, steps: s.Steps, channels: s.Channels, vm: gorgonia.NewTapeMachine(e.Graph, options...)}
	t.input, t.target = elements(e.Input), elements(e.Target)
	for _, n := range e.At {
		t.at = append(t.at, elements(n))
	}
	for _, k := range e.Masks {
		t.masks = append(t.masks, elements(k.Node))
	}
	for _, p := range e.Parameters {
		t.parameters = append(t.parameters, elements(p))
	}
	return t, nil
}

// differentiate appends the gradient; Gorgonia panics for some graphs that it cannot differentiate.
func differentiate(e *graph.Expression) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("differentiate: %v", r)
		}
	}()
	_, err = gorgonia.Grad(e.Loss, e.Parameters...)
	return err
}

// shape is a configuration's for so many samples.
func shape(c *nn.Config, rows int) graph.Shape {
	steps := max(c.Steps, 1)
	return graph.Shape{Rows: rows, Steps: steps, Channels: c.Inputs / steps, Outputs: c.Outputs, Loss: c.Loss}
}

// elements are those of an input of the graph, where the graph reads them; nil for no node.
func elements(n *gorgonia.Node) []float64 {
	if n == nil {
		return nil
	}
	return n.Value().Data().([]float64)
}

// sample writes sample r, its inputs [steps][channels].
func (t *machine) sample(r int, x []float32) {
	size := t.steps * t.channels
	for i, v := range x[:size] {
		t.input[r*size+i] = float64(v)
	}
	for s, to := range t.at {
		if to == nil {
			continue
		}
		for i, v := range x[s*t.channels:][:t.channels] {
			to[r*t.channels+i] = float64(v)
		}
	}
}

// run executes the graph once.
func (t *machine) run() error {
	t.vm.Reset()
	if err := t.vm.RunAll(); err != nil {
		return fmt.Errorf("tape: run: %w", err)
	}
	return nil
}

// outputs are those of the last run, [rows][outputs].
func (t *machine) outputs() []float64 { return numbers(t.Output.Value()) }

// loss is that of the last run.
func (t *machine) loss() float64 { return numbers(t.Loss.Value())[0] }

// gradient is that of the last run by parameter i, valid until the next.
func (t *machine) gradient(i int) ([]float64, error) {
	g, err := t.Parameters[i].Grad()
	if err != nil {
		return nil, fmt.Errorf("tape: gradient of learnable %d: %w", i, err)
	}
	return numbers(g), nil
}

// numbers are the elements of a value in float64.
func numbers(v gorgonia.Value) []float64 {
	switch x := v.Data().(type) {
	case []float64:
		return x
	case float64:
		return []float64{x}
	}
	panic(fmt.Sprintf("tape: a value of %T", v.Data()))
}

// close releases the machine.
func (t *machine) close() {
	if t != nil {
		t.vm.Close()
	}
}

// finite reports whether a number is one in float32, which predictions are.
func finite(x float64) bool { return math.Abs(x) <= math.MaxFloat32 }
