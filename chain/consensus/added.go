package consensus

import (
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// Bounds of domains that are added to a running network.
const (
	MaxAdded      = 64 // in a network's life, closed ones too; with the genesis file's at most chain.MaxDomains
	MaxEntryBytes = 32 << 10
)

// Deposit is what an added domain locks until its author closes it: a tenth of the reward of the block at a height.
func Deposit(height int64) int64 { return ledger.Reward(height) / 10 }

// Added is a domain that a transaction added. It is immutable but for Closed.
type Added struct {
	Entry   chain.Domain
	Author  string
	Deposit int64
	Height  int64 // of the block that added it; claims are taken from the next one on
	Closed  int64 // of the block that closed it, 0 while it is open
	rule    DomainRules
}

// Rule returns the constants of a domain, of a closed one too; false if the network has none of that id.
func (s *State) Rule(domain string) (DomainRules, bool) {
	if r, ok := s.rules.Domains[domain]; ok {
		return r, true
	}
	if a := s.Added[domain]; a != nil {
		return a.rule, true
	}
	return DomainRules{}, false
}

// Running reports whether claims and inferences of a domain are taken in the next block.
func (s *State) Running(domain string) bool {
	if a := s.Added[domain]; a != nil {
		return a.Closed == 0
	}
	_, ok := s.rules.Domains[domain]
	return ok
}

// AdditionPayload is the payload that adds a domain and locks a deposit of base units.
func AdditionPayload(entry *chain.Domain, deposit int64) *canon.Object {
	return canon.NewObject("domain", entry.Object(), "deposit", deposit)
}

// addition is a parsed one.
type addition struct {
	entry   chain.Domain
	rule    DomainRules
	deposit int64
}

// parseAddition reads what AdditionPayload wrote. An entry is written out in full: two spellings of one domain would be two states.
func parseAddition(tx *chain.Tx, _ string, _ bool) (a addition, err error) {
	f := fields{o: tx.Payload}
	o := f.object("domain")
	a.deposit = f.integer("deposit")
	if f.err != nil {
		return a, refuse("added domain: %v", f.err)
	}
	if n := len(canon.Canonical(o)); n > MaxEntryBytes || depth(o) > MaxParametersDepth {
		return a, refuse("added domain: an entry of %d bytes nested %d deep, at most %d and %d", n, depth(o), MaxEntryBytes, MaxParametersDepth)
	}
	if a.entry, err = chain.ParseDomain(o); err != nil {
		return a, refuse("added domain: %v", err)
	}
	if a.entry.ID != tx.DomainID {
		return a, refuse("added domain: the entry is of %q, the transaction of %q", a.entry.ID, tx.DomainID)
	}
	if !canon.Equal(o, a.entry.Object()) {
		return a, refuse("added domain %q: the entry does not spell every member out", a.entry.ID)
	}
	if a.rule, err = newDomainRules(&a.entry); err != nil {
		return a, refuse("added %v", err)
	}
	return a, nil
}

// addDomain adds a domain. Nobody has to run it: a quorum is drawn from all evaluators, and one that runs it not abstains, so that
// a domain earns when two thirds of those drawn have taken it up.
func (b *block) addDomain(tx *chain.Tx, a addition, _ *Receipt) error {
	least := Deposit(b.s.Height)
	switch id := a.entry.ID; {
	case !b.s.rules.MayAdd:
		return refuse("the genesis file does not let domains be added")
	case b.s.doms.get(id) != nil:
		return refuse("domain %q: there is, or was, one of that id", id)
	case b.s.added.len() >= MaxAdded || b.s.added.len()+len(b.s.rules.Domains) >= chain.MaxDomains:
		return refuse("domain %q: %d domains were added to this network, no more can be", id, b.s.added.len())
	case a.deposit < least:
		return refuse("domain %q: a deposit of %d base units, at least %d", id, a.deposit, least)
	case b.s.money.Balance(tx.PeerID) < a.deposit:
		return refuse("domain %q: a deposit of %d base units, %.12s has %d", id, a.deposit, tx.PeerID, b.s.money.Balance(tx.PeerID))
	}
	b.s.money.Burn(tx.PeerID, a.deposit)
	b.s.added.put(a.entry.ID, &Added{Entry: a.entry, Author: tx.PeerID, Deposit: a.deposit, Height: b.s.Height, rule: a.rule})
	b.s.doms.put(a.entry.ID, new(Domain))
	b.s.running++
	return nil
}

// ClosingPayload is the payload that closes a domain.
func ClosingPayload() *canon.Object { return canon.NewObject() }

func parseClosing(*chain.Tx, string, bool) (struct{}, error) { return struct{}{}, nil }

// closeDomain ends an added domain and gives its author the deposit back. Its champion stays; claims that are under way end with
// nobody rewarded or charged.
func (b *block) closeDomain(tx *chain.Tx, _ struct{}, _ *Receipt) error {
	a := b.s.added.get(tx.DomainID)
	switch {
	case a == nil:
		return refuse("domain %q: none of that id was added", tx.DomainID)
	case a.Author != tx.PeerID:
		return refuse("domain %q: only %.12s, who added it, can close it", tx.DomainID, a.Author)
	case a.Closed != 0:
		return refuse("domain %q was closed at height %d", tx.DomainID, a.Closed)
	case a.Height == b.s.Height:
		return refuse("domain %q is added in this block", tx.DomainID)
	}
	b.s.added.edit(tx.DomainID).Closed = b.s.Height
	b.s.money.Refund(a.Author, a.Deposit)
	b.s.running--
	return nil
}

func additionOf(tx *chain.Tx) string { return "domain:" + tx.DomainID }

func closingOf(tx *chain.Tx) string { return "close:" + tx.DomainID }

func (a *Added) object() *canon.Object {
	return canon.NewObject("entry", a.Entry.Object(), "author", a.Author, "deposit", a.Deposit, "height", a.Height, "closed", a.Closed)
}

// parseAdded reads what object wrote, of all added domains.
func (s *State) parseAdded(state *canon.Object) error {
	s.Added = make(map[string]*Added)
	all, err := state.ObjectOr("added", nil)
	if err != nil || all == nil {
		return err
	}
	for _, id := range all.Keys() {
		o, err := all.Object(id)
		if err != nil {
			return err
		}
		f := &fields{o: o}
		entry := f.object("entry")
		a := &Added{Author: f.text("author"), Deposit: f.integer("deposit"), Height: f.integer("height"), Closed: f.integer("closed")}
		if f.err != nil {
			return f.err
		}
		if a.Entry, err = chain.ParseDomain(entry); err != nil {
			return err
		}
		if a.rule, err = newDomainRules(&a.Entry); err != nil {
			return err
		}
		if a.Entry.ID != id {
			return fmt.Errorf("added domain %q has the entry of %q", id, a.Entry.ID)
		}
		s.Added[id] = a
	}
	return nil
}
