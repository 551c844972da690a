package python

import (
	"math"
	"slices"
)

// Agreement says whether one voter is near the median.
type Agreement struct {
	Evaluator string
	Agrees    bool
}

// Decision is the verdict of a quorum.
type Decision struct {
	Accepted bool
	Reason   string

	// The rest is meaningful only if Counted: there were votes.
	Counted          bool
	Median           float64
	ReportDivergence float64     // of the claim from the median
	AgreeFraction    float64     // of the votes
	Agreements       []Agreement // in order of the votes
}

// Decide closes the verification of an optimae with the votes it has and returns the verdict.
// An unknown optimae is "not found"; one without votes stays open.
func (q *Quorums) Decide(optimaeID string) Decision {
	s := q.states[optimaeID]
	if s == nil {
		return Decision{Reason: "not found"}
	}
	d := q.cfg.Judge(s.Reported, s.Votes)
	if d.Counted {
		s.Decided, s.Accepted, s.Median = true, d.Accepted, d.Median
	}
	return d
}

// Judge returns the verdict on a claim from votes: enough of them within the tolerance of
// their median, and the claim too.
func (c QuorumConfig) Judge(reported float64, votes []QuorumVote) Decision {
	if len(votes) == 0 {
		return Decision{Reason: "no votes"}
	}
	values := make([]float64, len(votes))
	for i, v := range votes {
		values[i] = v.Verified
	}
	m := median(values)
	d := Decision{Counted: true, Median: m, ReportDivergence: divergence(reported, m)}
	agreeing := 0
	for _, v := range votes {
		a := Agreement{v.Evaluator, divergence(v.Verified, m) <= c.Tolerance}
		if a.Agrees {
			agreeing++
		}
		d.Agreements = append(d.Agreements, a)
	}
	d.AgreeFraction = float64(agreeing) / float64(len(votes))
	switch {
	case !(d.AgreeFraction >= c.Fraction):
		d.Reason = "quorum disagreement (" + percent(d.AgreeFraction, 0) + " < " + percent(c.Fraction, 0) + ")"
	case !(d.ReportDivergence <= c.Tolerance):
		d.Reason = "report diverges from median (" + percent(d.ReportDivergence, 2) + " > " + percent(c.Tolerance, 0) + ")"
	default:
		d.Accepted, d.Reason = true, "accepted"
	}
	return d
}

// median returns the statistical median of xs, which it sorts; xs is not empty.
func median(xs []float64) float64 {
	slices.Sort(xs)
	n := len(xs)
	if n%2 == 1 {
		return xs[n/2]
	}
	return (xs[n/2-1] + xs[n/2]) / 2
}

// divergence is relative to the median, absolute when that is negligible.
func divergence(v, median float64) float64 {
	d, m := math.Abs(v-median), math.Abs(median)
	if m > negligible {
		return d / m
	}
	return d
}
