package supervised

import (
	"context"
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// Evident is a View that can show predictions of its test cases to people.
type Evident interface {
	// Evidence returns the test cases in the units of the file, at most most of them, evenly taken, and what each model of list
	// predicts of them.
	Evidence(list []Prediction, most int) *canon.Object
}

// Prediction is what a model predicts of the test cases: values [Len][Width].
type Prediction struct {
	Name   string
	Values []float32
}

// mostEvidence bounds the cases of an evidence.
const mostEvidence = 4000

// evidence is what answers beside the models without a search, on the test cases, as JSON.
func (m *model) evidence(ctx context.Context) ([]byte, error) {
	view, ok := m.view.(Evident)
	if !ok {
		return nil, fmt.Errorf("%w: %s shows no predictions", domain.ErrExport, m.domain.spec.Plugin)
	}
	list := []Prediction{{"champion", predictions(m.ensemble, m.view.Test())}}
	for _, member := range append(m.domain.problem.Baselines(), m.domain.problem.Shown()...) {
		f, err := m.domain.fits.of(ctx, m.domain, member, m.domain.spec.Folds)
		if err != nil {
			return nil, err
		}
		list = append(list, Prediction{member.Name(), f.predictions})
	}
	o := view.Evidence(list, mostEvidence)
	if drawing := m.drawing(); drawing != nil {
		o.Set("network", drawing)
	}
	return canon.Default(o), nil
}

// mostDrawn bounds the nodes of a graph that is drawn: nobody could read more.
const mostDrawn = 300

// drawing shows the network that the genome asks for, of which every seed trains one; nil where nobody draws.
func (m *model) drawing() *canon.Object {
	d := m.domain
	if d.draw == nil {
		return nil
	}
	k, v := d.kindOf(m.genome)
	drawn, err := d.draw(d.problem.Shape(m.genome), k, v)
	if err != nil {
		return canon.NewObject("parameters", m.parameters, "note", err.Error())
	}
	o := canon.NewObject("parameters", m.parameters, "nodes", drawn.Nodes)
	if drawn.MultiplyAdds > 0 {
		o.Set("multiply_adds", drawn.MultiplyAdds)
	}
	if drawn.Nodes > mostDrawn {
		return o.Set("note", fmt.Sprintf("the graph has %d nodes, of which a drawing would show nothing", drawn.Nodes))
	}
	return o.Set("dot", drawn.Dot).Set("svg", drawn.SVG)
}

// Stride is by how much cases are apart of which at most most are shown.
func Stride(n, most int) int { return max(1, (n+most-1)/most) }
