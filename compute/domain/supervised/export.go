package supervised

import (
	"context"
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/onnx"
	"doin.network/node/internal/canon"
)

var _ domain.Exporter = (*model)(nil)

// Exported is a View that can be written as operations of ONNX.
type Exported interface {
	// Export appends what Answer does to a graph, from inputs to outputs in the units of the file. An error is the reason
	// alone why it cannot.
	Export(g *onnx.Graph, m Weighted) error
}

// Weighted is what answers, for a graph.
type Weighted struct{ of *ensemble }

// Mean appends the weighted mean of the members that cover the cases, as ensemble.Predict takes it; one appends the prediction, in
// binary32, of a member that has a weight. covers is nil where all do.
func (w Weighted) Mean(g *onnx.Graph, covers func(m Fitted) bool, one func(m Fitted) (onnx.Value, error)) (onnx.Value, error) {
	weights, all := make([]int, len(w.of.weights)), 0
	for i, m := range w.of.members {
		if m != nil && (covers == nil || covers(m)) {
			weights[i] = w.of.weights[i]
			all += weights[i]
		}
	}
	if all == 0 {
		for i, m := range w.of.members {
			if _, ok := m.(trained); ok {
				weights[i] = 1
				all++
			}
		}
	}
	var sum onnx.Value
	for i, weight := range weights {
		if weight == 0 {
			continue
		}
		v, err := one(w.of.members[i])
		if err != nil {
			return "", err
		}
		if v = g.Do("Mul", g.FloatOf(float32(weight)), v); sum != "" {
			v = g.Do("Add", sum, v)
		}
		sum = v
	}
	return g.Do("Div", sum, g.FloatOf(float32(all))), nil
}

// Most returns the largest of what is asked of the members that have a weight.
func (w Weighted) Most(of func(m Fitted) int) (most int) {
	for i, m := range w.of.members {
		if m != nil && w.of.weights[i] > 0 {
			most = max(most, of(m))
		}
	}
	return most
}

// Export implements domain.Exporter.
func (m *model) Export(ctx context.Context, f domain.Format, facts *canon.Object) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m.ensemble == nil {
		return nil, fmt.Errorf("%w: the run diverged, there is no model", domain.ErrExport)
	}
	switch f {
	case domain.ONNX:
		return m.onnx(facts)
	case domain.Safetensors:
		return m.safetensors(facts)
	case domain.Evidence:
		return m.evidence(ctx)
	}
	return nil, fmt.Errorf("%w: unknown format %.40q: onnx, safetensors or evidence", domain.ErrExport, string(f))
}

func (m *model) onnx(facts *canon.Object) ([]byte, error) {
	view, ok := m.view.(Exported)
	if !ok {
		return nil, fmt.Errorf("%w: models of %s cannot be written as ONNX", domain.ErrExport, m.domain.spec.Plugin)
	}
	g := onnx.New(m.domain.spec.Plugin)
	if err := view.Export(g, Weighted{m.ensemble}); err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrExport, err)
	}
	var pairs []onnx.Pair
	for key, v := range facts.All() {
		text, ok := v.(string)
		if !ok {
			text = string(canon.Default(v))
		}
		pairs = append(pairs, onnx.Pair{Key: key, Value: text})
	}
	return g.Model("doin", nn.ContractVersion, "an ensemble of networks and closed forms", pairs...), nil
}

var _ domain.Asked = (*Domain)(nil)

// Inputs implements domain.Asked with what the problem says, if it says something.
func (d *Domain) Inputs() []*canon.Object {
	if a, ok := d.problem.(domain.Asked); ok {
		return a.Inputs()
	}
	return nil
}
