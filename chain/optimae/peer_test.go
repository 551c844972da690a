package optimae

import (
	"fmt"
	"slices"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
)

// accepted brings a claim of an author through, with the votes of all members and of those beside them.
func (w *world) accepted(author, recipe string) *Claim {
	w.tb.Helper()
	m := w.toVote(author, recipe)
	var txs []Tx
	for _, peer := range slices.Concat(m.Members, m.Beside) {
		if !w.away[peer] {
			txs = append(txs, w.voteTx(m, peer, truth(recipe)))
		}
	}
	w.good(w.step(txs...))
	w.until(m.Commitment, opening)
	w.good(w.step(w.openTx(m, m.Members[0], truth(recipe))))
	return m
}

// has gives a peer a balance: what is missing is minted, what is too much burned.
func (w *world) has(peer string, units int64) {
	w.tb.Helper()
	book := account.Open(w.state, 0, 0)
	id := accountOf(peer)
	if more := units - book.Account(id).Balance; more > 0 {
		book.Mint(more)
		book.Pay(id, more)
	} else if more < 0 {
		book.Burn(book.Take(id, -more))
	}
	if err := book.Close(); err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) peer(peer string) (p Peer) { load(w.state, peerKey(peer), &p); return p }

// Who registers votes beside the members, uncounted, and is elected when it has agreed five times; a claim waits for it no longer than
// half its window.
func TestProbation(t *testing.T) {
	w := newWorld(t, 4, "probation")
	w.has(called("new"), 10*ledger.InitialReward)
	w.good(w.step(NewTx(called("new"), &Register{[]string{"d"}, w.slot})))
	if w.peer(called("new")).Elected || slices.Contains(Electorate(w.state), called("new")) {
		t.Fatal("registered, and elected at once")
	}
	for i := range 5 {
		if slices.Contains(Electorate(w.state), called("new")) {
			t.Fatalf("elected after %d votes", i)
		}
		if m := w.accepted(name(0), fmt.Sprint(100*(i+1))); !slices.Equal(m.Beside, []string{called("new")}) || slices.Contains(m.Members, called("new")) {
			t.Fatalf("members %v, beside %v", m.Members, m.Beside)
		}
	}
	for range 4 {
		w.step()
	}
	if got := Electorate(w.state); len(got) != 5 || w.totals().Electors != 5 {
		t.Errorf("electorate %v, %d, want five", got, w.totals().Electors)
	}
	if got := Reputation(w.state, called("new"), w.slot); got != consensus.MinReputation {
		t.Errorf("reputation %d, want %d", got, consensus.MinReputation)
	}

	w = newWorld(t, 4, "silent")
	savePeer(w.state, "mute", &Peer{Domains: []string{"d"}, Missed: []byte{0}})
	m := w.toVote(name(0), "500")
	var txs []Tx
	for _, peer := range m.Members {
		txs = append(txs, w.voteTx(m, peer, truth("500")))
	}
	w.good(w.step(txs...))
	from := w.slot
	w.until(m.Commitment, opening)
	if got, want := w.slot-from, w.rules.Domains["d"].VerifyWindow/2; got > want+1 {
		t.Errorf("waited %d slots for votes that count nothing, want at most %d", got, want)
	}
}

// Who signs nothing for 32 blocks is out of the electorate by a block, and back by its word; its reputation falls meanwhile below what
// that of the others falls to.
func TestAbsence(t *testing.T) {
	w := newWorld(t, 7, "absence")
	away := name(3)
	refused(t, "a return of who is here", w.step(NewTx(away, &Return{Slot: w.slot + 1})))
	w.away[away] = true
	last := int64(len(w.slots)) - 1
	for slices.Contains(Electorate(w.state), away) {
		w.step()
		if h := int64(len(w.slots)) - 1; h > last+streamlet.AbsentBlocks+8 {
			t.Fatalf("block %d: %s is still elected", h, away)
		}
	}
	if h := int64(len(w.slots)) - 1; h < last+streamlet.AbsentBlocks {
		t.Errorf("absent after %d blocks, want %d", h-last, streamlet.AbsentBlocks)
	}
	if got := len(Electorate(w.state)); got != 6 {
		t.Errorf("%d elected, want all others", got)
	}
	const month = 4 * 302_400
	if got := Reputation(w.state, away, w.slot+month); got >= consensus.MinReputation {
		t.Errorf("reputation of an absent one %d, want below %d", got, consensus.MinReputation)
	}
	if got := Reputation(w.state, name(1), w.slot+month); got != consensus.MinReputation {
		t.Errorf("reputation of who is here %d, want %d", got, consensus.MinReputation)
	}
	w.away[away] = false
	w.good(w.step(NewTx(away, &Return{Slot: w.slot + 1})))
	for range 8 {
		w.step()
	}
	if !slices.Contains(Electorate(w.state), away) {
		t.Error("returned, and not elected again")
	}
}

// Of three evaluators one is away: a second that leaves waits until the first is out, so that the third never waits for anybody.
func TestUnsafeChange(t *testing.T) {
	w := newWorld(t, 3, "unsafe")
	w.away[name(0)] = true
	w.good(w.step(NewTx(name(1), &Leave{Slot: w.slot + 1})))
	var order []string
	for range 60 {
		before := Electorate(w.state)
		w.step()
		for _, peer := range before {
			if !slices.Contains(Electorate(w.state), peer) {
				order = append(order, peer)
			}
		}
	}
	if want := []string{name(0), name(1)}; !slices.Equal(order, want) {
		t.Errorf("left %v, want %v", order, want)
	}
}

// A deposit may be set against a stake down to half of it, and a stake below that puts its peer out until it is filled up.
func TestStakeAgainstDeposits(t *testing.T) {
	w := newWorld(t, 4, "stake")
	w.has(name(0), 0)
	commit, _, _ := promise(name(0), "500")
	w.good(w.step(commit))
	p := w.peer(name(0))
	if p.Stake != p.Full-Deposit(&Totals{}) {
		t.Errorf("stake %d of %d", p.Stake, p.Full)
	}
	lost := p.Stake - p.Full/2 + 1
	p.Stake -= lost
	savePeer(w.state, name(0), &p)
	t2 := w.totals()
	t2.Stakes -= lost
	save(w.state, totalsKey(), &t2)
	book := account.Open(w.state, 0, 0)
	book.Burn(lost)
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	w.step() // the change
	if slices.Contains(Electorate(w.state), name(0)) {
		t.Error("elected with less than half its stake")
	}
	w.has(name(0), lost)
	w.good(w.step(NewTx(name(0), &Fill{Slot: w.slot + 1})))
	refused(t, "a stake that cannot be filled up more", w.step(NewTx(name(0), &Fill{Slot: w.slot + 1})))
	for range 8 {
		w.step()
	}
	if !slices.Contains(Electorate(w.state), name(0)) {
		t.Error("filled up, and not elected again")
	}
}

// A member that says nothing to eight claims is a member no more until it has voted beside the others.
func TestSilentMember(t *testing.T) {
	w := newWorld(t, 7, "silent member")
	mute := name(6)
	say := func(mute string, i int) *Claim {
		recipe := fmt.Sprint(100 * (i + 1))
		m := w.toVote(name(0), recipe)
		var txs []Tx
		for _, peer := range slices.Concat(m.Members, m.Beside) {
			if peer != mute {
				txs = append(txs, w.voteTx(m, peer, truth(recipe)))
			}
		}
		w.good(w.step(txs...))
		w.until(m.Commitment, opening)
		w.good(w.step(w.openTx(m, m.Members[0], truth(recipe))))
		return m
	}
	for i := range silentClaims {
		if m := say(mute, i); !slices.Contains(m.Members, mute) {
			t.Fatalf("claim %d: members %v", i, m.Members)
		}
	}
	if m := say("", 8); slices.Contains(m.Members, mute) || !slices.Equal(m.Beside, []string{mute}) {
		t.Errorf("members %v, beside %v", m.Members, m.Beside)
	}
	if m := say("", 9); !slices.Contains(m.Members, mute) || len(m.Beside) != 0 {
		t.Errorf("after its vote: members %v, beside %v", m.Members, m.Beside)
	}
	if !slices.Contains(Electorate(w.state), mute) {
		t.Error("who votes about nothing but signs is out of the electorate")
	}
}

// counting is a State that counts what it is asked.
type counting struct {
	*state.Draft
	reads, writes int
}

func (c *counting) Get(k []byte) ([]byte, bool) { c.reads++; return c.Draft.Get(k) }
func (c *counting) Put(k, v []byte)             { c.writes++; c.Draft.Put(k, v) }
func (c *counting) Delete(k []byte)             { c.writes++; c.Draft.Delete(k) }
func (c *counting) Range(p []byte, f func(k, v []byte) bool) {
	c.Draft.Range(p, func(k, v []byte) bool { c.reads++; return f(k, v) })
}

// A block costs what it changes, not what there is: among 10⁵ registered peers as much as among none.
func TestManyPeers(t *testing.T) {
	run := func(registered int) (reads, writes int) {
		c := &counting{Draft: state.NewDraft(state.New())}
		w := newWorld(t, 7, "many")
		w.state.Range([]byte(prefix), func(k, v []byte) bool { c.Put(k, v); return true })
		for i := range registered {
			savePeer(c, fmt.Sprintf("new%06d", i), &Peer{Domains: []string{"d"}, Missed: []byte{0}})
		}
		c.reads, c.writes = 0, 0
		for h := int64(1); h <= 40; h++ {
			signers := Electorate(c)
			if _, _, err := w.rules.Apply(c, Context{Height: h, Slot: h, Time: h, Builder: signers[0], Signers: signers, Final: max(0, h-3)}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		return c.reads, c.writes
	}
	reads, writes := run(0)
	manyReads, manyWrites := run(100_000)
	if manyReads != reads || manyWrites != writes {
		t.Errorf("40 blocks among 10⁵ peers read %d and wrote %d, among none %d and %d", manyReads, manyWrites, reads, writes)
	}
}
