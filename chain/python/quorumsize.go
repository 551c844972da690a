package python

import "math/bits"

// Limits of the dynamic quorum size.
const (
	MinQuorum = 3
	MaxQuorum = 15
)

// QuorumSize returns how many evaluators a quorum should have: it grows with the logarithm of
// the active ones and the activity of the domain, shrinks with the optimizer's reputation (both
// normalised to [0, 1]), and stays between 3 and half of the active ones, at most 15. No node
// of the reference uses it.
func QuorumSize(activeEvaluators int64, optimizerReputation, activity float64) int64 {
	if activeEvaluators <= 0 {
		return MinQuorum
	}
	upper := max(MinQuorum, min(MaxQuorum, activeEvaluators/2))
	raw := MinQuorum + int64(bits.Len64(uint64(activeEvaluators))-1) // 3 + ⌊log2 n⌋
	switch {
	case activity >= 0.75:
		raw += 3
	case activity >= 0.5:
		raw += 2
	case activity >= 0.25:
		raw++
	}
	switch {
	case optimizerReputation >= 0.9:
		raw -= 2
	case optimizerReputation >= 0.7:
		raw--
	}
	return max(MinQuorum, min(raw, upper))
}
