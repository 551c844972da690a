package application

import (
	"bytes"
	"errors"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/light"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

func id(tb testing.TB, peer string) account.ID {
	tb.Helper()
	v, err := account.ParseID(peer)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// A claim goes its whole way over signed blocks, and pays from and into accounts.
func TestClaim(t *testing.T) {
	w := newTown(t, 4)
	w.accept(0, 500)
	d := w.state().Draft()
	if got := optimae.Counted(d); got.Commits != 1 || got.Pooled == 0 && got.Paid == 0 {
		t.Errorf("after a claim: %+v", got)
	}
	for range 60 {
		w.idle(1)
	}
	paid := optimae.Counted(w.state().Draft()).Paid
	author := w.state().Account(id(t, w.peers[0])).Balance
	if paid == 0 || author <= 100*ledger.Unit {
		t.Errorf("paid in %d blocks, the author has %d", paid, author)
	}
	// The electorate that streamlet goes by is the one of the state, under the key that light clients ask for.
	e, err := w.state().Electorate()
	if err != nil || len(e.Peers()) != 4 {
		t.Errorf("electorate %v, %v", e, err)
	}
	if final := w.tree.Final().Height; final < int64(len(w.wires))-3 {
		t.Errorf("final is %d of %d", final, len(w.wires)-1)
	}
	var f light.Finality
	for i := range f.Headers {
		at := len(w.wires) - 3 + i
		f.Headers[i] = w.wires[at].Header()
		f.Certificates[i] = w.tree.Node(f.Headers[i].ID()).CertificateOf()
	}
	// A light client that trusts the first electorate comes to the balance by one proof.
	s := w.tree.Node(f.Headers[1].ID()).State.(*State)
	proof, err := s.Tree.Prove(account.AccountKey(id(t, w.peers[0])))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRules(w.net, s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	trust := &light.Trust{Electorate: streamlet.NewElectorate(w.peers...)}
	value, ok, err := trust.Check(&f, account.AccountKey(id(t, w.peers[0])), proof, r.Verify)
	if a, err2 := account.ParseAccount(value); err != nil || err2 != nil || !ok || a.Balance != author {
		t.Errorf("a light client reads %d, %v, %v, want %d", a.Balance, err, err2, author)
	}
}

// Transfers wait for the commit interval, pay the base fee to nobody and the rest to the leader, and are good once.
func TestTransfer(t *testing.T) {
	w := newTown(t, 4)
	_, stranger := key(t, "stranger")
	to := id(t, stranger)
	pay := func(nonce, amount, fee int64) *Tx {
		return w.tx(0, KindTransfer, (&Transfer{to, amount, fee, nonce}).Encode())
	}
	if w.net.Interval() != 2 {
		t.Fatalf("interval %d, want 2", w.net.Interval())
	}
	w.idle(3)
	before := w.state().Account(id(t, w.peers[0])).Balance
	x := pay(1, 5*ledger.Unit, 3*ledger.MinBaseFee)
	b := w.step(x)
	if got := w.state().Account(to); got.Balance != 5*ledger.Unit {
		t.Errorf("the recipient has %d", got.Balance)
	}
	want := before - 5*ledger.Unit - 3*ledger.MinBaseFee
	if b.Leader == id(t, w.peers[0]) {
		want += 2 * ledger.MinBaseFee
	}
	if got := w.state().Account(id(t, w.peers[0])).Balance; got != want {
		t.Errorf("the sender has %d, want %d", got, want)
	}
	if burned := account.Open(w.state().Draft(), 0, 0).Burned(); burned != ledger.MinBaseFee {
		t.Errorf("burned %d, want the base fee %d", burned, ledger.MinBaseFee)
	}
	w.refused("a transfer in the next slot", pay(2, 1, ledger.MinBaseFee))
	w.idle(2)
	w.refused("a transfer again", x)
	w.refused("a transfer without fee", pay(2, 1, 0))
	w.refused("a transfer of more than there is", pay(2, 1000*ledger.Unit, ledger.MinBaseFee))
	w.refused("a transfer to itself", w.tx(0, KindTransfer, (&Transfer{id(t, w.peers[0]), 1, ledger.MinBaseFee, 2}).Encode()))
	w.refused("a later nonce", pay(3, 1, ledger.MinBaseFee))
	forged := *pay(2, 1, ledger.MinBaseFee)
	k, _ := key(t, "stranger")
	copy(forged.Point[:], k.Point())
	w.refused("a transfer under another's key", &forged)
	other, err := Sign(w.keys[w.peers[0]], "another network", KindTransfer, (&Transfer{to, 1, ledger.MinBaseFee, 2}).Encode())
	if err != nil {
		t.Fatal(err)
	}
	w.refused("a transfer of another network", other)
	w.step(pay(2, 1, ledger.MinBaseFee))
}

// The base fee rises with full blocks and falls with time.
func TestBaseFee(t *testing.T) {
	w := newTown(t, 1)
	n := w.net
	high := pace{Fee: ledger.MaxBaseFee, Slot: 10}
	if got := n.fee(high, 10+n.interval); got != ledger.MaxBaseFee {
		t.Errorf("at once the fee is %d", got)
	}
	if got := n.fee(high, 10+2*n.interval); got >= ledger.MaxBaseFee {
		t.Errorf("after an empty interval the fee is %d", got)
	}
	if got := n.fee(high, 10+n.interval*(maxIdle+1)); got != ledger.MinBaseFee {
		t.Errorf("after %d empty intervals the fee is %d, want %d", maxIdle, got, ledger.MinBaseFee)
	}
}

// Each part of a block that is altered is refused for what it is.
func TestAltered(t *testing.T) {
	w := newTown(t, 4)
	w.idle(6)
	f := func(what string, want error, alter func(b *Wire), sealed bool) {
		t.Helper()
		b := w.build()
		alter(b)
		if sealed {
			w.seal(b)
		}
		if _, _, err := w.tree.Add(b.Chain()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	f("a signature", ErrSignature, func(b *Wire) { b.Signature[40] ^= 1 }, false)
	f("a root", ErrRoot, func(b *Wire) { b.Root[3] ^= 1 }, true)
	f("a root, not signed", ErrSignature, func(b *Wire) { b.Root[3] ^= 1 }, false)
	f("a beacon", ErrBeacon, func(b *Wire) { b.Beacon[3] ^= 1 }, true)
	f("a proof", ErrBeacon, func(b *Wire) { b.Proof[60] ^= 1 }, true)
	f("a slot of somebody else", streamlet.ErrInvalid, func(b *Wire) { b.Slot += 1 << 20 }, true)
	f("a height", streamlet.ErrInvalid, func(b *Wire) { b.Height++ }, true)
	f("a parent", streamlet.ErrUnknown, func(b *Wire) { b.Parent[0] ^= 1 }, true)
	f("no certificate", streamlet.ErrInvalid, func(b *Wire) { b.Certificate = nil }, true)
	f("a certificate's slot", streamlet.ErrInvalid, func(b *Wire) {
		b.Certificate = &streamlet.Certificate{Block: b.Parent, Slot: b.Certificate.Slot + 1,
			Signers: b.Certificate.Signers, Signatures: b.Certificate.Signatures}
	}, true)
}

// A proof that a peer signed two blocks of a slot, as streamlet hands it over, costs half of its stake.
func TestTwoBlocks(t *testing.T) {
	w := newTown(t, 4)
	w.idle(3)
	bad := w.peers[1]
	sign := func(block ID) string {
		s, err := w.keys[bad].Sign(blockMessage(w.net.ID(), 3, block))
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	one, two := ID{1}, ID{2}
	before := optimae.Counted(w.state().Draft()).Stakes
	proof := func(slot int64, b ID, s string) *Tx {
		return w.tx(0, optimae.KindTwoBlocks, optimae.NewTx("", &optimae.TwoBlocks{Peer: bad, Slot: slot, First: one, Second: b, FirstSignature: sign(one),
			SecondSignature: s}).Body)
	}
	w.refused("one block", proof(3, one, sign(one)))
	w.refused("another slot", proof(4, two, sign(two)))
	w.refused("no signature", proof(3, two, sign(one)))
	w.step(proof(3, two, sign(two)))
	if got := optimae.Counted(w.state().Draft()).Stakes; got != before-5*ledger.InitialReward {
		t.Errorf("stakes %d, before %d", got, before)
	}
	w.idle(6)
	if e := w.tree.Best().Electorate; e.Has(bad) || e.Len() != 3 {
		t.Errorf("electorate %v", e.Peers())
	}
	if e, err := w.state().Electorate(); err != nil || e.Has(bad) {
		t.Errorf("electorate of the state %v, %v", e, err)
	}
}

// The key of who registers comes into the state, and goes with the registration.
func TestKeys(t *testing.T) {
	w := newTown(t, 4)
	k, peer := key(t, "new")
	w.keys[peer] = k
	say := func(body optimae.Body) *Tx {
		return (&agent{peer: peer, sign: func(kind optimae.Kind, body []byte) *Tx { return w.sign(k, kind, body) }}).tx(body)
	}
	has := func() bool { _, ok := w.state().Draft().Get(keyOf(id(t, peer))); return ok }
	w.idle(2)
	w.refused("a leave of who is not registered", say(&optimae.Leave{Slot: w.slot}))
	w.step(say(&optimae.Register{Domains: []string{"d"}, Slot: w.slot}))
	if !has() {
		t.Error("registered, and its key is not in the state")
	}
	w.idle(1)
	w.step(say(&optimae.Leave{Slot: w.slot}))
	w.idle(4)
	if !has() {
		t.Error("its stake is locked, and its key is gone")
	}
	w.slot += optimae.LeaveAfter
	w.idle(2)
	if has() {
		t.Error("its key outlives its registration")
	}
	if got := w.state().Account(id(t, peer)).Balance; got != 1000*ledger.Unit {
		t.Errorf("after all it has %d", got)
	}
}

// A recipe has one form: else it could be committed again under another hash.
func TestRecipe(t *testing.T) {
	for recipe, ok := range map[string]bool{`{"a": 1}`: true, `{"a":1}`: false, `{"b": 1, "a": 1}`: false, `{"a": 1} `: false, `{`: false} {
		w := newTown(t, 4)
		w.idle(2)
		a := &agent{peer: w.peers[0], sign: func(kind optimae.Kind, body []byte) *Tx { return w.tx(0, kind, body) }}
		c := optimae.Commitment(recipe, a.peer)
		w.step(a.tx(&optimae.Commit{Domain: "d", Commitment: c, Slot: w.slot}))
		w.idle(3)
		reveal := a.tx(&optimae.Reveal{Commitment: c, Recipe: recipe, Nonce: a.peer})
		if ok {
			w.step(reveal)
		} else {
			w.refused("recipe "+recipe, reveal)
		}
	}
}

// Codes: every transaction, block and transfer has one form.
func FuzzParse(f *testing.F) {
	w := newTown(f, 4)
	w.step()
	w.step(w.tx(0, optimae.KindLeave, optimae.NewTx("", &optimae.Leave{Slot: 1}).Body))
	for _, b := range w.wires[1:] {
		f.Add(b.Append(nil))
		for _, x := range b.Txs {
			f.Add(x.Append(nil))
		}
	}
	f.Add((&Transfer{id(f, w.peers[0]), 1, 2, 3}).Encode())
	f.Add(w.text)
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := ParseBlock(data); err == nil && !bytes.Equal(b.Append(nil), data) {
			t.Errorf("a block of %d bytes is written as another", len(data))
		} else if err == nil {
			b.Chain()
		}
		if x, err := ParseTx(data); err == nil && !bytes.Equal(x.Append(nil), data) {
			t.Errorf("a transaction of %d bytes is written as another", len(data))
		}
		if v, err := ParseTransfer(data); err == nil && !bytes.Equal(v.Encode(), data) {
			t.Errorf("a transfer of %d bytes is written as another", len(data))
		}
		if g, err := ParseGenesis(data); err == nil {
			if _, _, err := NewNetwork(g, P256{}).Genesis(); err != nil && !errors.Is(err, ErrGenesis) {
				t.Errorf("genesis file: %v", err)
			}
		}
	})
}
