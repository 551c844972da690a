package forecast

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

// model is a trained network, or what is left of a training that diverged.
type model struct {
	domain     *Domain
	network    *nn.Network // nil: diverged
	view       view
	parameters int
	status     nn.Status
	stopStep   int
	bestStep   int
	mae        [3]float32 // scaled: training, validation, test
	digest     string
}

// newModel measures a finished training.
func (d *Domain) newModel(r *nn.Result, v view, parameters int, digest bool) *model {
	m := &model{
		domain: d, network: r.Network, view: v, parameters: parameters,
		status: r.Status, stopStep: r.StopStep, bestStep: r.BestStep,
	}
	if r.Status == nn.Diverged {
		m.network = nil
	}
	for i, p := range d.parts() {
		if m.network == nil {
			m.mae[i] = float32(math.NaN())
			continue
		}
		m.mae[i] = d.measured(p, v).mae(m.network.Predictor().Predict)
	}
	if digest {
		m.digest = digestOf(r.Root, m.mae)
	}
	return m
}

// digestOf returns the digest of a model, in hex: the SHA-256 of the line "doin/forecast/digest/1", the root of the
// training's digest and the bits, little-endian, of the scaled training, validation and test errors (NaN as 7fc00000).
func digestOf(root [32]byte, mae [3]float32) string {
	b := append([]byte("doin/forecast/digest/1\n"), root[:]...)
	for _, v := range mae {
		b = binary.LittleEndian.AppendUint32(b, vec.CanonicalBits(v))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Performance implements domain.Model: the negative validation error.
func (m *model) Performance() float64 { return -m.domain.units(m.mae[1]) }

// Digest implements domain.Model; see digestOf.
func (m *model) Digest() string { return m.digest }

// Metrics implements domain.Model: status, stop_step, best_step, parameters_count, and {train,val,test} ×
// {mae, naive_mae, seasonal_mae} in the units of the file.
func (m *model) Metrics() *canon.Object {
	o := canon.NewObject("status", m.status.String(), "stop_step", m.stopStep, "best_step", m.bestStep,
		"parameters_count", m.parameters)
	for i, p := range m.domain.parts() {
		o.Set(p.name+"_mae", m.domain.units(m.mae[i]))
	}
	for key, v := range m.domain.baselines.All() {
		o.Set(key, v)
	}
	return o
}

// Score implements domain.Model: the mean absolute error on a synthetic series, in the units of the file.
func (m *model) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	w, err := m.domain.syntheticWindows(ctx, s, m.view)
	if err != nil {
		return 0, err
	}
	if m.network == nil {
		return -domain.Penalty, nil
	}
	return m.domain.units(w.mae(m.network.Predictor().Predict)), nil
}

// Infer implements domain.Model; see Domain.answer. A diverged model answers with the last value.
func (m *model) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	if m.network == nil {
		return m.domain.naive.Infer(ctx, input)
	}
	return m.domain.answer(ctx, input, m.view, m.network.Predictor().Predict)
}

// naive is the model that forecasts the last value.
type naive struct{ domain *Domain }

func (n *naive) Performance() float64 {
	v, err := n.domain.baselines.Float("val_naive_mae")
	if err != nil { // FromTable sets it
		panic(err)
	}
	return -v
}

// Digest is empty: nothing was trained.
func (n *naive) Digest() string { return "" }

func (n *naive) Metrics() *canon.Object {
	return n.domain.baselines.Clone().Set("status", "naive").Set("parameters_count", 0)
}

func (n *naive) Score(ctx context.Context, s *domain.Synthetic) (float64, error) {
	w, err := n.domain.syntheticWindows(ctx, s, view{})
	if err != nil {
		return 0, err
	}
	return n.domain.units(w.naiveMAE()), nil
}

func (n *naive) Infer(ctx context.Context, input *canon.Object) (*canon.Object, error) {
	return n.domain.answer(ctx, input, view{}, func(_, out []float32) { clear(out) })
}
