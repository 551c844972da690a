package meta

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// How a prior's networks are made.
const (
	Networks = 3
	width    = prior.Hidden
	steps    = 1500
	batch    = 32
)

// ErrRows is returned by Train and Offline for rows that differ in their number of genes or features, or are too few.
var ErrRows = errors.New("meta: unusable rows")

// Prior predicts the normal score of a trial before anything of its task is known. It is immutable.
type Prior struct {
	genes, features int
	nets            []network
	digest          [32]byte
	sign            float64
}

// network is a perceptron d-64-64-1 with tanh: its parameters, layer by layer, [in][out] and the bias behind.
type network struct {
	inputs  int
	weights []float32
}

// key returns the stream key of one use of a seed.
func key(seed uint64, use string) rng.Key {
	sum := sha256.Sum256(canon.Canonical([]any{"meta", seed, use}))
	return rng.KeyFromBytes(sum[:8])
}

// source is rows as samples.
type source struct{ x, y []float32 }

func (s *source) Len() int { return len(s.y) }

// Sample implements nn.Source.
func (s *source) Sample(i int, x, y []float32) {
	copy(x, s.x[i*len(x):])
	y[0] = s.y[i]
}

// samples encodes rows.
func samples(rows []Row) (*source, int, error) {
	if len(rows) < 2 {
		return nil, 0, fmt.Errorf("%w: %d, must be 2 at least", ErrRows, len(rows))
	}
	genes, features := len(rows[0].Point.X), len(rows[0].Features)
	s := &source{}
	var buffer []float64
	for i := range rows {
		r := &rows[i]
		if len(r.Point.X) != genes || len(r.Features) != features || r.Point.Active != nil && len(r.Point.Active) != genes {
			return nil, 0, fmt.Errorf("%w: row %d has %d genes and %d features, the first has %d and %d", ErrRows, i, len(r.Point.X), len(r.Features), genes, features)
		}
		buffer = encode(buffer[:0], &r.Point, r.LogBudget, r.Features)
		for _, v := range buffer {
			s.x = append(s.x, float32(v))
		}
	}
	for _, z := range Targets(rows) {
		s.y = append(s.y, float32(z))
	}
	return s, len(buffer), nil
}

// config is the training of one network.
func config(inputs int) nn.Config {
	c := nn.DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs, c.Activation = inputs, []int{width, width}, 1, nn.Tanh
	c.Batch, c.MaxSteps, c.LearningRate, c.WeightDecay = batch, steps, 0x1p-8, 0x1p-7
	c.Schedule, c.EvalEvery, c.Patience, c.Segment = nn.Cosine, 0, 0, steps
	return c
}

// Train fits a prior to rows. The same rows in the same order and the same seed give the same networks on every machine.
func Train(ctx context.Context, rows []Row, seed uint64) (*Prior, error) {
	return train(ctx, rows, seed, Networks)
}

func train(ctx context.Context, rows []Row, seed uint64, n int) (*Prior, error) {
	s, inputs, err := samples(rows)
	if err != nil {
		return nil, err
	}
	p := &Prior{genes: len(rows[0].Point.X), features: len(rows[0].Features), sign: 1}
	for i := range n {
		r, err := nn.Train(ctx, config(inputs), key(seed, fmt.Sprint("network ", i)), s, s)
		if err != nil {
			return nil, fmt.Errorf("meta: train network %d: %w", i, err)
		}
		if r.Network == nil {
			return nil, fmt.Errorf("meta: train network %d: %v", i, r.Status)
		}
		p.nets = append(p.nets, network{inputs, r.Network.Weights()})
	}
	p.seal()
	return p, nil
}

// seal computes the digest.
func (p *Prior) seal() {
	weights := make([][]float32, len(p.nets))
	for i := range p.nets {
		weights[i] = p.nets[i].weights
	}
	p.digest = prior.Digest(p.genes, p.features, weights)
}

// Digest names the networks: two priors with the same digest are the same.
func (p *Prior) Digest() [32]byte { return p.digest }

// Genes returns how many genes a point has.
func (p *Prior) Genes() int { return p.genes }

// Negated returns a prior that takes the worst for the best: what a gate is tried with.
func (p *Prior) Negated() *Prior {
	q := *p
	q.sign = -p.sign
	return &q
}

// Predict returns the expected normal score of a point, higher is better, and, appended to phi, its features in [−1, 1].
func (p *Prior) Predict(x *Point, logBudget float64, features []float64, phi []float64) (float64, []float64) {
	in := encode(make([]float64, 0, 2*p.genes+1+p.features), x, logBudget, features)
	sum := 0.0
	for i := range p.nets {
		y, last := p.nets[i].forward(in)
		sum += y
		if i == 0 {
			phi = append(phi, last...)
		}
	}
	return p.sign * sum / float64(len(p.nets)), phi
}

// forward returns the output and the last hidden layer.
func (n *network) forward(x []float64) (float64, []float64) {
	w := n.weights
	for range 2 {
		h := make([]float64, width)
		for j, b := range w[len(x)*width:][:width] {
			h[j] = float64(b)
		}
		for i, v := range x {
			if v != 0 {
				for j, c := range w[i*width:][:width] {
					h[j] += v * float64(c)
				}
			}
		}
		for j := range h {
			h[j] = math.Tanh(h[j])
		}
		w, x = w[(len(x)+1)*width:], h
	}
	y := float64(w[width])
	for i, v := range x {
		y += v * float64(w[i])
	}
	return y, x
}
