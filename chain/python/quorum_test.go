package python

import (
	"math"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorQuorumSelection(t *testing.T, c golden.Case) {
	cfg := DefaultQuorum()
	cfg.MinEvaluators = int(whole(c.Inputs, "min_evaluators"))
	q := NewQuorums(cfg)
	got := q.Select(str(c.Inputs, "optimae_id"), "d", str(c.Inputs, "optimizer_id"), 1,
		texts(c.Inputs, "eligible_evaluators"), str(c.Inputs, "chain_tip_hash"))
	same(t, "selection", canon.NewObject("selected", got, "pending_quorums", q.Pending()), c.Expected)
}

func vectorQuorumDecision(t *testing.T, c golden.Case) {
	votes, cfg := obj(c.Inputs, "votes"), DefaultQuorum()
	cfg.Fraction, cfg.Tolerance = num(c.Inputs, "quorum_fraction"), num(c.Inputs, "tolerance")
	cfg.MinEvaluators = votes.Len()
	q := NewQuorums(cfg)
	q.Select("o", "d", "optimizer", num(c.Inputs, "reported"), votes.Keys(), "tip")
	reached := []any{}
	for _, id := range votes.Keys() {
		reached = append(reached, q.Vote("o", QuorumVote{Evaluator: id, Verified: num(votes, id)}))
	}
	d := q.Decide("o")
	agreements := canon.NewObject()
	for _, a := range d.Agreements {
		agreements.Set(a.Evaluator, a.Agrees)
	}
	got := canon.NewObject("accepted", d.Accepted, "reason", d.Reason, "median_performance", nil,
		"report_divergence", nil, "agree_fraction", nil, "agreements", agreements, "vote_reached_quorum", reached)
	if d.Counted {
		got.Set("median_performance", d.Median).Set("report_divergence", d.ReportDivergence).Set("agree_fraction", d.AgreeFraction)
	}
	same(t, "decision", got, c.Expected)
}

func vectorQuorumSize(t *testing.T, c golden.Case) {
	n := QuorumSize(whole(c.Inputs, "active_evaluators"), num(c.Inputs, "optimizer_reputation"), num(c.Inputs, "activity"))
	same(t, "size", canon.NewObject("quorum", n), c.Expected)
}

func TestQuorumVotes(t *testing.T) {
	q := NewQuorums(DefaultQuorum())
	eligible := []string{"a", "b", "c", "opt"}
	if got := q.Select("o", "d", "opt", 1, []string{"opt"}, "tip"); got != nil || q.Pending() != 0 {
		t.Errorf("Select without candidates = %v", got)
	}
	if d := q.Decide("o"); d.Reason != "not found" || d.Counted {
		t.Errorf("Decide of an unknown optimae = %+v", d)
	}
	q.Select("o", "d", "opt", 1, eligible, "tip")
	if d := q.Decide("o"); d.Reason != "no votes" || q.Pending() != 1 {
		t.Errorf("Decide without votes = %+v", d)
	}
	f := func(id string, value float64, want bool) {
		t.Helper()
		if got := q.Vote("o", QuorumVote{Evaluator: id, Verified: value}); got != want {
			t.Errorf("Vote of %s = %v, want %v", id, got, want)
		}
	}
	f("a", 1, false)
	f("a", 1, false)          // again
	f("opt", 1, false)        // no member
	f("b", math.NaN(), false) // no number
	f("b", 1, false)
	f("c", 1, true)
	if d := q.Decide("o"); !d.Accepted {
		t.Errorf("Decide = %+v", d)
	}
	s, ok := q.State("o")
	if !ok || !s.Decided || !s.Accepted || s.Median != 1 || len(s.Votes) != 3 {
		t.Errorf("State = %+v", s)
	}
	f("c", 1, false) // decided
	if q.Forget() != 1 || q.Pending() != 0 {
		t.Error("Forget did not drop the decided quorum")
	}
	// A duplicate candidate can make a quorum that is never reached.
	if got := q.Select("p", "d", "opt", 1, []string{"a", "a"}, "tip"); len(got) != 2 {
		t.Errorf("Select with a duplicate = %v", got)
	}
	for range 2 {
		if q.Vote("p", QuorumVote{Evaluator: "a"}) {
			t.Error("a duplicate member completed its quorum alone")
		}
	}
}
