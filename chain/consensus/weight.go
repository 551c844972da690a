package consensus

import "doin.network/node/chain"

// Domain weight (verified utility), in 10⁻⁶.
const (
	demandFloor    = 100_000
	progressCap    = 2 * Micro
	strengthNoSynt = 500_000
)

// Domain is what the chain knows of one domain.
type Domain struct {
	// The champion: parameters, score and author of the last acceptance that improved. OptimaeID is the
	// commitment and therefore names the training seed. HasBest is false before the first acceptance.
	HasBest        bool
	Best           float64
	Parameters     []byte // canonical JSON; shared, never written
	OptimaeID      string
	OptimizerID    string
	Digest         string
	Sums           chain.Sums // of its comparison with the champion before it, or with the baseline
	Solo           bool       // nobody but the author has re-run it
	BestHeight     int64
	Accepted       int64
	Improved       int64 // as many as accepted: an acceptance that does not win is refused
	Rejected       int64
	TotalIncrement int64 // Σ raw increments of those that improved
	Inferences     int64
}

// champion returns the optimae that is the domain's champion, "" if there is none; d may be nil.
func (d *Domain) champion() string {
	if d == nil || !d.HasBest {
		return ""
	}
	return d.OptimaeID
}

// Weight returns the weight of a domain: base × max(0.1, demand) × (1 + progress) × strength, where demand is
// the domain's share of all inferences (an equal share while there are none), progress the mean raw
// increment, at most 2, and strength one half without synthetic data.
func (d *Domain) Weight(base int64, synthetic bool, allInferences, domains int64) int64 {
	demand := Micro / max(1, domains)
	if allInferences > 0 {
		demand = MulDiv(d.Inferences, Micro, allInferences)
	}
	w := mulMicro(base, max(demandFloor, demand))
	var progress int64
	if d.Improved > 0 {
		progress = min(progressCap, d.TotalIncrement/d.Improved)
	}
	w = mulMicro(w, Micro+progress)
	if !synthetic {
		w = mulMicro(w, strengthNoSynt)
	}
	return w
}
