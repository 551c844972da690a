package python

import (
	"math"

	"doin.network/node/chain"
)

// tieBand is the difference of cumulative increments below which two chains tie. It makes the
// relation non-transitive.
const tieBand = 1e-10

// Score is what fork choice compares of a chain.
type Score struct {
	Tip        string  // hash
	Height     int64   // never compared
	Increment  float64 // Σ |effective_increment| of the accepted optimae
	Accepted   int64   // acceptance transactions, short records included
	Consistent bool    // no block contradicts the finalized one
}

// ScoreChain scores a chain or the part of one that differs. A block at the height of
// finalized with another hash makes it inconsistent; finalized is nil when nothing is known.
func ScoreChain(tip string, height int64, blocks []*chain.Block, finalized *Checkpoint) Score {
	s := Score{Tip: tip, Height: height, Consistent: true}
	for _, b := range blocks {
		if finalized != nil && b.Header.Index == finalized.Height && b.Hash != finalized.Hash {
			s.Consistent = false
		}
		for _, tx := range b.Transactions {
			if tx.Type == chain.TxOptimaeAccepted {
				s.Accepted++
				s.Increment += math.Abs(numberIn(tx.Payload, "effective_increment"))
			}
		}
	}
	return s
}

// Less reports whether s is the worse chain: first by consistency, then by increment, by
// acceptances and by tip hash, of which the smaller wins.
func (s Score) Less(than Score) bool {
	switch {
	case s.Consistent != than.Consistent:
		return !s.Consistent
	case math.Abs(s.Increment-than.Increment) > tieBand:
		return s.Increment < than.Increment
	case s.Accepted != than.Accepted:
		return s.Accepted < than.Accepted
	default:
		return s.Tip > than.Tip
	}
}

// Best returns the better of two chains, a if neither is.
func Best(a, b Score) Score {
	if a.Less(b) {
		return b
	}
	return a
}
