package optimae

import (
	"slices"
	"testing"

	"doin.network/node/chain/account"
	"doin.network/node/chain/ledger"
)

// appealed runs a claim of which ten of fifteen members lie, says that it is worth lie thousandths where truth says 500, and one honest
// evaluator that was no member and appeals with a vote of its own for vote. It returns the world after everything, and who did what.
func appealed(t *testing.T, what, lie, vote string, jurors bool) (w *world, m *Claim, liars []string, appellant string) {
	t.Helper()
	w = newWorld(t, 40, what)
	save(w.state, domainKey("d"), &Domain{HasBest: true, Best: 0.4, HasSettled: true, Settled: 0.4, Champion: ID{1}})
	m = w.toVote(name(0), "500")
	if m.All || len(m.Members) != drawnMembers {
		t.Fatalf("%s: %d members", what, len(m.Members))
	}
	liars = m.Members[:10]
	says := func(peer string) Finding {
		if slices.Contains(liars, peer) {
			return truth(lie)
		}
		return truth("500")
	}
	m = w.toOpen(m, says)
	refused(t, what+": an appeal before the outcome", w.step(NewTx(liars[0], &Appeal{m.Commitment, m.DrawHash, ID{}})))
	w.good(w.step(w.openTx(m, liars[0], truth(lie))))
	for _, peer := range Electorate(w.state) {
		if peer != m.Author && !slices.Contains(m.Members, peer) {
			appellant = peer
		}
	}
	own := w.rules.VoteHash(m.Commitment, m.DrawHash, appellant, truth(vote))
	appeal := NewTx(appellant, &Appeal{m.Commitment, m.DrawHash, own})
	refused(t, what+": an appeal of the author, of a stranger", w.step(NewTx(m.Author, &Appeal{m.Commitment, m.DrawHash, own}),
		NewTx(called("stranger"), &Appeal{m.Commitment, m.DrawHash, own})))
	w.good(w.step(appeal))
	refused(t, what+": a second appeal", w.step(appeal))
	var now *Claim
	for range 200 {
		w.step()
		if i := slices.IndexFunc(w.claims(), func(c *Claim) bool { return c.Commitment == m.Commitment }); i < 0 {
			return w, m, liars, appellant
		} else if now = w.claims()[i]; now.Appeal.State == juryVoting {
			break
		}
	}
	var votes []Tx
	for _, peer := range now.Appeal.Jury {
		if jurors {
			votes = append(votes, NewTx(peer, &Vote{Commitment: m.Commitment, Draw: now.Appeal.Draw,
				Hash: w.rules.VoteHash(m.Commitment, now.Appeal.Draw, peer, says(peer))}))
		}
	}
	w.good(w.step(votes...))
	open := func(f Finding) Tx { return NewTx(appellant, &Open{m.Commitment, now.Appeal.Draw, f}) }
	for range 30 {
		refused(t, what+": a false opening", w.step(open(truth("123"))))
		if w.step(open(truth("500")))[0] == nil {
			break
		}
	}
	for range 60 {
		w.step()
	}
	return w, m, liars, appellant
}

// Ten of fifteen members lie; one honest evaluator appeals, and each liar loses a tenth of its stake to those who were right.
func TestAppeal(t *testing.T) {
	stake := int64(10 * ledger.InitialReward)
	w, m, liars, appellant := appealed(t, "a false champion", "999999", "500", true)
	for _, peer := range liars {
		if got := w.peer(peer).Stake; got != stake-stake/10 {
			t.Errorf("a liar's stake is %d, want nine tenths of %d", got, stake)
		}
	}
	if got := w.peer(m.Members[14]).Stake; got != stake {
		t.Errorf("the stake of who was right is %d, want %d", got, stake)
	}
	if got := Balance(w.state, appellant); got <= 100*ledger.Unit {
		t.Errorf("the appellant has %d, want more than before", got)
	}
	var d Domain
	load(w.state, domainKey("d"), &d)
	if d.Champion != m.Commitment || d.Best != 0.5 || d.Settled != 0.5 {
		t.Errorf("the domain after the appeal %+v, want the true 0.5", d)
	}

	w, m, _, _ = appealed(t, "a champion that was none", "300", "500", true)
	load(w.state, domainKey("d"), &d)
	if d.Champion != m.Commitment || d.Best != 0.5 {
		t.Errorf("a claim suppressed: %+v, want it the champion", d)
	}
	if got, want := Balance(w.state, name(0)), int64(100*ledger.Unit); got < want {
		t.Errorf("its author has %d, want its deposit back", got)
	}

	w, _, liars, appellant = appealed(t, "no jury", "999999", "500", false)
	if got := Balance(w.state, appellant); got != 100*ledger.Unit {
		t.Errorf("without a jury the appellant has %d, want its deposit back", got)
	}
	if got := w.peer(liars[0]).Stake; got != stake {
		t.Errorf("without a jury a stake is %d", got)
	}

	w, _, liars, appellant = appealed(t, "a true outcome", "500", "999999", true)
	if got := Balance(w.state, appellant); got != 50*ledger.Unit {
		t.Errorf("a false appeal leaves %d, want the deposit lost", got)
	}
	if got := w.peer(liars[0]).Stake; got != stake {
		t.Errorf("a true vote costs %d", stake-got)
	}
}

// An annulled champion gives way to the one before.
func TestAnnulled(t *testing.T) {
	w := newWorld(t, 7, "annulled")
	b := &Block{rules: w.rules, state: w.state, book: account.Open(w.state, 0, 0), ctx: Context{Height: 1, Slot: 1}}
	load(w.state, totalsKey(), &b.t)
	m := &Claim{Commitment: ID{2}, Author: name(0), Domain: "d", Phase: decided, Result: uint8(Accepted), HasBase: true, Base: 0.4,
		BaseClaim: ID{1}, HadBefore: true, BestBefore: 0.4, ChampionBefore: ID{1}}
	save(w.state, domainKey("d"), &Domain{HasBest: true, Best: 999, Champion: m.Commitment})
	b.annul(m, nil, truth("300"))
	var d Domain
	load(w.state, domainKey("d"), &d)
	if d.Champion != (ID{1}) || d.Best != 0.4 || Result(m.Result) != NotBetter {
		t.Errorf("after it %+v and %v, want the champion before and %v", d, Result(m.Result), NotBetter)
	}
}
