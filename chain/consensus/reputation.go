package consensus

// Reputation, in 10⁻⁶: losing it is easier than gaining it.
const (
	reputationAccepted  = 1 * Micro
	reputationAgreed    = 400_000
	reputationRejected  = 3 * Micro
	reputationDivergent = 2 * Micro
	reputationGenesis   = 10 * Micro // of the genesis file's evaluators
	// MinReputation is what an evaluator needs to be eligible.
	MinReputation = 2 * Micro
	// ReputationHalfLife is one week, in µs.
	ReputationHalfLife = 604_800 * Micro
)

// Reputation is a decaying score. Decay is linear between halvings: exact in integers, and never above
// the exponential through the same points by more than 6.2 %.
type Reputation struct {
	Score int64
	Last  int64 // µs: when Score was current
}

// At returns the score at time t.
func (r Reputation) At(t int64) int64 {
	elapsed := t - r.Last
	if elapsed <= 0 || r.Score <= 0 {
		return max(0, r.Score)
	}
	n := elapsed / ReputationHalfLife
	if n >= 62 {
		return 0
	}
	s := r.Score >> uint(n)
	return s - MulDiv(s, elapsed%ReputationHalfLife, 2*ReputationHalfLife)
}

// add returns the reputation after a change at time t, never below zero.
func (r Reputation) add(delta, t int64) Reputation {
	return Reputation{Score: max(0, r.At(t)+delta), Last: max(t, r.Last)}
}

// ReputationFactor is the share of an increment that a peer of this reputation is credited with:
// (1 + reputation)/11, at most one.
func ReputationFactor(reputation int64) int64 {
	return min(Micro, (Micro+max(0, reputation))/11)
}
