package optimae

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/state"
)

// A block has room for so much, and what is refused takes none of it.
func TestBlockBounds(t *testing.T) {
	w := newWorld(t, 4, "bounds")
	b := &Block{rules: w.rules, state: w.state, book: account.Open(w.state, 0, 0), ctx: Context{Height: 1, Slot: 1}}
	load(w.state, totalsKey(), &b.t)
	for range 2 * MaxTransactions {
		if _, err := b.Transact(NewTx(name(0), &Return{1})); err == nil {
			t.Fatal("a return of who is here")
		}
	}
	commit, _, _ := promise(name(0), "500")
	for b.taken < MaxTransactions {
		if err := b.admit(1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Transact(commit); err == nil {
		t.Errorf("transaction %d of a block is taken", MaxTransactions+1)
	}
	b.taken, b.bytes = 0, MaxBytes-len(commit.Body)+1
	if _, err := b.Transact(commit); err == nil {
		t.Errorf("byte %d of a block is taken", MaxBytes+1)
	}
	b.bytes--
	if _, err := b.Transact(commit); err != nil {
		t.Errorf("byte %d of a block: %v", MaxBytes, err)
	}
}

// What a peer has signed once is good once, and not for ever: a commit, a leave, a return, a registration.
func TestReplay(t *testing.T) {
	w := newWorld(t, 7, "replay")
	commit, _, c := promise(name(0), "500")
	w.good(w.step(commit))
	w.away[name(1)] = true
	for !w.peer(name(1)).Absent || w.peer(name(1)).Elected {
		w.step()
	}
	w.away[name(1)] = false
	back := NewTx(name(1), &Return{w.slot + 1})
	w.good(w.step(back))
	p := w.peer(name(1))
	p.Absent = true // again, later
	savePeer(w.state, name(1), &p)
	refused(t, "a return twice", w.step(back))
	future := NewTx(name(2), &Leave{w.slot + 100})
	refused(t, "a leave of a later slot", w.step(future))
	for _, slots := range []int64{TxLife, RevealWindow} { // the claim is over in the first blocks after that
		w.slot += slots
		for range 6 {
			w.step()
		}
	}
	if load(w.state, indexKey(c), new(index)) {
		t.Error("a commitment is remembered though its transaction is too old")
	}
	refused(t, "a commit of long ago", w.step(commit))
}

// A published recipe is forgotten after a month, with what says when.
func TestForget(t *testing.T) {
	w := newWorld(t, 4, "forget")
	w.accepted(name(0), "500")
	count := func() (n int) {
		for _, table := range []byte("rjxi") {
			n += len(listed(w.state, key(table)))
		}
		return n
	}
	if got := count(); got != 4 {
		t.Errorf("%d records of a claim, want 4", got)
	}
	for range 8 {
		w.step()
	}
	w.slot += RecipeLife
	w.step()
	if got := count(); got != 0 {
		t.Errorf("%d records of a claim after a month, want none", got)
	}
}

// both applies what it is told to a map and to the chain's tree.
type both struct {
	memory
	tree *state.Draft
}

func (s both) Put(k, v []byte) { s.memory.Put(k, v); s.tree.Put(k, v) }
func (s both) Delete(k []byte) { s.memory.Delete(k); s.tree.Delete(k) }

// Whatever the way, equal records have one root: a block after a block, with a copy for each, and all of the records at once.
func TestRoot(t *testing.T) {
	w := newWorld(t, 7, "root")
	at := state.New()
	d := state.NewDraft(at)
	w.state.Range(nil, func(k, v []byte) bool { d.Put(k, v); return true })
	w.began = func() { at.Root(); at = at.Copy(); w.mirror = state.NewDraft(at) }
	for i := range 3 {
		w.accepted(name(i), fmt.Sprint(100*(i+1)))
	}
	w.good(w.step(NewTx(name(6), &Leave{w.slot + 1})))
	for range 8 {
		w.step()
	}
	whole := state.New()
	d = state.NewDraft(whole)
	w.state.Range(nil, func(k, v []byte) bool { d.Put(k, v); return true })
	if got, want := at.Root(), whole.Root(); got != want || d.Err() != nil || w.mirror.Err() != nil {
		t.Errorf("root %v of blocks, %v of their records, %v, %v", got, want, d.Err(), w.mirror.Err())
	}
}

// How often a coalition of f of n would own a draw, members drawn among all others: two thirds of them, so that it decides, beside the
// hypergeometric chance of it, and more than a third, so that it can stop it. DOIN_SIMULATIONS says how many draws.
func TestDrawFrequency(t *testing.T) {
	draws := 300
	if s := os.Getenv("DOIN_SIMULATIONS"); s != "" {
		draws, _ = strconv.Atoi(s)
	}
	for _, n := range []int{3, 4, 7, 16, 17, 30, 60, 100, 300} {
		w := newWorld(t, n, "draws")
		b := &Block{rules: w.rules, state: w.state}
		f := (n - 1) / 3
		for _, bad := range []int{(f + 1) / 2, f} {
			decides, stops, k := 0, 0, 0
			for i := range draws {
				m := &Claim{Author: coalitionName(n, bad, i), Domain: "d", Beacon: sha256.Sum256([]byte(fmt.Sprint(n, i)))}
				b.members(m)
				k = len(m.Members)
				of := 0
				for _, peer := range m.Members {
					if peer < name(bad) {
						of++
					}
				}
				if of >= thirds(k) {
					decides++
				}
				if k-of < thirds(k) {
					stops++
				}
			}
			// One of the coalition, if there is any, is the author.
			others := max(0, bad-1)
			f := func(what string, got, least int) {
				want := hypergeometric(n-1, others, k, least)
				slack := 4*sqrt(want*(1-want)/float64(draws)) + 4/float64(draws)
				if rate := float64(got) / float64(draws); rate > want+slack || rate < want-slack {
					t.Errorf("n %d, coalition %d, k %d: %s %.4f of %d draws, theory %.4f ± %.4f", n, bad, k, what, rate, draws, want, slack)
				}
				t.Logf("n %d, coalition %d, k %d: %s %.4f of draws, theory %.5f", n, bad, k, what, float64(got)/float64(draws), want)
			}
			f("decides", decides, thirds(k))
			f("stops", stops, k-thirds(k)+1)
		}
	}
}
