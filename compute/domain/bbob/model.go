package bbob

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
	return canon.NewObject("status", "completed", "excess", 0-m.performance, "parameters_count", len(m.x))
}

// Cases implements domain.Model: there are none.
func (m *model) Cases() []int64 { return nil }

// Score is the excess at the shifted point, 0 where rounding makes it less.
func (m *model) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(s.Target) != len(m.x) {
		return 0, fmt.Errorf("%w: target has %d values, want %d", domain.ErrSynthetic, len(s.Target), len(m.x))
	}
	x := make([]float64, len(m.x))
	for i := range x {
		x[i] = m.x[i] + s.Target[i]
	}
	return max(0, m.domain.function.Excess(x)), nil
}

// Infer answers {"x", "performance"}, whatever the input.
func (m *model) Infer(ctx context.Context, _ *canon.Object) (*canon.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return canon.NewObject("x", m.x, "performance", m.performance), nil
}
