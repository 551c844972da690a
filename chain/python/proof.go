package python

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Constants of the block trigger and its own threshold adjustment.
const (
	DefaultTargetTime = 600.0 // seconds between blocks
	AdjustmentFactor  = 0.25
	MinProofThreshold = 0.001
	MaxProofThreshold = 1000.0
	MaxPendingTxs     = 100_000 // the reference has no bound
)

// Errors of Proof.
var (
	// ErrUnknownDomain is returned by Record.
	ErrUnknownDomain = errors.New("reference: unknown domain")
	// ErrPendingFull is returned by Record and RecordTx at MaxPendingTxs.
	ErrPendingFull = errors.New("reference: too many pending transactions")
)

// Acceptance is what Proof.Record needs to know of an accepted optimae.
type Acceptance struct {
	OptimaeID, DomainID, OptimizerID string
	Reported                         float64
	Verified                         *float64 // nil: not verified
	Increment                        float64  // effective increment
}

// Proof is the block trigger: accepted increments accumulate per domain until their weighted
// sum reaches the threshold.
type Proof struct {
	// Threshold is the sum that a block needs. The unified node overwrites it with the
	// difficulty controller's after every block.
	Threshold float64
	// TargetBlockTime is in seconds.
	TargetBlockTime float64
	// LastBlockTime is the time of the last own block in Unix seconds, first the construction.
	LastBlockTime float64

	weights    map[string]float64 // per registered domain
	order      []string           // domains with pending increments, first come first
	increments map[string]float64
	pending    []*chain.Tx
}

// NewProof returns a trigger with nothing pending; now is in Unix seconds.
func NewProof(targetBlockTime, threshold, now float64) *Proof {
	return &Proof{
		Threshold: threshold, TargetBlockTime: targetBlockTime, LastBlockTime: now,
		weights: map[string]float64{}, increments: map[string]float64{},
	}
}

// RegisterDomain makes a domain known. The unified node gives every domain the weight 1.
func (p *Proof) RegisterDomain(id string, weight float64) { p.weights[id] = weight }

// Record adds the weighted increment of an acceptance and the short transaction that reports
// it, stamped at, which it returns. It fails with ErrUnknownDomain or ErrPendingFull and then
// changes nothing.
func (p *Proof) Record(a Acceptance, at timestamp.Time) (*chain.Tx, error) {
	weight, ok := p.weights[a.DomainID]
	if !ok {
		return nil, fmt.Errorf("%w %q", ErrUnknownDomain, a.DomainID)
	}
	performance := a.Reported
	if a.Verified != nil && *a.Verified != 0 { // a verified 0.0 falls back to the claim
		performance = *a.Verified
	}
	tx := &chain.Tx{
		Type: chain.TxOptimaeAccepted, DomainID: a.DomainID, PeerID: a.OptimizerID, Timestamp: at,
		Payload: canon.NewObject("optimae_id", a.OptimaeID, "performance", performance, "increment", a.Increment),
	}
	tx.ID = tx.ComputeID()
	if err := p.RecordTx(tx); err != nil {
		return nil, err
	}
	if _, seen := p.increments[a.DomainID]; !seen {
		p.order = append(p.order, a.DomainID)
	}
	p.increments[a.DomainID] += float64(a.Increment * weight)
	return tx, nil
}

// RecordTx appends a transaction to the next block; duplicates are not noticed. It fails with
// ErrPendingFull, a bound that the reference does not have.
func (p *Proof) RecordTx(tx *chain.Tx) error {
	if len(p.pending) >= MaxPendingTxs {
		return ErrPendingFull
	}
	p.pending = append(p.pending, tx)
	return nil
}

// Pending returns the transactions of the next block in order; the list is a copy.
func (p *Proof) Pending() []*chain.Tx { return slices.Clone(p.pending) }

// WeightedSum returns the sum of the pending increments, by domain in order of first appearance.
func (p *Proof) WeightedSum() float64 {
	xs := make([]float64, len(p.order))
	for i, id := range p.order {
		xs[i] = p.increments[id]
	}
	return sum(xs)
}

// CanGenerate reports whether the weighted sum has reached the threshold. With a threshold of
// 0 or less an empty block qualifies.
func (p *Proof) CanGenerate() bool { return p.WeightedSum() >= p.Threshold }

// Generate returns the block after previous, made by generator at the given time, with the
// pending transactions, and starts over; nil if the threshold is not reached. The block shows
// the threshold before its adjustment. Transactions beyond chain.MaxBlockTxs wait for the next
// block; the reference has no such limit.
func (p *Proof) Generate(previous *chain.Block, generator string, at timestamp.Time) *chain.Block {
	if !p.CanGenerate() {
		return nil
	}
	n := min(len(p.pending), chain.MaxBlockTxs)
	txs, rest := slices.Clone(p.pending[:n]), slices.Clone(p.pending[n:])
	ids := make([]string, n)
	for i, tx := range txs {
		ids[i] = tx.ID
	}
	b := &chain.Block{
		Header: chain.Header{
			Index: previous.Header.Index + 1, PreviousHash: previous.Hash, Timestamp: at,
			MerkleRoot: chain.MerkleRoot(ids), GeneratorID: generator,
			WeightedPerformanceSum: p.WeightedSum(), Threshold: p.Threshold,
		},
		Transactions: txs,
	}
	b.Hash = b.ComputeHash()
	now := float64(at.Micro()) / 1e6
	p.AdjustThreshold(now)
	p.order, p.pending, p.LastBlockTime = nil, rest, now
	clear(p.increments)
	return b
}

// AdjustThreshold applies the trigger's own rule for a block at now: slow blocks lower the
// threshold, fast ones raise it.
func (p *Proof) AdjustThreshold(now float64) {
	elapsed := now - p.LastBlockTime
	if elapsed <= 0 || p.TargetBlockTime <= 0 {
		return
	}
	adjustment := 1 + float64((elapsed/p.TargetBlockTime-1)*AdjustmentFactor)
	p.Threshold = clamp(p.Threshold/adjustment, MinProofThreshold, MaxProofThreshold)
}
