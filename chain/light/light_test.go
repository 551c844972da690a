package light

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"doin.network/node/chain/identity"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
)

// world is a chain with real signatures.
type world struct {
	tb    testing.TB
	keys  map[string]*identity.Key
	peers []string
	tip   Header
	tree  *state.Tree
}

func preimage(slot int64, block streamlet.ID) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(slot)), block[:]...)
}

func newWorld(tb testing.TB, n int) *world {
	w := &world{tb: tb, keys: map[string]*identity.Key{}, tree: state.New()}
	for i := range n {
		k, err := identity.FromSeed(fmt.Sprint("light ", i))
		if err != nil {
			tb.Fatal(err)
		}
		w.keys[k.PeerID()] = k
		w.peers = append(w.peers, k.PeerID())
	}
	return w
}

func (w *world) verify(peer string, slot int64, block streamlet.ID, signature []byte) bool {
	k := w.keys[peer]
	return k != nil && identity.Verify(k.PublicKey(), string(signature), identity.KindBlock, "light", preimage(slot, block)) == nil
}

// block makes a block slots after the tip, whose children have an electorate and in whose state key has a value.
func (w *world) block(slots int64, electorate []string, key, value string) Header {
	w.tb.Helper()
	w.tree = w.tree.Copy()
	err := errors.Join(w.tree.Put([]byte(key), []byte(value)),
		w.tree.Put(ElectorateKey(), AppendElectorate(nil, streamlet.NewElectorate(electorate...))))
	if err != nil {
		w.tb.Fatal(err)
	}
	w.tip = Header{Parent: w.tip.ID(), Height: w.tip.Height + 1, Slot: w.tip.Slot + slots, Root: w.tree.Root(),
		Rest: sha256.Sum256([]byte(value))}
	return w.tip
}

func (w *world) certify(h Header, signers ...string) *streamlet.Certificate {
	w.tb.Helper()
	signers = slices.Sorted(slices.Values(signers))
	c := &streamlet.Certificate{Block: h.ID(), Slot: h.Slot, Signers: signers}
	for _, s := range signers {
		text, err := w.keys[s].Sign(identity.KindBlock, "light", preimage(h.Slot, h.ID()))
		if err != nil {
			w.tb.Fatal(err)
		}
		c.Signatures = append(c.Signatures, []byte(text))
	}
	return c
}

// final makes three blocks, the second with the value, and returns what shows it final beside the state after it.
func (w *world) final(electorate []string, key, value string, signers ...string) (*Finality, *state.Tree) {
	f := new(Finality)
	var tree *state.Tree
	for i := range f.Headers {
		before := electorate
		if i == 0 {
			before = signers
		}
		v := value
		if i == 0 {
			v = "before " + value
		}
		f.Headers[i] = w.block(1, before, key, v)
		f.Certificates[i] = w.certify(f.Headers[i], signers...)
		if i == 1 {
			tree = w.tree
		}
	}
	return f, tree
}

func prove(tb testing.TB, tree *state.Tree, key string) []byte {
	tb.Helper()
	p, err := tree.Prove([]byte(key))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestFollow: a client that trusts the first electorate follows two changes of it, and reads what is final after each.
func TestFollow(t *testing.T) {
	w := newWorld(t, 6)
	p := w.peers
	trust := &Trust{ID: w.tip.ID(), Electorate: streamlet.NewElectorate(p[:4]...)}
	for i, step := range []struct{ signers, next []string }{
		{p[:3], p[:4]}, // three of four are enough
		{p[:4], p[:5]}, // the fifth comes
		{p[:5], p[1:5]},
		{p[1:4], p[1:6]},
		{p[1:5], p[1:6]},
	} {
		w.block(7, trust.Electorate.Peers(), "gap", fmt.Sprint(i)) // blocks that the client never sees
		f, tree := w.final(step.next, "champion", fmt.Sprint("value ", i), step.signers...)
		f, err := ParseFinality(AppendFinality(nil, f))
		if err != nil {
			t.Fatal(err)
		}
		value, ok, err := trust.Check(f, []byte("champion"), prove(t, tree, "champion"), w.verify)
		if string(value) != fmt.Sprint("value ", i) || !ok || err != nil {
			t.Fatalf("step %d: Check = %q, %v, %v", i, value, ok, err)
		}
		if _, ok, err := trust.Check(f, []byte("nobody"), prove(t, tree, "nobody"), w.verify); ok || err != nil {
			t.Fatalf("step %d: Check of nobody = %v, %v", i, ok, err)
		}
		next, err := trust.Advance(f, prove(t, tree, string(ElectorateKey())), w.verify)
		if err != nil || !slices.Equal(next.Electorate.Peers(), slices.Sorted(slices.Values(step.next))) {
			t.Fatalf("step %d: Advance = %+v, %v", i, next, err)
		}
		trust = next
	}
}

// TestForgers: what a minority, or a stranger who changes anything, hands over is refused.
func TestForgers(t *testing.T) {
	w := newWorld(t, 7)
	p := w.peers
	trust := &Trust{ID: w.tip.ID(), Electorate: streamlet.NewElectorate(p[:4]...)}
	good, tree := w.final(p[:4], "account", "7", p[:3]...)
	proof := prove(t, tree, "account")
	wire := AppendFinality(nil, good)
	refused := func(what string, change func(f *Finality)) {
		t.Helper()
		f, err := ParseFinality(wire)
		if err != nil {
			t.Fatal(err)
		}
		change(f)
		if _, _, err := trust.Check(f, []byte("account"), proof, w.verify); !errors.Is(err, ErrUntrusted) {
			t.Errorf("%s: %v, want ErrUntrusted", what, err)
		}
	}
	if _, _, err := trust.Check(good, []byte("account"), proof, w.verify); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		refused("another root", func(f *Finality) { f.Headers[i].Root[0] ^= 1 })
		refused("another slot", func(f *Finality) { f.Headers[i].Slot++; f.Certificates[i].Slot++ })
		refused("two of four sign", func(f *Finality) { f.Certificates[i] = w.certify(f.Headers[i], p[:2]...) })
		refused("strangers sign too", func(f *Finality) { f.Certificates[i] = w.certify(f.Headers[i], p[2:]...) })
		refused("a signature of another slot", func(f *Finality) {
			f.Certificates[i].Signatures[1] = w.certify(Header{Slot: 99}, p[0]).Signatures[0]
		})
		refused("no certificate", func(f *Finality) { f.Certificates[i] = nil })
		refused("a signature too few", func(f *Finality) { f.Certificates[i].Signatures = f.Certificates[i].Signatures[:2] })
		refused("one signs three times", func(f *Finality) {
			c := f.Certificates[i]
			c.Signers = []string{c.Signers[0], c.Signers[0], c.Signers[0]}
			c.Signatures = [][]byte{c.Signatures[0], c.Signatures[0], c.Signatures[0]}
		})
		refused("another block's certificate", func(f *Finality) { f.Certificates[i] = f.Certificates[(i+1)%3] })
	}
	refused("certified blocks of other slots", func(f *Finality) {
		v := newWorld(t, 7)
		for i, slots := range []int64{1, 1, 2} {
			f.Headers[i] = v.block(slots, p[:4], "account", "7")
			f.Certificates[i] = v.certify(f.Headers[i], p[:4]...)
		}
	})
	refused("blocks of two branches", func(f *Finality) {
		f.Headers[2].Parent[0] ^= 1
		f.Certificates[2] = w.certify(f.Headers[2], p[:4]...)
	})
	refused("below what is trusted", func(*Finality) { trust.Height = 9 })
	trust.Height = good.Headers[1].Height
	refused("another block at the trusted height", func(*Finality) {})
	trust.ID = good.Headers[1].ID()
	if _, err := trust.Final(good, w.verify); err != nil {
		t.Errorf("the trusted block itself: %v", err)
	}
	if _, _, err := trust.Check(good, []byte("other"), proof, w.verify); !errors.Is(err, state.ErrProof) {
		t.Errorf("a proof of another key: %v", err)
	}
	if _, err := trust.Advance(good, proof, w.verify); !errors.Is(err, state.ErrProof) {
		t.Errorf("an electorate by another key's proof: %v", err)
	}
	for at := range len(wire) {
		if f, err := ParseFinality(append(bytes.Clone(wire[:at]), append([]byte{wire[at] ^ 4}, wire[at+1:]...)...)); err == nil {
			if _, _, err := trust.Check(f, []byte("account"), proof, w.verify); err == nil {
				t.Fatalf("with byte %d changed it is taken", at)
			}
		}
		if _, err := ParseFinality(wire[:at]); err == nil {
			t.Fatalf("%d of %d bytes are taken", at, len(wire))
		}
	}
}

// TestVectors are bytes that a second implementation must reach.
func TestVectors(t *testing.T) {
	h := Header{Height: 3, Slot: 258}
	h.Parent[0], h.Root[1], h.Rest[2] = 1, 2, 3
	if got, want := fmt.Sprintf("%x", h.ID()), "7bcb2e61c8e25f9e058d36688e57685ad019a657e491b43bdc46959af1ff8551"; got != want {
		t.Errorf("id is %s, want %s", got, want)
	}
	e := AppendElectorate(nil, streamlet.NewElectorate("b", "a", "cc"))
	if got, want := fmt.Sprintf("%x", e), "00030161016202"+"6363"; got != want {
		t.Errorf("electorate is %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	w := newWorld(f, 4)
	good, _ := w.final(w.peers, "a", "b", w.peers...)
	f.Add(AppendFinality(nil, good))
	f.Add(AppendElectorate(nil, streamlet.NewElectorate(w.peers...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := ParseFinality(b); err == nil && !bytes.Equal(AppendFinality(nil, x), b) {
			t.Errorf("ParseFinality(%x) is written as %x", b, AppendFinality(nil, x))
		}
		if e, err := ParseElectorate(b); err == nil && !bytes.Equal(AppendElectorate(nil, e), b) {
			t.Errorf("ParseElectorate(%x) is written as %x", b, AppendElectorate(nil, e))
		}
	})
}
