package python

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorReputation(t *testing.T, c golden.Case) {
	r := NewReputation(num(c.Inputs, "half_life"))
	want := list(c.Expected, "score_and_meets_threshold")
	for i, v := range list(c.Inputs, "events_time_kind") {
		event := must(canon.AsList(v))
		now := must(canon.AsFloat(event[0]))
		switch kind := must(canon.AsString(event[1])); kind {
		case "accepted":
			r.Accept("p", now)
		case "rejected":
			r.Reject("p", now)
		case "eval_ok":
			r.Evaluated("p", true, now)
		case "eval_bad":
			r.Evaluated("p", false, now)
		case "double_sign":
			r.DoubleSign("p", now)
		case "query":
		default:
			t.Fatalf("unknown event %q", kind)
		}
		row := must(canon.AsList(want[i]))
		near(t, "score", r.Score("p", now), row[0])
		same(t, "meets", r.Meets("p", now), row[1])
	}
	p, _ := r.Get("p")
	same(t, "counters", canon.NewObject("optimae_accepted", p.Accepted, "optimae_rejected", p.Rejected,
		"evaluations_completed", p.Evaluations, "evaluations_divergent", p.Divergent), val(c.Expected, "counters"))
	same(t, "acceptance rate", p.AcceptanceRate(), num(c.Expected, "acceptance_rate"))
	same(t, "accuracy", p.Accuracy(), num(c.Expected, "evaluation_accuracy"))
}

func TestReputationEdges(t *testing.T) {
	r := NewReputation(HalfLife)
	r.Accept("p", 0)
	r.Accept("p", 60)
	if r.Meets("p", 60) {
		t.Error("two acceptances at different times meet the minimum")
	}
	if s := r.Score("new", 5); s != 0 || r.Len() != 2 {
		t.Errorf("a new peer has score %v", s)
	}
	r.Rebuild([]*chain.Tx{
		{Type: "optimae_accepted", PeerID: "a"}, {Type: "optimae_accepted", PeerID: "a"},
		{Type: "task_completed", PeerID: "a"},
		{Type: "task_completed", PeerID: "b", Payload: canon.NewObject("agreed_with_quorum", false)},
		{Type: "optimae_rejected", PeerID: "b"}, {Type: "optimae_accepted"},
	}, 100)
	if a, b := r.Score("a", 100), r.Score("b", 100); a != 2.4 || b != 0 || r.Len() != 2 {
		t.Errorf("rebuilt scores %v, %v", a, b)
	}
	if !r.Meets("a", 100) {
		t.Error("two acceptances at once do not meet the minimum")
	}
	if p, _ := r.Get("b"); p.Divergent != 1 || p.Rejected != 1 {
		t.Errorf("rebuilt record %+v", p)
	}
}
