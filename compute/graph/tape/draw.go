package tape

import (
	"fmt"
	"strings"

	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

var _ kind.Draw = Draw

// maxDrawnSteps bounds the steps of a list of layers that is drawn: the matrices of its convolutions have steps² elements.
const maxDrawnSteps = 2048

// Draw is kind.Draw for lists of layers and the kinds of this package. Dropout, which no graph of layers says, is left out of them, and
// the caption says so.
func Draw(c nn.Config, k kind.Kind, v kind.Values) (d kind.Drawing, err error) {
	var n *graph.Network
	notes := []string{}
	if k == nil {
		if len(c.Layers) > 0 && c.Steps > maxDrawnSteps {
			return d, fmt.Errorf("steps %d: a drawing has at most %d", c.Steps, maxDrawnSteps)
		}
		d.Parameters, d.MultiplyAdds = c.Parameters(), c.Model().MultiplyAdds()
		notes = append(notes, fmt.Sprintf("%d multiply-adds for a sample", d.MultiplyAdds))
		plain, dropped := withoutDropout(c)
		if dropped {
			notes = append(notes, "dropout not drawn")
		}
		n, err = graph.Build(plain, make([]float32, plain.Parameters()), make([]float32, c.Inputs), make([]float32, c.Outputs))
	} else {
		m, ok := k.(*model)
		if !ok {
			return d, fmt.Errorf("model %s: no graph of package graph", k.Name())
		}
		var e *graph.Expression
		if e, err = graph.Express(m.Model, shape(&c, 1), v); err == nil {
			n = &e.Network
			for _, p := range e.Parameters {
				d.Parameters += p.Shape().TotalSize()
			}
		}
	}
	if err != nil {
		return d, err
	}
	d.Nodes = n.Size()
	caption := strings.Join(append([]string{fmt.Sprintf("%d parameters", d.Parameters)}, notes...), ", ")
	d.Dot, d.SVG = fmt.Sprintf("// %s\n%s", caption, n.Dot()), n.SVG(caption)
	return d, nil
}

// withoutDropout is c without what drops units.
func withoutDropout(c nn.Config) (plain nn.Config, dropped bool) {
	plain = c
	plain.Layers = nil
	for _, l := range c.Layers {
		dropped = dropped || l.Rate > 0
		l.Rate = 0
		if l.Kind != nn.Dropout {
			plain.Layers = append(plain.Layers, l)
		}
	}
	return plain, dropped
}
