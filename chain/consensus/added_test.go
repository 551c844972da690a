package consensus

import (
	"errors"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// TestAddedDomain: a domain is added for a deposit, takes claims from the next block on, is closed by its author alone, who gets the
// deposit back, and takes none from then on; supply and state fit throughout, and neither transaction can be repeated.
func TestAddedDomain(t *testing.T) {
	w := newNetwork(t, 4)
	author, other := w.ids[0], w.ids[1]
	entry := chain.DefaultDomain("new")
	entry.PerformanceScale = 0.5
	deposit := Deposit(1)
	add := func(by string, e chain.Domain, deposit int64) *chain.Tx {
		w.on = e.ID
		defer func() { w.on = domain }()
		return w.tx(TxAdded, by, AdditionPayload(&e, deposit))
	}
	closing := func(by, id string) *chain.Tx {
		w.on = id
		defer func() { w.on = domain }()
		return w.tx(TxClosed, by, ClosingPayload())
	}
	refused := func(tx *chain.Tx, want string) {
		t.Helper()
		if err := CheckTx(w.state, tx, w.state.TipTime); !errors.Is(err, ErrTx) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, want %q", tx.Type, err, want)
		}
	}
	balances := func() {
		t.Helper()
		sum := int64(0)
		for _, id := range w.state.Ledger.Peers() {
			sum += w.state.Ledger.Balance(id)
		}
		if sum != w.state.Ledger.Supply() {
			t.Errorf("at height %d %d base units are held, the supply is %d", w.state.Height, sum, w.state.Ledger.Supply())
		}
		again, err := ParseState(w.state.AppendCanonical(nil), w.state.Rules())
		if err != nil || again.Root() != w.state.Root() || again.running != w.state.running {
			t.Errorf("at height %d ParseState(AppendCanonical) = %v, %v", w.state.Height, again, err)
		}
	}
	refused(add(author, entry, deposit), "does not let domains be added")
	g := *w.genesis
	g.Parameters.MayAdd = true
	g.Grants = []chain.Grant{{PeerID: author, Amount: "7"}, {PeerID: other, Amount: "7"}}
	var err error
	if w.state, err = NewState(&g); err != nil {
		t.Fatal(err)
	}
	before := w.state.Ledger.Balance(author)
	refused(add(author, entry, deposit-1), "a deposit of")
	refused(add(w.ids[2], entry, deposit), "has 0")
	refused(add(author, chain.DefaultDomain(domain), deposit), "there is, or was, one of that id")
	bad := entry
	bad.Seeds = 0
	refused(add(author, bad, deposit), "seeds")
	short := w.tx(TxAdded, author, canon.NewObject("domain", canon.NewObject("domain_id", domain), "deposit", deposit))
	refused(short, "does not spell every member out")
	big := entry
	big.Config = canon.NewObject("x", strings.Repeat("y", MaxEntryBytes))
	refused(add(author, big, deposit), "at most")
	refused(closing(author, "new"), "none of that id was added")

	added := add(author, entry, deposit)
	w.on = "new"
	early := w.acceptance(w.statement(other, -0.5))
	w.on = domain
	refused(early, "unknown domain")
	w.extend(other, EmptyAfter*w.target, added)
	if got := w.state.Ledger.Balance(author); got != before-deposit {
		t.Errorf("after the addition the author has %d, want %d", got, before-deposit)
	}
	if r, ok := w.state.Rule("new"); !ok || !w.state.Running("new") || r.PerformanceScale != 0.5 || w.state.running != 2 {
		t.Errorf("Rule(new) = %+v, %v; %d domains are running", r, ok, w.state.running)
	}
	balances()
	refused(add(other, entry, deposit), "there is, or was, one of that id")
	refused(closing(other, "new"), "only")

	w.on = "new"
	claim := w.acceptance(w.statement(other, -0.5))
	w.on = domain
	w.extend(other, Micro, claim)
	if w.state.Champion("new") == "" || w.state.Champion(domain) != "" {
		t.Errorf("champions %q and %q, want one of the added domain alone", w.state.Champion("new"), w.state.Champion(domain))
	}
	balances()

	w.on = "new"
	pending := w.acceptance(w.statement(other, -0.4))
	w.on = domain
	closed, had := closing(author, "new"), w.state.Ledger.Balance(author)
	w.extend(other, EmptyAfter*w.target, closed)
	if got := w.state.Ledger.Balance(author); got < had+deposit {
		t.Errorf("after closing the author has %d, want at least %d", got, had+deposit)
	}
	if r, ok := w.state.Rule("new"); !ok || w.state.Running("new") || r.Seeds != entry.Seeds || w.state.running != 1 || w.state.Champion("new") == "" {
		t.Errorf("closed: Rule(new) = %+v, %v; %d domains are running", r, ok, w.state.running)
	}
	balances()
	refused(pending, "is closed")
	refused(closing(author, "new"), "was closed at height")
	for range Window + 1 { // all is out of the window: only the state stops them
		w.extend(w.ids[1], EmptyAfter*w.target)
	}
	refused(added, "there is, or was, one of that id")
	refused(closed, "was closed at height")
	if w.state.Ledger.Burned() > w.state.Ledger.Minted() || deposit != ledger.Reward(1)/10 {
		t.Errorf("burned %d of %d, deposit %d", w.state.Ledger.Burned(), w.state.Ledger.Minted(), deposit)
	}
}
