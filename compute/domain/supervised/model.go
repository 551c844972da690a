package supervised

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

var _ domain.Model = (*model)(nil)

// model is a trained network, what is left of a training that diverged, or the naive model.
type model struct {
	domain *Domain
	view   View
	// predictor returns an evaluator for one goroutine; nil: diverged.
	predictor          func() Predict
	status             string
	stopStep, bestStep int
	parameters         int
	measures           [3]Measure // as Parts
	digest             string
}

// newModel measures a finished training.
func (d *Domain) newModel(g genome.Genome, r *nn.Result, digest bool) *model {
	m := &model{
		domain: d, view: d.problem.View(g), parameters: d.parameters(g),
		status: r.Status.String(), stopStep: r.StopStep, bestStep: r.BestStep,
	}
	if r.Status != nn.Diverged {
		m.predictor = func() Predict { return r.Network.Predictor().Predict }
	}
	m.measure()
	if digest {
		m.digest = d.digest(r.Root, m.measures)
	}
	return m
}

// newNaive returns the baseline model.
func (d *Domain) newNaive() *model {
	m := &model{domain: d, view: d.problem.View(nil), status: "naive", predictor: func() Predict { return d.spec.Naive }}
	m.measure()
	return m
}

// measure fills in the measures of the three parts.
func (m *model) measure() {
	for i, s := range m.view.Parts() {
		m.measures[i] = Measure{Loss: float32(math.NaN())}
		if m.predictor != nil {
			m.measures[i] = s.Measure(m.predictor())
		}
	}
}

// digest returns the digest of a model, in hex; see the package's doc.
func (d *Domain) digest(root [32]byte, measures [3]Measure) string {
	b := append([]byte("doin/"+d.spec.Plugin+"/digest/1\n"), root[:]...)
	for _, m := range measures {
		b = binary.LittleEndian.AppendUint32(b, vec.CanonicalBits(m.Loss))
		if d.spec.Counts {
			b = binary.LittleEndian.AppendUint32(b, uint32(m.Correct))
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Performance implements domain.Model: the negative validation loss.
func (m *model) Performance() float64 { return -m.domain.spec.Units(m.measures[validation].Loss) }

// Digest implements domain.Model. It is empty for the naive model, which was not trained.
func (m *model) Digest() string { return m.digest }

// Metrics implements domain.Model: status, stop_step, best_step, parameters_count, of each of Parts the loss and, where
// the problem says so, the accuracy, and the baselines.
func (m *model) Metrics() *canon.Object {
	s := &m.domain.spec
	o := canon.NewObject("status", m.status, "stop_step", m.stopStep, "best_step", m.bestStep,
		"parameters_count", m.parameters)
	for i, part := range m.view.Parts() {
		o.Set(Parts[i]+"_"+s.Loss, s.Units(m.measures[i].Loss))
		if s.Accuracy {
			o.Set(Parts[i]+"_accuracy", float64(m.measures[i].Correct)/float64(part.Len()))
		}
	}
	for key, v := range s.Baselines.All() {
		o.Set(key, v)
	}
	return o
}

// Score implements domain.Model: the loss on synthetic data, in the units of the performance.
func (m *model) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	samples, err := m.view.Synthetic(s.Series)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", domain.ErrSynthetic, err)
	}
	if m.predictor == nil {
		return -domain.Penalty, nil
	}
	return m.domain.spec.Units(samples.Measure(m.predictor()).Loss), nil
}

// Infer implements domain.Model. A diverged model answers like the naive one.
func (m *model) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	if m.predictor == nil {
		m = m.domain.naive
	}
	out, err := m.view.Answer(ctx, input, m.predictor())
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", domain.ErrInput, err)
	}
	return out, err
}
