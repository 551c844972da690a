package engine

import (
	"errors"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// waiting is an acceptance in the pool.
type waiting struct {
	txID, id, domain, base string
	parameters             *canon.Object
	performance            float64
	sums                   chain.Sums // against base
}

// best is what a claim has to beat; an empty id and known false for a domain without any.
type best struct {
	id          string
	performance float64
	known       bool
}

// base returns what a claim of a domain improves on now: the chain's champion or, on top of it, the best acceptances that
// wait in the pool, in the order in which a block takes them.
func (e *Engine) base(domain string) best {
	if b, ok := e.bases[domain]; ok {
		return b
	}
	var b best
	if d := e.tip.Domains[domain]; d != nil && d.HasBest {
		b = best{d.OptimaeID, d.Best, true}
	}
	for next, ok := e.next(domain, b); ok; next, ok = e.next(domain, b) {
		b = next
	}
	e.bases[domain] = b
	return b
}

// next returns the best acceptance waiting that names a base and beats it, false if there is none.
func (e *Engine) next(domain string, base best) (next best, ok bool) {
	for _, w := range e.waiting {
		if w.domain != domain || w.base != base.id || e.loses(domain, w.performance, w.sums, base) != nil {
			continue
		}
		if !ok || w.performance > next.performance || w.performance == next.performance && w.id < next.id {
			next, ok = best{w.id, w.performance, true}, true
		}
	}
	return next, ok
}

// move forgets what was found out about bases: the tip or what waits has changed.
func (e *Engine) move() {
	e.moved = true
	clear(e.bases)
}

// unrecord notes that an acceptance waits no more.
func (e *Engine) unrecord(id string) {
	if _, ok := e.waiting[id]; ok {
		delete(e.waiting, id)
		e.move()
	}
}

// baseRecipe returns what the claims on a base are compared with; nil for the baseline. ok is false for a base that is not living.
func (e *Engine) baseRecipe(domain, id string) (r *protocol.Recipe, ok bool) {
	var parameters *canon.Object
	switch {
	case id == "":
		return nil, true
	case id == e.tip.Champion(domain):
		if c := e.storedChampion(domain); c != nil {
			parameters = c.Parameters
		}
	case e.waiting[id] != nil:
		parameters = e.waiting[id].parameters
	case e.claims[id] != nil:
		parameters = e.claims[id].st.Parameters
	}
	if parameters == nil {
		return nil, false
	}
	recipe := e.recipe(domain, id, parameters)
	return &recipe, true
}

// improves reports whether a performance beats what is accepted, stored or waiting, by the domain's minimum increment. Whether it
// does so beyond noise only the comparison with that base tells.
func (e *Engine) improves(domain string, performance float64) bool {
	b := e.base(domain)
	return !b.known || e.beats(domain, performance, b.performance)
}

// loses says why a claim whose sums are against a base does not win over it; nil if it does.
func (e *Engine) loses(domain string, performance float64, sums chain.Sums, b best) error {
	rule := e.rule(domain)
	_, err := rule.Wins(b.performance, performance, b.known, sums)
	return err
}

// beats reports whether a performance is better than another by the domain's minimum increment.
func (e *Engine) beats(domain string, performance, than float64) bool {
	rule := e.rule(domain)
	return performance > than && consensus.RawIncrement(than, performance, rule.PerformanceScale) >= rule.MinIncrement
}

// basis is what a claim's base is to this node's chain.
type basis uint8

const (
	unknownBase basis = iota // never heard of
	livingBase               // the champion, or accepted or claimed on top of it
	passedBase               // another one is champion now: what improves on it is superseded
)

func (e *Engine) basis(domain, base string) basis {
	switch {
	case base == e.tip.Champion(domain):
		return livingBase
	case base == "" || e.tip.Settled(base) || e.tip.Replaced(base) || e.isPassed(base):
		return passedBase
	case e.waiting[base] != nil || e.claims[base] != nil:
		return livingBase
	}
	return unknownBase
}

func (e *Engine) isPassed(id string) bool { _, ok := e.passed[id]; return ok }

// record notes an acceptance that has entered the pool.
func (e *Engine) record(tx *chain.Tx, st *consensus.Statement) {
	delete(e.passed, st.OptimaeID) // a reorganisation can bring it back
	e.waiting[st.OptimaeID] = &waiting{tx.ID, st.OptimaeID, st.DomainID, st.Base, st.Parameters, st.Claim.Performance, st.Claim.Sums}
	e.move()
}

// supersede forgets a claim that the chain has passed, and its acceptance. Its author may claim again.
func (e *Engine) supersede(id string) {
	if len(e.passed) < 10*e.cfg.MaxClaims {
		e.passed[id] = e.now
	}
	if w := e.waiting[id]; w != nil {
		e.pool.Remove(w.txID)
		e.unrecord(id)
	}
	e.drop(id, protocol.Superseded, "another claim became the champion")
}

// passClaims supersedes every claim whose base the new tip has passed, and what is based on those. One whose rejection waits
// is not among them: a lie is one whoever is champion.
func (e *Engine) passClaims() {
	for again := true; again; {
		again = false
		for _, id := range sortedKeys(e.claims) {
			c := e.claims[id]
			rejected := c.recorded && e.waiting[id] == nil
			if !rejected && e.basis(c.st.DomainID, c.st.Base) == passedBase {
				e.supersede(id)
				again = true
			}
		}
		for _, id := range sortedKeys(e.waiting) {
			if w := e.waiting[id]; e.basis(w.domain, w.base) == passedBase {
				e.supersede(id)
				again = true
			}
		}
	}
}

// prunePool drops what the new tip has made impossible. Only what a change can have touched is looked at; nil: everything.
func (e *Engine) prunePool(changed touched) {
	for _, tx := range e.pool.Pending() {
		if !e.stale(tx, changed) {
			continue
		}
		err := consensus.RecheckTx(e.tip, tx, e.now)
		if err == nil || errors.Is(err, consensus.ErrEarly) {
			continue
		}
		id := consensus.Optimae(tx)
		switch {
		case errors.Is(err, consensus.ErrSuperseded):
			e.supersede(id)
		case id != "":
			e.unrecord(id)
			e.drop(id, protocol.Expired, err.Error())
		}
		e.pool.Remove(tx.ID)
	}
	for peer := range e.gaps {
		if changed == nil || changed[peer] {
			_, gaps := e.sender(peer, nil)
			e.setGaps(peer, gaps)
		}
	}
}

// expireRecords forgets what was said and superseded long ago, and acceptances that the pool has lost.
func (e *Engine) expireRecords() {
	age := 2 * e.cfg.CommitMaxAge
	for id, at := range e.decided {
		if e.now-at > age && !e.tip.Settled(id) && !e.pool.HasKey(consensus.OptimaeKey(id)) {
			delete(e.decided, id)
		}
	}
	for id, at := range e.passed {
		if e.now-at > age {
			delete(e.passed, id)
		}
	}
	for id, w := range e.waiting {
		if !e.pool.Has(w.txID) {
			e.unrecord(id)
		}
	}
}

// decide says once of an optimae that a record decides it, waiting or stored.
func (e *Engine) decide(tx *chain.Tx, solo bool) {
	id := consensus.Optimae(tx)
	if _, said := e.decided[id]; said || id == "" {
		return
	}
	e.decided[id] = e.now
	d := protocol.Decided{Domain: tx.DomainID, OptimaeID: id, OptimizerID: tx.PeerID, Accepted: tx.Type == consensus.TxAccepted, Solo: solo}
	if d.Accepted {
		d.Performance, _ = tx.Payload.Float("verified_performance")
	} else if reveal, err := tx.Payload.ObjectOr("reveal", canon.NewObject()); err == nil {
		d.OptimizerID, _ = reveal.String("sender_id")
		if p, err := reveal.ObjectOr("payload", canon.NewObject()); err == nil {
			d.Performance, _ = p.Float("reported_performance")
		}
	}
	e.emit(d)
}
