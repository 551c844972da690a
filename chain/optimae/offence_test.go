package optimae

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"doin.network/node/chain/ledger"
)

// testKeys is a Keys whose signatures are hashes.
type testKeys struct{}

func (testKeys) of(what string, args ...any) string {
	h := sha256.Sum256(fmt.Appendf(nil, what, args...))
	return string(h[:])
}

func (k testKeys) slot(peer string, slot int64, block ID) string {
	return k.of("slot %s %d %x", peer, slot, block)
}

func (k testKeys) tx(tx Tx) string { return k.of("tx %s %d %x", tx.From, tx.Kind, tx.Body) }

func (k testKeys) Verify(peer string, slot int64, block ID, signature []byte) bool {
	return string(signature) == k.slot(peer, slot, block)
}

func (k testKeys) VerifyTx(tx Tx, signature []byte) bool { return string(signature) == k.tx(tx) }

// Who signs two blocks of a slot, or votes twice about a draw, loses half its stake and never comes back; nobody else does.
func TestOffences(t *testing.T) {
	w := newWorld(t, 7, "offences")
	var k testKeys
	w.rules.Keys = k
	one, two := ID{1}, ID{2}
	peer := name(1)
	proof := func(first, second ID, signature string) Tx {
		return NewTx(called("anybody"), &TwoBlocks{peer, 9, first, second, k.slot(peer, 9, first), signature})
	}
	refused(t, "one block twice", w.step(proof(one, one, k.slot(peer, 9, one))))
	refused(t, "blocks of two slots", w.step(proof(one, two, k.slot(peer, 10, two))))
	refused(t, "a forged signature", w.step(proof(one, two, k.slot("anybody", 9, two))))
	refused(t, "of a stranger", w.step(NewTx(called("anybody"), &TwoBlocks{called("stranger"), 9, one, two, k.slot(called("stranger"), 9, one), k.slot(called("stranger"), 9, two)})))
	good := proof(one, two, k.slot(peer, 9, two))
	w.good(w.step(good))
	if got := w.burned(); got != 5*ledger.InitialReward {
		t.Errorf("burned %d, want half a stake", got)
	}
	refused(t, "the offence twice", w.step(good))

	m := w.toVote(name(0), "500")
	peer = m.Members[len(m.Members)-1]
	vote, other := w.voteTx(m, peer, truth("500")), w.voteTx(m, peer, truth("501"))
	pair := func(a, b Tx) Tx {
		return NewTx(called("anybody"), &TwoVotes{peer, a.Kind, b.Kind, string(a.Body), string(b.Body), k.tx(a), k.tx(b)})
	}
	refused(t, "one vote twice", w.step(pair(vote, vote)))
	refused(t, "what is no vote", w.step(pair(vote, NewTx(peer, &Reveal{Commitment: m.Commitment, Recipe: "500"}))))
	elsewhere := NewTx(peer, &Vote{Commitment: m.Commitment, Draw: ID{7}})
	refused(t, "votes about two draws", w.step(pair(vote, elsewhere)))
	w.good(w.step(pair(vote, other)))

	peer = name(0)
	refuseIt, abstain := NewTx(peer, &Refuse{m.Commitment, m.DrawHash, "memory"}), NewTx(peer, &Abstain{m.Commitment, m.DrawHash})
	w.good(w.step(pair(refuseIt, abstain)))
	for range 40 {
		w.step()
	}
	if got := len(Electorate(w.state)); got != 4 {
		t.Errorf("%d elected, want 4: %v", got, Electorate(w.state))
	}
	w.has(peer, 1000*ledger.Unit)
	refused(t, "a new registration, a return and more of a stake of who is out",
		w.step(NewTx(peer, &Register{[]string{"d"}, w.slot}), NewTx(peer, &Return{Slot: w.slot + 1}), NewTx(peer, &Fill{Slot: w.slot + 1})))
	w.slot += LeaveAfter
	for range 80 {
		w.step()
	}
	if p := w.peer(peer); !p.Out || p.Stake != 0 || Balance(w.state, peer) < 1000*ledger.Unit+5*ledger.InitialReward {
		t.Errorf("after a day %+v with %d", p, Balance(w.state, peer))
	}
}

// Results that agree within a radius: votes are hidden until all have voted, and the lower median of those shown counts.
func TestWithin(t *testing.T) {
	salt := func(peer string) ID { return sha256.Sum256([]byte(peer)) }
	run := func(what string, want Result, performance float64, says func(i int) (p float64, shows bool)) {
		t.Helper()
		w := newWorld(t, 7, what)
		d := w.rules.Domains["d"]
		d.Radius = 0.01
		w.rules.Domains["d"] = d
		m := w.toVote(name(0), "500")
		var votes, shown []Tx
		for i, peer := range m.Members {
			p, shows := says(i)
			votes = append(votes, NewTx(peer, &Vote{Commitment: m.Commitment, Draw: m.DrawHash, Hash: w.rules.SealHash(m.Commitment, m.DrawHash, peer, p, salt(peer))}))
			if shows {
				shown = append(shown, NewTx(peer, &Unseal{m.Commitment, m.DrawHash, p, salt(peer)}))
			}
		}
		w.good(w.step(votes[:5]...))
		refused(t, what+": a vote shown before all have voted", w.step(shown[0]))
		w.good(w.step(votes[5]))
		w.until(m.Commitment, opening)
		copied := NewTx(m.Members[1], &Unseal{m.Commitment, m.DrawHash, 0.5, salt(m.Members[0])})
		refused(t, what+": another's salt, an opening", w.step(copied, w.openTx(m, name(1), truth("500"))))
		w.good(w.step(shown...))
		for range UnsealWindow + 8 {
			w.step()
		}
		got := w.out[0]
		if got.Result != want || want == Accepted && got.Performance != performance {
			t.Errorf("%s: %v with %v, want %v with %v", what, got.Result, got.Performance, want, performance)
		}
		if want == Accepted {
			if got := Reputation(w.state, m.Members[5], w.slot); got < genesisStanding-10_000 {
				t.Errorf("%s: reputation of who was wrong by chance %d", what, got)
			}
		}
	}
	near := []float64{0.499, 0.5, 0.501, 0.502, 0.503, 0.504}
	run("all", Accepted, 0.501, func(i int) (float64, bool) { return near[i], true })
	run("two far away", Accepted, 0.501, func(i int) (float64, bool) { return near[i] + float64(i/4), true })
	run("two not shown", Accepted, 0.5, func(i int) (float64, bool) { return near[i], i < 4 })
	run("three far away", Redrawn, 0, func(i int) (float64, bool) { return near[i] + float64(i/3), true })
	run("three not shown", Redrawn, 0, func(i int) (float64, bool) { return near[i], i < 3 })
}

// A seal is its member's alone.
func TestSealHash(t *testing.T) {
	r := &Rules{Network: "test"}
	var hashes []ID
	for _, member := range []string{"a", "b"} {
		for _, p := range []float64{0.5, 0.6} {
			for _, salt := range []ID{{1}, {2}} {
				hashes = append(hashes, r.SealHash(ID{1}, ID{2}, member, p, salt))
			}
		}
	}
	for i, h := range hashes {
		if slices.Contains(hashes[:i], h) {
			t.Errorf("SealHash %d = %x, another's", i, h)
		}
	}
}
