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
	return canon.Default(view.Evidence(list, mostEvidence)), nil
}

// Stride is by how much cases are apart of which at most most are shown.
func Stride(n, most int) int { return max(1, (n+most-1)/most) }
