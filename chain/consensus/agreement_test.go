package consensus

import (
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/agreement"
)

// roughly is a network of n evaluators that agree within a thousandth.
func roughly(t *testing.T, n int) *network {
	w := newNetwork(t, n)
	w.genesis.Domains[0].Agreement = agreement.Default
	s, err := NewState(w.genesis)
	if err != nil {
		t.Fatal(err)
	}
	w.state = s
	return w
}

// revote has the i-th member find another performance and another digest.
func (w *network) revote(st *Statement, i int, performance float64) {
	claim := st.Claim.Digest
	st.Claim.Digest = strings.Repeat("ab", 32)
	st.Votes[i] = w.vote(st, st.Votes[i].EvaluatorID, performance)
	st.Claim.Digest = claim
}

// Votes whose performances are within the share confirm a claim, whatever their digests and sums; the number beside the last one
// that does, does not. A domain without the member goes on as before.
func TestAgreementWithin(t *testing.T) {
	f := func(w *network, claim, found float64, want bool) {
		t.Helper()
		st := w.statement(w.ids[0], claim)
		for i := range st.Votes {
			w.revote(st, i, found)
		}
		err := CheckTx(w.state, w.acceptance(st), w.state.TipTime+Micro)
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "0 of 3 agree") {
			t.Errorf("claim %v, votes %v: CheckTx = %v, want agreement %v", claim, found, err, want)
		}
	}
	rough := roughly(t, 4)
	f(rough, -1000, -1001, true)
	f(rough, -1000, -1001.0010010010009, true)
	f(rough, -1000, -1001.0010010010012, false)
	f(rough, 1000, 999, true)
	f(rough, 1000, 998.9999999999999, false)
	f(rough, 0, 0, true)
	f(rough, 0, 5e-324, false)
	f(rough, -5e-324, -1e-323, false)
	f(rough, -1000*5e-324, -999*5e-324, true)
	f(rough, -0.5, 0.5, false)
	f(newNetwork(t, 4), -1000, -1000, false) // another digest
}

// A vote that the recipe is refused has no run behind its numbers: it never confirms, not even a claim of 0.
func TestAgreementRefusedVote(t *testing.T) {
	rule := roughly(t, 1).state.Rules().Domains[domain]
	v := &chain.Vote{Digest: RefusedDigest}
	if rule.Reproduces(v, Claim{Digest: strings.Repeat("01", 32)}) {
		t.Error("a refusal reproduces a claim of 0")
	}
	v.Digest = strings.Repeat("02", 32)
	if !rule.Reproduces(v, Claim{Digest: strings.Repeat("01", 32)}) {
		t.Error("0 does not reproduce 0")
	}
}

// Sums decide nothing where machines differ, the minimum increment does; and nobody is charged for a vote that others contradict.
func TestAgreementCharges(t *testing.T) {
	w := roughly(t, 4)
	st := w.statementWith("", w.ids[0], -1, chain.Sums{S1: -5, S2: "100", N: 10})
	w.revote(st, 0, -0.5)
	before := w.state.Peers[st.Votes[0].EvaluatorID].Divergent
	built := w.extend(w.ids[1], Micro, w.acceptance(st))
	if r := built.Receipts.Tx[0]; len(r.Agreed) != 2 || len(r.Divergent) != 1 {
		t.Fatalf("receipt %+v, want two that agree and one that does not", r)
	}
	p := w.state.Peers[st.Votes[0].EvaluatorID]
	if p.Divergent != before {
		t.Errorf("the divergent voter is charged: %+v", p)
	}
	if err := CheckTx(w.state, w.acceptance(w.statement(w.ids[0], -0.9995)), w.state.TipTime+Micro); err == nil {
		t.Error("less than the minimum increment was accepted")
	}
	lie := w.statement(w.ids[3], -0.1)
	for i := range lie.Votes {
		w.revote(lie, i, -0.9)
	}
	w.extend(w.ids[1], EmptyAfter*w.target, w.rejection(lie, lie.Votes[0].EvaluatorID))
	if p := w.state.Peers[w.ids[3]]; p.Rejected != 1 {
		t.Errorf("the author of a lie: %+v, want it rejected", p)
	}
}
