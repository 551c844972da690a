package consensus

import (
	"errors"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// TestVerifyTx: what needs no state is refused without one, and what passes is refused by RecheckTx only for the state's
// sake.
func TestVerifyTx(t *testing.T) {
	w := newNetwork(t, 4)
	o, network := w.ids[0], w.state.Rules().Network
	f := func(name, want string, tx *chain.Tx) {
		t.Helper()
		err := VerifyTx(tx, network)
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrTx) || !strings.Contains(err.Error(), want)) {
			t.Errorf("VerifyTx of %s = %v, want %q", name, err, want)
		}
	}
	st := w.statement(o, -0.5)
	f("an acceptance", "", w.acceptance(st))
	f("a rejection", "", w.rejection(st, w.ids[1]))
	f("a transfer without money", "", w.tx(TxTransfer, o, TransferPayload(ledger.Transfer{Sender: o, Recipient: w.ids[1], Amount: 1, Fee: 1, Nonce: 9})))
	f("a registration", "", w.tx(TxRegistered, o, canon.NewObject()))

	forged := *st
	v := *st.Votes[1]
	v.Signature = st.Votes[0].Signature
	forged.Votes = []*chain.Vote{st.Votes[0], &v}
	f("a forged vote", "signature", w.acceptance(&forged))

	many := *st
	for range chain.MaxQuorum + 1 {
		many.Votes = append(many.Votes, st.Votes[0])
	}
	f("more votes than a quorum has", "votes, at most", w.acceptance(&many))

	reveal := w.rejection(st, w.ids[1])
	o2, _ := reveal.Payload.Object("reveal")
	o2.Set("signature", st.Votes[0].Signature)
	w.must(chain.SignTx(reveal, w.keys[w.ids[1]], network))
	f("a rejection with a forged reveal", "signature", reveal)

	foreign := w.acceptance(st)
	w.must(chain.SignTx(foreign, w.keys[o], strings.Repeat("f", 64)))
	f("another network's", "signature", foreign)
	f("a Python node's", "no place", w.tx(chain.TxCandidateEvaluated, o, canon.NewObject()))
	f("a task of nothing", "task_completed", w.tx(TxTask, o, canon.NewObject("task_type", "mining")))
	f("a large one", "bytes, at most", w.tx(TxRegistered, o, canon.NewObject("filler", strings.Repeat("x", MaxTxBytes))))
}
