package python

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
)

// QuorumConfig is the rule of multi-evaluator verification.
type QuorumConfig struct {
	MinEvaluators int     // members per optimae. Default 3
	Fraction      float64 // of the votes that must agree. Default 0.67: all of three
	Tolerance     float64 // largest relative divergence from the median. Default 0.05
	MaxWait       float64 // seconds; never enforced. Default 3600
}

// DefaultQuorum returns the defaults named at the fields.
func DefaultQuorum() QuorumConfig {
	return QuorumConfig{MinEvaluators: 3, Fraction: 0.67, Tolerance: 0.05, MaxWait: 3600}
}

// maxQuorums bounds what hostile reveals can make a node remember; the reference has no bound.
const maxQuorums = 1 << 16

// QuorumVote is one evaluator's result.
type QuorumVote struct {
	Evaluator     string
	Verified      float64
	SyntheticHash string // stored, never compared
}

// QuorumState is the verification of one optimae.
type QuorumState struct {
	OptimaeID, DomainID, OptimizerID string
	Reported                         float64
	Required                         []string // members in order of selection
	Votes                            []QuorumVote
	Decided, Accepted                bool
	Median                           float64 // once decided
}

// Quorums is the set of running verifications of one node.
type Quorums struct {
	cfg    QuorumConfig
	states map[string]*QuorumState
}

// NewQuorums returns an empty set.
func NewQuorums(cfg QuorumConfig) *Quorums {
	return &Quorums{cfg: cfg, states: map[string]*QuorumState{}}
}

// Select draws the members for an optimae and starts its verification, replacing an earlier
// one of the same id. It returns them in order; nil if nobody but the optimizer is eligible (or
// too many verifications are running), and then nothing starts. Duplicates stay in the draw.
func (q *Quorums) Select(optimaeID, domainID, optimizerID string, reported float64, eligible []string, tip string) []string {
	members := Members(q.cfg.MinEvaluators, optimaeID, optimizerID, eligible, tip)
	if members == nil {
		return nil
	}
	if _, known := q.states[optimaeID]; !known && len(q.states) >= maxQuorums {
		return nil
	}
	q.states[optimaeID] = &QuorumState{
		OptimaeID: optimaeID, DomainID: domainID, OptimizerID: optimizerID,
		Reported: reported, Required: members,
	}
	return slices.Clone(members)
}

// Members returns the at most k candidates with the lowest SHA-256 of seed ":" candidate, the
// seed being the hex SHA-256 of tip ":" optimae id. nil means there is no candidate.
func Members(k int, optimaeID, optimizerID string, eligible []string, tip string) []string {
	type ranked struct{ rank, id string }
	seed := hexHash(tip + ":" + optimaeID)
	var draw []ranked
	for _, id := range eligible {
		if id != optimizerID {
			draw = append(draw, ranked{hexHash(seed + ":" + id), id})
		}
	}
	if len(draw) == 0 {
		return nil
	}
	slices.SortFunc(draw, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id))
	})
	members := make([]string, max(0, min(k, len(draw))))
	for i := range members {
		members[i] = draw[i].id
	}
	return members
}

func hexHash(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// Vote counts a vote and reports whether it completed the quorum. A vote is ignored if the
// optimae is unknown or decided, the evaluator is no member or has voted, or the value is not
// finite.
func (q *Quorums) Vote(optimaeID string, v QuorumVote) (reached bool) {
	s := q.states[optimaeID]
	switch {
	case s == nil || s.Decided || !slices.Contains(s.Required, v.Evaluator):
		return false
	case math.IsNaN(v.Verified) || math.IsInf(v.Verified, 0):
		return false
	case slices.ContainsFunc(s.Votes, func(o QuorumVote) bool { return o.Evaluator == v.Evaluator }):
		return false
	}
	s.Votes = append(s.Votes, v)
	return len(s.Votes) >= len(s.Required)
}

// State returns a copy of what is known of an optimae.
func (q *Quorums) State(optimaeID string) (QuorumState, bool) {
	s, ok := q.states[optimaeID]
	if !ok {
		return QuorumState{}, false
	}
	c := *s
	c.Required, c.Votes = slices.Clone(s.Required), slices.Clone(s.Votes)
	return c, true
}

// Pending returns the number of verifications without a decision.
func (q *Quorums) Pending() int {
	n := 0
	for _, s := range q.states {
		if !s.Decided {
			n++
		}
	}
	return n
}

// Forget drops the decided verifications and returns their number.
func (q *Quorums) Forget() int {
	n := 0
	for id, s := range q.states {
		if s.Decided {
			delete(q.states, id)
			n++
		}
	}
	return n
}
