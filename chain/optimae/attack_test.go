package optimae

import (
	"errors"
	"fmt"
	"testing"

	"doin.network/node/chain/ledger"
)

func always(f Finding) func(string) Finding { return func(string) Finding { return f } }

func refused(t *testing.T, what string, errs []error) {
	t.Helper()
	for _, err := range errs {
		if !errors.Is(err, ErrRule) {
			t.Errorf("%s: error %v, want %v", what, err, ErrRule)
		}
	}
}

func TestVotesOfOthers(t *testing.T) {
	w := newWorld(t, 7, "votes")
	m := w.toVote(name(0), "500")
	f := truth("500")
	refused(t, "a vote of the author", w.step(w.voteTx(m, name(0), f)))
	refused(t, "a vote of a stranger", w.step(w.voteTx(m, "stranger", f)))
	w.good(w.step(w.voteTx(m, name(1), f)))
	refused(t, "a second vote", w.step(w.voteTx(m, name(1), truth("501"))))
	refused(t, "an opening before the window ended", w.step(w.openTx(m, name(1), f)))
	w.until(m.Commitment, opening)
	refused(t, "a late vote", w.step(w.voteTx(m, name(2), f)))
	refused(t, "a false opening", w.step(w.openTx(m, name(1), truth("900"))))
	refused(t, "an opening that one vote of six hashes to", w.step(w.openTx(m, name(1), f)))
}

// Who has not re-run a claim can only send the hash that another one sent, and it is not its own.
func TestCopiedVote(t *testing.T) {
	w := newWorld(t, 4, "copied")
	m := w.toVote(name(0), "500")
	f := truth("500")
	copied := w.rules.VoteHash(m.Commitment, m.DrawHash, name(1), f)
	w.good(w.step(w.voteTx(m, name(1), f), NewTx(name(2), &Vote{Commitment: m.Commitment, Draw: m.DrawHash, Hash: copied}),
		NewTx(name(3), &Vote{Commitment: m.Commitment, Draw: m.DrawHash, Hash: copied})))
	w.until(m.Commitment, opening)
	refused(t, "an opening with two copies", w.step(w.openTx(m, name(1), f)))
}

func TestMinority(t *testing.T) {
	f := func(what string, n, liars int, want Result) {
		t.Helper()
		w := newWorld(t, n, what)
		m := w.toVote(name(0), "500")
		lies := map[string]bool{}
		for _, peer := range m.Members[:liars] {
			lies[peer] = true
		}
		m = w.toOpen(m, func(peer string) Finding {
			if lies[peer] {
				return truth("999999")
			}
			return truth("500")
		})
		refused(t, what+": a fabricated outcome", w.step(w.openTx(m, m.Members[0], truth("999999"))))
		w.good(w.step(w.openTx(m, m.Members[0], truth("500"))))
		if got, _ := w.result(m.Commitment); got != want {
			t.Errorf("%s: result %v, want %v", what, got, want)
		}
		if got := Reputation(w.state, m.Members[0], w.slot); got > genesisStanding-contradicted || got < genesisStanding-contradicted-10_000 {
			t.Errorf("%s: a liar's reputation %d, want %d less decay", what, got, genesisStanding-contradicted)
		}
	}
	f("one of three cannot veto", 4, 1, Accepted)
	f("two of six cannot veto", 7, 2, Accepted)
}

func TestStolenReveal(t *testing.T) {
	w := newWorld(t, 4, "stolen")
	_, thief, stolen := promise(name(1), "500")
	commit, reveal, c := promise(name(0), "500")
	w.good(w.step(commit))
	w.until(c, waiting)
	stolenReveal := Tx{name(1), reveal.Kind, reveal.Body}
	refused(t, "another's reveal under one's own name", w.step(stolenReveal))
	w.good(w.step(reveal))
	for range duplicateGrace + 2 {
		w.step()
	}
	before := Balance(w.state, name(1))
	late, _, _ := promise(name(1), "500")
	w.good(w.step(late))
	w.until(stolen, waiting)
	w.good(w.step(thief))
	if got, _ := w.result(stolen); got != Duplicate {
		t.Errorf("a copied recipe: %v, want %v", got, Duplicate)
	}
	deposit := int64(ledger.InitialReward / 25)
	if got := before - Balance(w.state, name(1)); got != deposit {
		t.Errorf("a copied recipe cost %d, want the deposit of %d", got, deposit)
	}
}

// Deposits cannot be put down twice, and no more claims are open than the rules say.
func TestDeposits(t *testing.T) {
	w := newWorld(t, 4, "deposits")
	var txs []Tx
	for i := range 6 {
		commit, _, _ := promise(name(0), fmt.Sprint(500+i))
		txs = append(txs, commit)
	}
	errs := w.step(txs...)
	w.good(errs[:maxOpen])
	refused(t, "a fifth open claim", errs[maxOpen:])
	refused(t, "a commitment twice", w.step(txs[0]))

	w = newWorld(t, 4, "spent")
	spent := 3*Deposit(&Totals{}) - 1 // pays for two
	w.has(called("author"), spent)
	for i := range txs {
		txs[i], _, _ = promise(called("author"), fmt.Sprint(500+i))
	}
	errs = w.step(txs[:3]...)
	w.good(errs[:2])
	refused(t, "a deposit that is not there", errs[2:])
}

// A claim that is never revealed burns its deposit, one that nobody verifies is drawn again and costs nothing.
func TestSilence(t *testing.T) {
	w := newWorld(t, 4, "silence")
	commit, _, c := promise(name(0), "500")
	w.good(w.step(commit))
	for range RevealWindow + 20 {
		w.step()
	}
	if got, ok := w.result(c); !ok || got != Unrevealed || w.burned() != ledger.InitialReward/25 {
		t.Errorf("withheld: %v, burned %d", got, w.burned())
	}
	m := w.toVote(name(1), "600")
	for range 200 {
		w.step()
	}
	if got, ok := w.result(m.Commitment); !ok || got != Void {
		t.Errorf("without votes: %v, want %v", got, Void)
	}
	if got := Balance(w.state, name(1)); got != 100*ledger.Unit {
		t.Errorf("its author has %d, want everything", got)
	}
}

// An improvement in slices is paid what it is paid at once, and a useless recipe costs half its deposit each time.
func TestSlices(t *testing.T) {
	run := func(scores ...int) (increments int64, w *world) {
		w = newWorld(t, 4, fmt.Sprint(scores))
		for _, s := range scores {
			recipe := fmt.Sprint(s)
			m := w.toOpen(w.toVote(name(0), recipe), always(truth(recipe)))
			w.good(w.step(w.openTx(m, name(1), truth(recipe))))
			for range 6 {
				w.step()
			}
		}
		for _, o := range w.out {
			increments += o.Increment
		}
		return increments, w
	}
	whole, _ := run(100, 500)
	sliced, _ := run(100, 200, 300, 400, 500)
	if sliced > whole || whole-sliced > 4 { // each slice loses less than a millionth to rounding, none gains
		t.Errorf("in slices %d, at once %d", sliced, whole)
	}
	useless, w := run(100, 50, 40)
	if useless != 500_000 {
		t.Errorf("useless claims added %d", useless-500_000)
	}
	if got, _ := w.result(Commitment("50", name(0)+"50")); got != NotBetter {
		t.Errorf("a useless claim: %v", got)
	}
	// Half of two deposits, to three voters each.
	t2 := w.totals()
	if w.burned() != 0 || t2.Paid == 0 {
		t.Errorf("burned %d in %d paying blocks", w.burned(), t2.Paid)
	}
}

func FuzzTx(f *testing.F) {
	commit, reveal, _ := promise(name(0), "500")
	f.Add(uint8(commit.Kind), commit.Body)
	f.Add(uint8(reveal.Kind), reveal.Body)
	open := NewTx(name(0), &Open{Finding: truth("500")})
	f.Add(uint8(open.Kind), open.Body)
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		body := Kind(kind).body()
		if body == nil || decode(b, body) != nil {
			return
		}
		if got := encode(body); string(got) != string(b) {
			t.Errorf("encode(decode(%x)) = %x", b, got)
		}
	})
}
