package tabular

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

var _ domain.Model = (*model)(nil)

// model is a trained network, what is left of a training that diverged, or the naive model.
type model struct {
	domain *Domain
	// predictor returns an evaluator for one goroutine; nil: diverged.
	predictor          func() predict
	status             string
	stopStep, bestStep int
	parameters         int
	measures           [3]measure // training, validation, test
	digest             string
}

// newModel measures a finished training.
func (d *Domain) newModel(r *nn.Result, parameters int, digest bool) *model {
	m := &model{
		domain: d, parameters: parameters,
		status: r.Status.String(), stopStep: r.StopStep, bestStep: r.BestStep,
	}
	if r.Status != nn.Diverged {
		m.predictor = func() predict { return r.Network.Predictor().Predict }
	}
	m.measureParts()
	if digest {
		m.digest = digestOf(r.Root, m.measures)
	}
	return m
}

// measureParts fills in the measures of the three parts.
func (m *model) measureParts() {
	for i, p := range m.domain.data.parts {
		if m.predictor == nil {
			m.measures[i].loss = float32(math.NaN())
			continue
		}
		m.measures[i] = p.measure(m.predictor())
	}
}

// digestOf returns the digest of a model, in hex: the SHA-256 of the line "doin/tabular/digest/1", the root of the
// training's digest and, of training, validation and test, the bits of the loss (NaN as 7fc00000) and the number of
// correct samples, as little-endian words of 32 bits.
func digestOf(root [32]byte, measures [3]measure) string {
	b := append([]byte("doin/tabular/digest/1\n"), root[:]...)
	for _, m := range measures {
		b = binary.LittleEndian.AppendUint32(b, vec.CanonicalBits(m.loss))
		b = binary.LittleEndian.AppendUint32(b, uint32(m.correct))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Performance implements domain.Model: the negative validation loss.
func (m *model) Performance() float64 { return -m.domain.units(m.measures[validation].loss) }

// Digest implements domain.Model; see digestOf. It is empty for the naive model, which was not trained.
func (m *model) Digest() string { return m.digest }

// Metrics implements domain.Model: status, stop_step, best_step, parameters_count, and {train,val,test} ×
// {cross_entropy, accuracy, prior_cross_entropy, majority_accuracy} or {mae, mean_mae, median_mae}.
func (m *model) Metrics() *canon.Object {
	o := canon.NewObject("status", m.status, "stop_step", m.stopStep, "best_step", m.bestStep,
		"parameters_count", m.parameters)
	d := m.domain
	for i, v := range m.measures {
		o.Set(partNames[i]+"_"+d.lossName(), d.units(v.loss))
		if d.config.Task == Classification {
			o.Set(partNames[i]+"_accuracy", d.data.parts[i].accuracy(v))
		}
	}
	for key, v := range d.baselines.All() {
		o.Set(key, v)
	}
	return o
}

// accuracy is the share of the samples that a measure of them counts as correct.
func (s *samples) accuracy(m measure) float64 { return float64(m.correct) / float64(s.Len()) }

// Score implements domain.Model: the loss on synthetic rows, in the units of the performance.
func (m *model) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	rows, err := m.domain.data.fromSynthetic(ctx, s)
	if err != nil {
		return 0, err
	}
	if m.predictor == nil {
		return -domain.Penalty, nil
	}
	return m.domain.units(rows.measure(m.predictor()).loss), nil
}

// Infer implements domain.Model; see Domain.answer. A diverged model answers like the naive one.
func (m *model) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	p := m.predictor
	if p == nil {
		p = m.domain.naive.predictor
	}
	return m.domain.answer(ctx, input, p())
}
