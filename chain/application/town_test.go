package application

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

// town is a chain without a network between its peers: everybody signs every block at once.
type town struct {
	tb    testing.TB
	net   *Network
	keys  map[string]*IdentityKey
	peers []string // evaluators, by number
	tree  *streamlet.Tree
	slot  int64
	wires []*Wire // by height, block 0's nil
	text  []byte  // the genesis file
}

// key is the key of a name, the same in every run.
func key(tb testing.TB, name string) (*IdentityKey, string) {
	tb.Helper()
	k, err := identity.FromSeed("application " + name)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := NewKey(k)
	if err != nil {
		tb.Fatal(err)
	}
	return v, k.PeerID()
}

// file is a genesis file of evaluators of domain d with 100 DOIN each, and of a newcomer with 1000.
func file(tb testing.TB, keys []*IdentityKey, peers []string) *Genesis {
	g := &Genesis{Protocol: Protocol, Start: 1_700_000_000_000_000, Slot: 2_000_000, TargetTime: 120_000_000, InitialThreshold: 100_000, StampBits: 4,
		Balances: []Balance{}, Domains: []Domain{{ID: "d", Weight: consensus.Micro, PerformanceScale: 1, MinIncrement: 1000, NoiseZ2: 4, VerifyWindow: 20,
			Possible: consensus.Micro}}}
	for i, k := range keys {
		g.Evaluators = append(g.Evaluators, Evaluator{hex.EncodeToString(k.Point()), []string{"d"}})
		g.Balances = append(g.Balances, Balance{peers[i], 100 * ledger.Unit})
	}
	_, newcomer := key(tb, "new")
	g.Balances = append(g.Balances, Balance{newcomer, 1000 * ledger.Unit})
	return g
}

func newTown(tb testing.TB, n int) *town { tb.Helper(); return newLargeTown(tb, n, 0) }

// newLargeTown has so many accounts more.
func newLargeTown(tb testing.TB, n, accounts int) *town {
	tb.Helper()
	w := &town{tb: tb, keys: map[string]*IdentityKey{}, wires: []*Wire{nil}}
	var keys []*IdentityKey
	for i := range n {
		k, peer := key(tb, fmt.Sprint(i))
		keys, w.peers, w.keys[peer] = append(keys, k), append(w.peers, peer), k
	}
	var err error
	genesis := file(tb, keys, w.peers)
	for i := range accounts {
		hash := sha256.Sum256(fmt.Append(nil, i))
		genesis.Balances = append(genesis.Balances, Balance{hex.EncodeToString(hash[:20]), ledger.Unit})
	}
	if w.text, err = json.Marshal(genesis); err != nil {
		tb.Fatal(err)
	}
	g, err := ParseGenesis(w.text)
	if err != nil {
		tb.Fatal(err)
	}
	w.net = NewNetwork(g, P256{})
	_, s, err := w.net.Genesis()
	if err != nil {
		tb.Fatal(err)
	}
	r, err := NewRules(w.net, s, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if w.tree, err = r.Tree(); err != nil {
		tb.Fatal(err)
	}
	return w
}

func (w *town) state() *State { return w.tree.Best().State.(*State) }

// build is the next block, of the next slot, and how many of the transactions are in it.
func (w *town) build(txs ...*Tx) *Wire {
	w.tb.Helper()
	w.slot++
	parent := w.tree.Best()
	leader := parent.Electorate.Leader(parent.ShownTo().Beacon, w.slot)
	b, err := w.net.Build(parent.State.(*State), parent.CertificateOf(), parent.ShownTo().Height, w.slot, w.keys[leader], txs)
	if err != nil {
		w.tb.Fatal(err)
	}
	return b
}

// add puts a block on the chain with everybody's signature.
func (w *town) add(b *Wire) {
	w.tb.Helper()
	data := b.Append(nil)
	read, err := ParseBlock(data)
	if err != nil || !slices.Equal(read.Append(nil), data) {
		w.tb.Fatalf("block %d is read as another: %v", b.Height, err)
	}
	n, _, err := w.tree.Add(read.Chain())
	if err != nil {
		w.tb.Fatal(err)
	}
	if _, err := w.tree.Certify(w.certify(n.Block, n.Up.Electorate.Peers())); err != nil {
		w.tb.Fatal(err)
	}
	w.wires = append(w.wires, read)
}

func (w *town) certify(b *streamlet.Block, signers []string) *streamlet.Certificate {
	w.tb.Helper()
	c := &streamlet.Certificate{Block: b.ID, Slot: b.Slot, Signers: signers}
	for _, peer := range signers {
		signature, err := w.keys[peer].Sign(blockMessage(w.net.ID(), b.Slot, b.ID))
		if err != nil {
			w.tb.Fatal(err)
		}
		c.Signatures = append(c.Signatures, signature)
	}
	return c
}

// step makes a block that must hold all of the transactions.
func (w *town) step(txs ...*Tx) *Wire {
	w.tb.Helper()
	b := w.build(txs...)
	if len(b.Txs) != len(txs) {
		w.tb.Fatalf("block %d has %d of %d transactions", b.Height, len(b.Txs), len(txs))
	}
	w.add(b)
	w.conserved()
	return b
}

// conserved checks that supply = issued − burned, over accounts, stakes and deposits.
func (w *town) conserved() {
	w.tb.Helper()
	if err := conserved(w.state()); err != nil {
		w.tb.Fatal(err)
	}
}

// refused checks that a transaction is refused, alone in a block of somebody else's too, and that a builder leaves it out.
func (w *town) refused(what string, x *Tx) {
	w.tb.Helper()
	b := w.build(x)
	if len(b.Txs) != 0 {
		w.tb.Errorf("%s is taken", what)
		return
	}
	b.Txs = []*Tx{x}
	w.seal(b)
	if _, _, err := w.tree.Add(b.Chain()); err == nil {
		w.tb.Errorf("%s is taken in a block", what)
	}
}

// seal signs a block that was altered.
func (w *town) seal(b *Wire) {
	w.tb.Helper()
	signature, err := w.keys[b.Leader.String()].Sign(blockMessage(w.net.ID(), b.Slot, b.Header().ID()))
	if err != nil {
		w.tb.Fatal(err)
	}
	copy(b.Signature[:], signature)
}

func (w *town) tx(i int, kind optimae.Kind, body []byte) *Tx {
	return w.sign(w.keys[w.peers[i]], kind, body)
}

func (w *town) sign(k *IdentityKey, kind optimae.Kind, body []byte) *Tx {
	w.tb.Helper()
	x, err := Sign(k, w.net.ID(), kind, body)
	if err != nil {
		w.tb.Fatal(err)
	}
	return x
}

// claims is a claim of an author brought to its outcome: a recipe that is worth so many thousandths.
func (w *town) accept(author, milli int) {
	w.tb.Helper()
	a := &agent{peer: w.peers[author], sign: func(kind optimae.Kind, body []byte) *Tx { return w.tx(author, kind, body) }}
	w.idle(w.net.Interval())
	x, c := a.commit(w.slot, milli)
	w.step(x)
	for range 100 {
		if optimae.Find(w.state().Draft(), c) == nil {
			return
		}
		var txs []*Tx
		for i, peer := range w.peers {
			b := &agent{peer: peer, promised: a.promised, sign: func(kind optimae.Kind, body []byte) *Tx { return w.tx(i, kind, body) }}
			txs = append(txs, b.due(w.net, w.state())...)
		}
		b := w.build(txs...)
		w.add(b)
		w.conserved()
	}
	w.tb.Fatalf("the claim of %d is never over", milli)
}

// idle makes empty blocks.
func (w *town) idle(n int64) {
	for range n {
		w.step()
	}
}
