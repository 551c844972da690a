package application

import (
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

// Money is spent once: of two transfers of one nonce a block takes one, on whichever branch, and the other is refused for ever.
func TestDoubleSpending(t *testing.T) {
	w := newTown(t, 4)
	w.idle(2)
	spend := func(to int) *Tx {
		return w.tx(0, KindTransfer, (&Transfer{id(t, w.peers[to]), 90 * ledger.Unit, ledger.MinBaseFee, 1}).Encode())
	}
	one, two := spend(1), spend(2)
	if b := w.build(one, two, one); len(b.Txs) != 1 {
		t.Fatalf("a builder takes %d of three", len(b.Txs))
	}
	b := w.build()
	b.Txs = []*Tx{one, two}
	w.seal(b)
	if _, _, err := w.tree.Add(b.Chain()); err == nil {
		t.Error("a block with both is valid")
	}
	w.step(one)
	w.idle(w.net.Interval())
	w.refused("the other one", two)
	w.conserved()
}

// An account that was emptied and begins again does not bring its old transfers back.
func TestReplayOverHeights(t *testing.T) {
	w := newTown(t, 4)
	w.idle(2)
	k, peer := key(t, "new")
	send := func(nonce int64) *Tx {
		return w.sign(k, KindTransfer, (&Transfer{id(t, w.peers[0]), 1000*ledger.Unit - ledger.MinBaseFee, ledger.MinBaseFee, nonce}).Encode())
	}
	old := send(1)
	w.step(old)
	if w.state().Account(id(t, peer)).Balance != 0 {
		t.Fatal("the account is not empty")
	}
	w.idle(w.net.Interval())
	w.step(w.tx(0, KindTransfer, (&Transfer{id(t, peer), 1000 * ledger.Unit, ledger.MinBaseFee, 1}).Encode()))
	w.idle(w.net.Interval())
	w.refused("a transfer of its first life", old)
	w.step(send(account.NonceStep*(w.state().Account(id(t, peer)).Nonce/account.NonceStep) + 1))
}

// A signature is good for one thing: each altered field, each other network, kind or form is refused.
func TestSignedFields(t *testing.T) {
	w := newTown(t, 4)
	w.idle(2)
	good := w.tx(0, KindTransfer, (&Transfer{id(t, w.peers[1]), ledger.Unit, 2 * ledger.MinBaseFee, 1}).Encode())
	for i := range len(good.Body) {
		bad := *good
		bad.Body = append([]byte{}, good.Body...)
		bad.Body[i] ^= 1
		w.refused("an altered body", &bad)
	}
	for i := range good.Signature {
		bad := *good
		bad.Signature[i] ^= 1
		w.refused("an altered signature", &bad)
	}
	bad := *good
	bad.Kind = optimae.KindLeave
	w.refused("another kind", &bad)
	// A block's signature is none of a transaction, nor the other way round.
	block := w.wires[1]
	bad = *good
	bad.Signature = block.Signature
	w.refused("a block's signature", &bad)
	if keys := (keys{w.net, w.state().Draft(), block.Slot + 1}); keys.Verify(block.Leader.String(), block.Slot+1, block.Header().ID(), block.Signature[:]) {
		t.Error("a block's signature is good in another slot")
	}
	w.step(good)
}

// A certificate counts each evaluator once, and nobody else: copies, strangers and too few are no certificate.
func TestCertificates(t *testing.T) {
	w := newTown(t, 4)
	w.idle(3)
	b := w.wires[3].Chain()
	whole := w.certify(b, w.tree.Best().Electorate.Peers())
	f := func(what string, c *streamlet.Certificate) {
		t.Helper()
		next := w.build()
		next.Certificate = c
		w.seal(next)
		if _, _, err := w.tree.Add(next.Chain()); err == nil {
			t.Errorf("%s is a certificate", what)
		}
	}
	f("two of four", w.certify(b, whole.Signers[:2]))
	twice := *whole
	twice.Signers, twice.Signatures = append([]string{whole.Signers[0]}, whole.Signers[:2]...), append([][]byte{whole.Signatures[0]}, whole.Signatures[:2]...)
	f("one of them twice", &twice)
	k, peer := key(t, "stranger")
	w.keys[peer] = k
	f("a stranger among them", w.certify(b, append([]string{peer}, whole.Signers[:2]...)))
	forged := *whole
	forged.Signatures = append([][]byte{}, whole.Signatures...)
	forged.Signatures[2] = make([]byte, identity.SignatureBytes)
	f("one without a signature", &forged)
	f("the block's before", w.certify(w.wires[2].Chain(), whole.Signers))
}

// Who left and comes back under the same key is known as who it was: an old registration or leave is not good again.
func TestWhitewashing(t *testing.T) {
	w := newTown(t, 4)
	k, peer := key(t, "new")
	w.keys[peer] = k
	say := func(body optimae.Body) *Tx {
		x := optimae.NewTx(peer, body)
		return w.sign(k, x.Kind, x.Body)
	}
	w.idle(2)
	register := say(&optimae.Register{Domains: []string{"d"}, Slot: w.slot})
	w.step(register)
	w.refused("a second registration", say(&optimae.Register{Domains: []string{"d"}, Slot: w.slot}))
	w.idle(1)
	leave := say(&optimae.Leave{Slot: w.slot})
	w.step(leave)
	w.refused("a registration while the stake is locked", say(&optimae.Register{Domains: []string{"d"}, Slot: w.slot}))
	w.slot += optimae.LeaveAfter
	w.idle(2)
	w.refused("the first registration", register)
	w.step(say(&optimae.Register{Domains: []string{"d"}, Slot: w.slot}))
	w.refused("the first leave", leave)
}

// A withheld reveal costs the deposit, which is burned and nobody's.
func TestWithheldReveal(t *testing.T) {
	w := newTown(t, 4)
	w.idle(2)
	a := &agent{peer: w.peers[0], sign: func(kind optimae.Kind, body []byte) *Tx { return w.tx(0, kind, body) }}
	x, _ := a.commit(w.slot, 500)
	before := w.state().Account(id(t, w.peers[0])).Balance
	deposit := optimae.Deposit(&optimae.Totals{})
	w.step(x)
	w.idle(optimae.RevealWindow + 8)
	if got := w.state().Account(id(t, w.peers[0])).Balance; got != before-deposit {
		t.Errorf("the author has %d, had %d", got, before)
	}
	if burned := account.Open(w.state().Draft(), 0, 0).Burned(); burned != deposit {
		t.Errorf("burned %d, want %d", burned, deposit)
	}
}
