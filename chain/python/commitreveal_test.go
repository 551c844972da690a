package python

import (
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

// vectorCommitReveal plays the steps that the file names, in their order.
func vectorCommitReveal(t *testing.T, c golden.Case) {
	parameters, nonce := obj(c.Inputs, "parameters"), str(c.Inputs, "nonce")
	maxAge, start := num(c.Inputs, "max_age"), num(c.Inputs, "commit_time")
	m := NewCommitReveal(maxAge)
	hash := chain.Commitment(parameters, nonce)
	late := chain.Commitment(parameters, nonce+"-late")
	good := Reveal{Hash: hash, DomainID: "d", OptimizerID: "p", Parameters: parameters, Nonce: nonce}
	reveal := func(now float64, change func(*Reveal)) bool {
		r := good
		change(&r)
		return m.Reveal(r, now) == nil
	}
	unchanged := func(*Reveal) {}
	useLate := func(r *Reveal) { r.Hash, r.Nonce = late, nonce+"-late" }
	for _, v := range list(c.Expected, "steps") {
		step := must(canon.AsList(v))
		var got any
		switch name := must(canon.AsString(step[0])); name {
		case "reveal_before_commit", "second_reveal":
			got = reveal(start, unchanged)
		case "commit", "duplicate_commit":
			got = m.Add(Commitment{Hash: hash, DomainID: "d", OptimizerID: "p", Time: start})
		case "wrong_params":
			got = reveal(start, func(r *Reveal) { r.Parameters = canon.NewObject("x", 1) })
		case "has_valid_and_pending":
			got = []any{m.Open(hash, start), m.Pending()}
		case "wrong_nonce":
			got = reveal(start, func(r *Reveal) { r.Nonce += "?" })
		case "wrong_optimizer":
			got = reveal(start, func(r *Reveal) { r.OptimizerID = "q" })
		case "wrong_domain":
			got = reveal(start, func(r *Reveal) { r.DomainID = "e" })
		case "ok_at_exact_max_age":
			got = reveal(start+maxAge, unchanged)
		case "expired":
			m.Add(Commitment{Hash: late, DomainID: "d", OptimizerID: "p", Time: start})
			got = reveal(start+maxAge+1, useLate)
		case "after_expired_flag":
			got = reveal(start, useLate)
		default:
			t.Fatalf("unknown step %q", name)
		}
		same(t, must(canon.AsString(step[0])), got, step[1])
	}
}

func TestRevealErrors(t *testing.T) {
	m := NewCommitReveal(MaxCommitAge)
	parameters := canon.NewObject("x", 1.5)
	hash := chain.Commitment(parameters, "n")
	good := Reveal{Hash: hash, DomainID: "d", OptimizerID: "p", Parameters: parameters, Nonce: "n"}
	f := func(now float64, want error, change func(*Reveal)) {
		t.Helper()
		r := good
		change(&r)
		if err := m.Reveal(r, now); !errors.Is(err, want) {
			t.Errorf("Reveal = %v, want %v", err, want)
		}
	}
	f(0, ErrNotCommitted, func(*Reveal) {})
	if !m.Add(Commitment{Hash: hash, DomainID: "d", OptimizerID: "p"}) {
		t.Fatal("Add refused a new commitment")
	}
	f(1, ErrMismatch, func(r *Reveal) { r.Nonce = "m"; r.OptimizerID = "q" })
	f(1, ErrOptimizer, func(r *Reveal) { r.OptimizerID, r.DomainID = "q", "e" })
	f(1, ErrDomain, func(r *Reveal) { r.DomainID = "e" })
	f(1, nil, func(*Reveal) {})
	f(1, ErrRevealed, func(*Reveal) {})
	m.Add(Commitment{Hash: "y"})
	m.Add(Commitment{Hash: "z", Time: 500})
	if m.Open("y", 600.5) || !m.Open("z", 600.5) || m.Pending() != 1 {
		t.Errorf("Open does not follow the age; %d pending", m.Pending())
	}
	if n := m.Forget(600.5); n != 2 || !m.Add(Commitment{Hash: "y"}) {
		t.Errorf("Forget = %d, want 2", n)
	}
}
