package account

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/state"
)

// transfers of a block, signed, whose senders and recipients are drawn among all accounts.
const transfers = 200

// signed is a transfer as it comes from the network: the sender's key, and the signature over its text.
type signed struct {
	ledger.Transfer
	key, signature string
	body           []byte
}

// world is a state of many accounts and peers, and a block of transfers.
type world struct {
	tree *state.Tree
	list []signed
}

func newWorld(tb testing.TB, accounts, peers int) *world {
	tb.Helper()
	tree := state.New()
	set := state.NewDraft(tree)
	var raw [20]byte
	random := rand.New(rand.NewPCG(uint64(accounts), 1))
	name := func() (id ID) {
		binary.BigEndian.PutUint64(raw[:], random.Uint64())
		binary.BigEndian.PutUint64(raw[8:], random.Uint64())
		return ID(raw)
	}
	senders := min(accounts, transfers)
	keys := make([]*identity.Key, senders)
	ids := make([]ID, accounts)
	for i := range ids {
		if ids[i] = name(); i < senders {
			var err error
			if keys[i], err = identity.FromSeed(fmt.Sprint("sender ", i)); err != nil {
				tb.Fatal(err)
			}
			if ids[i], err = ParseID(keys[i].PeerID()); err != nil {
				tb.Fatal(err)
			}
		}
		set.Put(AccountKey(ids[i]), Account{Balance: 1000 * ledger.Unit, Nonce: 5}.AppendRecord(nil))
	}
	for range peers {
		p := Peer{Registered: 9, Score: 5_000_000, Since: 3, Key: make([]byte, keyBytes)}
		set.Put(PeerKey(name()), p.AppendRecord(nil))
	}
	if err := set.Err(); err != nil {
		tb.Fatal(err)
	}
	tree.Root()
	w := &world{tree: tree}
	for i := range transfers {
		k := keys[i%senders]
		to := ids[random.IntN(len(ids))]
		if to.String() == k.PeerID() {
			to = ids[(i+1)%senders]
		}
		s := signed{Transfer: ledger.Transfer{Sender: k.PeerID(), Recipient: to.String(), Amount: 7, Fee: ledger.MinBaseFee,
			Nonce: 6 + int64(i/senders)}, key: k.PublicKey()}
		s.body = fmt.Appendf(nil, `{"amount":%d,"fee":%d,"nonce":%d,"to":"%s"}`, s.Amount, s.Fee, s.Nonce, s.Recipient)
		var err error
		if s.signature, err = k.Sign(identity.KindTransaction, "bench", s.body); err != nil {
			tb.Fatal(err)
		}
		w.list = append(w.list, s)
	}
	return w
}

// apply makes the block on a copy of the state, and its root; where verify is set every signature is verified.
func (w *world) apply(tb testing.TB, verify bool) *state.Tree {
	next := w.tree.Copy()
	set := state.NewDraft(next)
	b := Open(set, 1, 100)
	for _, s := range w.list {
		if verify {
			if err := identity.VerifySender(s.Sender, s.key, s.signature, identity.KindTransaction, "bench", s.body); err != nil {
				tb.Fatal(err)
			}
		}
		fee, err := b.Transfer(s.Transfer, ledger.MinBaseFee)
		if err != nil {
			tb.Fatal(err)
		}
		b.Burn(fee)
	}
	if err := errors.Join(b.Close(), set.Err()); err != nil {
		tb.Fatal(err)
	}
	next.Root()
	return next
}

// BenchmarkApply is a block of 200 transfers with its root, at 100 accounts and at 10⁶ accounts and 10⁵ peers, in turn; ratio is the
// large one's time over the small one's.
func BenchmarkApply(b *testing.B) {
	small, large := newWorld(b, 100, 10), newWorld(b, 1_000_000, 100_000)
	for _, verify := range []bool{false, true} {
		b.Run(fmt.Sprintf("verify=%v", verify), func(b *testing.B) {
			var spent [2]time.Duration
			n := 0
			for b.Loop() {
				for i, w := range []*world{small, large} {
					began := time.Now()
					w.apply(b, verify)
					spent[i] += time.Since(began)
				}
				n++
			}
			per := func(d time.Duration) float64 { return float64(n*transfers) / d.Seconds() }
			b.ReportMetric(per(spent[0]), "small-tx/s")
			b.ReportMetric(per(spent[1]), "large-tx/s")
			b.ReportMetric(spent[1].Seconds()/spent[0].Seconds(), "ratio")
		})
	}
}

// BenchmarkLarge is what a block costs beside that at 10⁶ accounts and 10⁵ peers: the root alone after its changes, the pages, a proof.
func BenchmarkLarge(b *testing.B) {
	w := newWorld(b, 1_000_000, 100_000)
	store := &pages{}
	if err := store.commit(w.tree, state.New()); err != nil {
		b.Fatal(err)
	}
	b.Run("root", func(b *testing.B) {
		var spent time.Duration
		for b.Loop() {
			next := w.tree.Copy()
			for i, s := range w.list {
				id, _ := ParseID(s.Recipient)
				if err := next.Put(AccountKey(id), Account{Balance: int64(i)}.AppendRecord(nil)); err != nil {
					b.Fatal(err)
				}
			}
			began := time.Now()
			next.Root()
			spent += time.Since(began)
		}
		b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "root-ns")
	})
	b.Run("batch", func(b *testing.B) {
		var batch *state.Batch
		for b.Loop() {
			var err error
			if batch, err = w.apply(b, false).Batch(w.tree); err != nil {
				b.Fatal(err)
			}
		}
		size := 0
		for _, p := range batch.Pages {
			size += len(p)
		}
		b.ReportMetric(float64(len(batch.Pages)), "pages")
		b.ReportMetric(float64(size), "page-B")
	})
	b.Run("cold", func(b *testing.B) { // the state is read from its pages anew for each block
		for b.Loop() {
			tree, err := state.Load(store, store.last.Summary, store.last.Top)
			if err != nil {
				b.Fatal(err)
			}
			(&world{tree: tree, list: w.list}).apply(b, false)
		}
		b.ReportMetric(float64(b.N*transfers)/b.Elapsed().Seconds(), "tx/s")
	})
	b.Run("proof", func(b *testing.B) {
		root, size, n := w.tree.Root(), 0, 0
		for b.Loop() {
			s := w.list[n%len(w.list)]
			id, _ := ParseID(s.Sender)
			proof, err := w.tree.Prove(AccountKey(id))
			if err == nil {
				_, _, err = state.VerifyProof(root, AccountKey(id), proof)
			}
			if err != nil {
				b.Fatal(err)
			}
			size += len(proof)
			n++
		}
		b.ReportMetric(float64(size)/float64(n), "proof-B")
	})
}

// pages is a store of one commit.
type pages struct{ last *state.Batch }

func (p *pages) Page(at state.Place) ([]byte, error) { return p.last.Pages[at.Page], nil }

func (p *pages) commit(t, base *state.Tree) (err error) {
	if p.last, err = t.Batch(base); err == nil {
		t.Stored(p.last, p, 1)
	}
	return err
}

// TestLargeState: what a block of transfers changes does not depend on what else there is, but for the length of a path.
func TestLargeState(t *testing.T) {
	w := newWorld(t, 20_000, 2_000)
	if err := new(pages).commit(w.tree, state.New()); err != nil {
		t.Fatal(err)
	}
	b, err := w.apply(t, true).Batch(w.tree)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.Pages); n > 2*transfers*6 || len(b.Dropped) > n {
		t.Errorf("a block of %d transfers writes %d pages and drops %d", transfers, n, len(b.Dropped))
	}
}
