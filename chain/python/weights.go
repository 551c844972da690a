package python

import (
	"math"

	"doin.network/node/chain"
)

// Constants of the verified utility weights.
const (
	DemandFloor = 0.1
	ProgressCap = 2.0

	// UnverifiedStrength is the factor of a domain without synthetic data at the reference's
	// later revision; the earlier one, which its README describes, uses 0.
	UnverifiedStrength = 0.5
)

// DomainUse is what the weights know of one domain.
type DomainUse struct {
	ID           string
	Base         float64 // base weight; the unified node uses 1
	HasSynthetic bool    // whether its claims are checked on synthetic data

	Inferences, Verifications, Accepted, Rejected int64
	TotalIncrement                                float64 // Σ |increment| of the acceptances
}

// DomainWeight is the current weight of one domain.
type DomainWeight struct {
	ID     string
	Weight float64
}

// Weights derives a weight per domain from what the chain says about its use.
type Weights struct {
	// Unverified is the factor of a domain without synthetic data.
	Unverified float64

	order []string
	use   map[string]*DomainUse
}

// NewWeights returns weights without domains, with Unverified = UnverifiedStrength.
func NewWeights() *Weights {
	return &Weights{Unverified: UnverifiedStrength, use: map[string]*DomainUse{}}
}

// Register adds a domain with zero counts, or resets a known one in its place.
func (w *Weights) Register(id string, base float64, hasSynthetic bool) {
	if _, known := w.use[id]; !known {
		w.order = append(w.order, id)
	}
	w.use[id] = &DomainUse{ID: id, Base: base, HasSynthetic: hasSynthetic}
}

// Use returns what is known of a domain.
func (w *Weights) Use(id string) (DomainUse, bool) {
	u, ok := w.use[id]
	if !ok {
		return DomainUse{}, false
	}
	return *u, true
}

// Update counts transactions; those of unknown domains are skipped. An increment that is
// missing or no number counts 0.
func (w *Weights) Update(txs ...*chain.Tx) {
	for _, tx := range txs {
		u, ok := w.use[tx.DomainID]
		if !ok {
			continue
		}
		switch tx.Type {
		case chain.TxTaskCompleted:
			kind, _ := tx.Payload.String("task_type")
			switch kind {
			case "inference_request":
				u.Inferences++
			case "optimae_verification":
				u.Verifications++
			}
		case chain.TxOptimaeAccepted:
			u.Accepted++
			u.TotalIncrement += math.Abs(numberIn(tx.Payload, "increment"))
		case chain.TxOptimaeRejected:
			u.Rejected++
		}
	}
}

// All returns the weights of all domains in order of registration.
func (w *Weights) All() []DomainWeight {
	var total int64
	for _, u := range w.use {
		total += u.Inferences
	}
	all := make([]DomainWeight, len(w.order))
	for i, id := range w.order {
		all[i] = DomainWeight{id, w.weight(w.use[id], total)}
	}
	return all
}

// Weight returns the weight of one domain, 0 if it is unknown.
func (w *Weights) Weight(id string) float64 {
	for _, d := range w.All() {
		if d.ID == id {
			return d.Weight
		}
	}
	return 0
}

func (w *Weights) weight(u *DomainUse, totalInferences int64) float64 {
	demand := 1 / float64(len(w.order))
	if totalInferences > 0 {
		demand = float64(u.Inferences) / float64(totalInferences)
	}
	progress := 0.0
	if u.Accepted > 0 {
		progress = min(u.TotalIncrement/float64(u.Accepted), ProgressCap)
	}
	strength := 1.0
	if !u.HasSynthetic {
		strength = w.Unverified
	}
	return float64(u.Base * max(DemandFloor, demand) * (1 + progress) * strength)
}

// EffectiveIncrement returns raw × weight × reputation factor, 0 for a domain without weight.
func (w *Weights) EffectiveIncrement(id string, raw, reputation float64) float64 {
	weight := w.Weight(id)
	if weight == 0 {
		return 0
	}
	return float64(raw * weight * ReputationFactor(reputation))
}

// ReputationFactor maps a reputation score to the factor in [0, 1] by which it scales an
// increment: min(1, ln(1+r)/ln 11), 0 for r ≤ 0.
func ReputationFactor(reputation float64) float64 {
	if !(reputation > 0) {
		return 0
	}
	return min(1, math.Log1p(reputation)/math.Log1p(10))
}
