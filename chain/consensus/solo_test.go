package consensus

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// newSolo is a network of n evaluators whose genesis file says solo.
func newSolo(t testing.TB, n, quorumMin int) *network {
	t.Helper()
	w := newNetwork(t, n)
	w.genesis.Parameters.Solo = true
	w.genesis.Parameters.QuorumMinEvaluators = quorumMin
	s, err := NewState(w.genesis)
	w.must(err)
	w.state = s
	return w
}

// selfAccepted is the acceptance of a claim with its optimizer's vote alone, whether or not it has one.
func (w *network) selfAccepted(st *Statement) *chain.Tx {
	alone := *st
	alone.Votes = []*chain.Vote{w.vote(st, st.OptimizerID, st.Claim.Performance)}
	return w.acceptance(&alone)
}

// TestSolo: alone, an optimizer's own re-run is the quorum, and the record says so; money is conserved, and one's own word
// is worth neither reputation nor an evaluator's share.
func TestSolo(t *testing.T) {
	w := newSolo(t, 1, 3)
	o := w.ids[0]
	for i, performance := range []float64{-0.5, -0.4, -0.3} {
		before := w.state.Peers[o].Reputation
		st := w.statement(o, performance)
		built := w.extend(o, EmptyAfter*w.target, w.acceptance(st))
		r, d, p := built.Receipts.Tx[0], w.state.Domains[domain], w.state.Peers[o]
		if !r.Solo || !r.Improved || !d.Solo || d.OptimaeID != st.OptimaeID || !slices.Equal(r.Agreed, []string{o}) {
			t.Errorf("block %d: receipt %+v, champion %+v, want a solo acceptance", i+1, r, d)
		}
		if got, want := p.Reputation, before.add(reputationAccepted, w.state.TipTime); got != want || p.Agreed != 0 {
			t.Errorf("block %d: reputation %+v, want %+v, and %d agreements, want 0", i+1, got, want, p.Agreed)
		}
		for _, out := range built.Receipts.Outputs {
			if out.Reason == "evaluator" {
				t.Errorf("block %d: %d paid for a vote on one's own claim", i+1, out.Amount)
			}
		}
		back, err := ParseState(w.state.AppendCanonical(nil), w.state.Rules())
		w.must(err)
		if back.Root() != w.state.Root() || !back.Domains[domain].Solo {
			t.Errorf("block %d: stored state reads back as %+v", i+1, back.Domains[domain])
		}
	}
	if got, want := w.state.Ledger.Balance(o), 3*ledger.Reward(1); got != want || w.state.Ledger.Supply() != want {
		t.Errorf("balance %d, supply %d, want both %d", got, w.state.Ledger.Supply(), want)
	}
	if w.state.FinalizedHeight > 0 {
		t.Errorf("finalized %d at height %d", w.state.FinalizedHeight, w.state.Height)
	}
	lie := w.statement(o, -0.1)
	lie.Votes = []*chain.Vote{w.vote(lie, o, -0.2)}
	w.refused("own vote against", "0 of 1 agree, 1 are needed", w.acceptance(lie))
	lie.Votes = nil
	w.refused("no vote at all", "0 of 1 agree, 1 are needed", w.acceptance(lie))
}

// TestSoloRefused: nobody is its own quorum where the genesis file does not say so, who is no evaluator, or while another
// evaluator is eligible.
func TestSoloRefused(t *testing.T) {
	w := newNetwork(t, 1)
	w.refused("solo is not in the genesis file", "no evaluator is eligible", w.selfAccepted(w.statement(w.ids[0], -0.5)))

	w = newSolo(t, 2, 1)
	w.refused("another evaluator from the start", "not in the quorum", w.selfAccepted(w.statement(w.ids[0], -0.5)))

	w = newSolo(t, 1, 1)
	stranger := newNetwork(t, 2)
	s := stranger.ids[1]
	w.keys[s] = stranger.keys[s]
	w.refused("a stranger", "not in the quorum", w.selfAccepted(w.statement(s, -0.5)))
	if members, ok := w.state.Members(w.state.Tip, strings.Repeat("c0", 32), s); !ok || !slices.Equal(members, w.ids) {
		t.Errorf("Members of a stranger's claim = %v, %v, want the evaluator", members, ok)
	}
	if _, err := Build(w.state, nil, w.state.TipTime+EmptyAfter*w.target, w.keys[w.ids[0]]); err != nil {
		t.Errorf("an empty block of the only generator: %v", err)
	}
}

// TestSoloEnds: with the first other evaluator that is eligible solo is over, also for claims anchored before. The attack is
// to keep an old anchor for as long as the window remembers it.
func TestSoloEnds(t *testing.T) {
	w := newSolo(t, 1, 3)
	o := w.ids[0]
	w.extend(o, Micro, w.acceptance(w.statement(o, -0.5)))
	other := newNetwork(t, 2)
	n := other.ids[1]
	w.keys[n] = other.keys[n]

	held := w.statement(o, -0.4)
	pay := ledger.Transfer{Sender: o, Recipient: n, Amount: ledger.Unit, Fee: ledger.MinBaseFee, Nonce: 1}
	w.extend(o, EmptyAfter*w.target, w.tx(TxTransfer, o, TransferPayload(pay)), w.tx(TxRegistered, n, canon.NewObject()))
	if !slices.Contains(w.state.Generators(), n) {
		t.Fatal("the newcomer is not eligible, the test means nothing")
	}
	w.refused("held back since before", "no evaluator is eligible", w.selfAccepted(held))
	w.refused("anchored now", "not in the quorum", w.selfAccepted(w.statement(o, -0.4)))

	built := w.extend(n, EmptyAfter*w.target, w.acceptance(w.statement(o, -0.4)))
	if r := built.Receipts.Tx[0]; r.Solo || !slices.Equal(r.Agreed, []string{n}) || w.state.Domains[domain].Solo {
		t.Errorf("acceptance by the newcomer: %+v", r)
	}
	if w.state.Ledger.Supply() != w.state.Ledger.Minted()-w.state.Ledger.Burned() {
		t.Error("money is not conserved")
	}
}
