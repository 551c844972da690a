package quadratic

import (
	"context"
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

var _ domain.Model = (*model)(nil)

// model is one evaluated point.
type model struct {
	domain      *Domain
	x           []float64
	performance float64
	digest      string
}

func (m *model) Performance() float64 { return m.performance }

func (m *model) Digest() string { return m.digest }

func (m *model) Metrics() *canon.Object {
	return canon.NewObject("status", "completed", "loss", 0-m.performance, "parameters_count", len(m.x))
}

// Cases implements domain.Model: there are none.
func (m *model) Cases() []int64 { return nil }

// Score is Σ(x − t)² over the synthetic target t.
func (m *model) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(s.Target) != len(m.x) {
		return 0, fmt.Errorf("%w: target has %d values, want %d", domain.ErrSynthetic, len(s.Target), len(m.x))
	}
	return Loss(m.x, s.Target), nil
}

// Infer is the reference's inferencer: input.data.target, or input.target, takes the place of the target in force. The
// answer is {"x", "performance"}; other members of the input are ignored.
func (m *model) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := input.ObjectOr("data", input)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", domain.ErrInput, err)
	}
	p := m.performance
	if v, ok := data.Get("target"); ok {
		t, err := vector(v, len(m.x))
		if err != nil {
			return nil, fmt.Errorf("%w: target: %w", domain.ErrInput, err)
		}
		p = -Loss(m.x, t)
	}
	return canon.NewObject("x", m.x, "performance", p), nil
}
