package replica

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// mostChampions bounds the champions of the past that are remembered: claims name them as their base.
const mostChampions = 256

// crown remembers an accepted claim: what it trains, with which seeds, and what that gives.
func (a *agent) crown(r *application.Result, o optimae.Outcome) {
	if o.Result != optimae.Accepted {
		return
	}
	c := optimae.Find(r.State.Draft(), o.Commitment)
	if c == nil {
		return
	}
	text, ok := a.recipes[c.Recipe]
	if !ok {
		return
	}
	parameters, err := canon.ParseObject([]byte(text.text))
	if err != nil {
		return
	}
	id := hex.EncodeToString(o.Commitment[:])
	metrics := a.metrics[o.Commitment]
	had := a.champions[o.Commitment] // of an earlier life
	if metrics == nil && had != nil {
		metrics = had.Metrics
	}
	a.champions[o.Commitment] = &protocol.Champion{Domain: o.Domain, OptimaeID: id, OptimizerID: o.Author, Recipe: a.seeded(c, parameters),
		Performance: o.Performance, Digest: hex.EncodeToString(c.Digest[:]), Sums: c.Sums, Verified: true, Solo: o.Solo, Metrics: metrics}
	a.m.note(ChampionNote(id), encodeChampion(a.champions[o.Commitment]))
	if had == nil {
		a.crowned = append(a.crowned, o.Commitment)
	}
	a.dethrone(r.State)
}

// dethrone forgets the oldest champions but for those of now.
func (a *agent) dethrone(s *application.State) {
	if len(a.crowned) <= mostChampions {
		return
	}
	d := s.Draft()
	a.crowned = slices.DeleteFunc(a.crowned, func(id application.ID) bool {
		c := a.champions[id]
		if len(a.champions) <= mostChampions || optimae.DomainOf(d, c.Domain).Champion == id {
			return false
		}
		a.m.note(ChampionNote(c.OptimaeID), nil)
		delete(a.champions, id)
		return true
	})
}

// base is the recipe of a champion that a claim names, nil if it is not known. What is not settled yet stands in the state itself.
func (a *agent) base(d optimae.State, commitment application.ID) *protocol.Champion {
	if c := a.champions[commitment]; c != nil {
		return c
	}
	c := optimae.Find(d, commitment)
	if c == nil {
		return nil
	}
	text, ok := a.recipes[c.Recipe]
	if !ok {
		return nil
	}
	parameters, err := canon.ParseObject([]byte(text.text))
	if err != nil {
		return nil
	}
	return &protocol.Champion{Domain: c.Domain, OptimaeID: hex.EncodeToString(commitment[:]), OptimizerID: c.Author, Recipe: a.seeded(c, parameters),
		Performance: c.Performance}
}

// chainChampion is a domain's champion in the best block's state, nil if it has none.
func (a *agent) chainChampion(domain string) *protocol.Champion {
	d := a.m.best().Draft()
	x := optimae.DomainOf(d, domain)
	if !x.HasBest {
		return nil
	}
	return a.base(d, x.Champion)
}

// consider keeps the outcome of a confirming run if it is the best that this node has confirmed in the domain.
func (a *agent) consider(p *proposal) {
	a.noteMetrics(p.commitment, p.outcome.Metrics)
	if own := a.own[p.domain]; own != nil && p.outcome.Performance <= own.Performance {
		return
	}
	a.own[p.domain] = &protocol.Champion{Domain: p.domain, OptimaeID: p.id(), OptimizerID: a.m.peer, Recipe: a.ownRecipe(p),
		Performance: p.outcome.Performance, Digest: p.outcome.Digest, Sums: p.outcome.Sums, Metrics: p.outcome.Metrics}
}

// noteMetrics remembers what a run measured.
func (a *agent) noteMetrics(commitment application.ID, metrics *canon.Object) {
	if len(a.metrics) >= mostChampions {
		clear(a.metrics)
	}
	a.metrics[commitment] = metrics
}

// restoreOwn takes back the domain's own champion of an earlier life of the node.
func (a *agent) restoreOwn(c protocol.Champion) {
	own := a.own[c.Domain]
	if _, known := a.m.cfg.Domains[c.Domain]; !known || c.Parameters == nil || c.OptimaeID == "" || !finite(c.Performance) {
		a.m.notice(true, "own champion not restored", "domain", c.Domain)
		return
	}
	if own == nil || c.Performance > own.Performance {
		c.OptimizerID, c.Verified, c.Solo = a.m.peer, false, false
		a.own[c.Domain] = &c
	}
}

// answers returns what answers a domain's questions: the chain's champion, or where there is none, or nobody else could verify a better
// one, the best that this node has confirmed itself.
func (a *agent) answers(final *application.State, domain string) *protocol.Champion {
	d := final.Draft()
	var stored *protocol.Champion
	if x := optimae.DomainOf(d, domain); x.HasBest {
		stored = a.champions[x.Champion]
	}
	own := a.own[domain]
	if own != nil && (stored == nil || own.Performance > stored.Performance && a.alone(d, domain)) {
		return own
	}
	return stored
}

// tellChampions says what has changed since it was said last. What the chain holds before the first exchange with the peers is nobody's
// champion yet.
func (a *agent) tellChampions(final *application.State) {
	if final.ID == a.toldAt && !a.ownMoved() && a.toldSynced == a.m.synced {
		return
	}
	a.toldAt, a.toldSynced = final.ID, a.m.synced
	for _, domain := range slices.Sorted(maps.Keys(a.m.cfg.Domains)) {
		c := a.answers(final, domain)
		if c == nil || c.Verified && !a.m.synced {
			continue
		}
		if now := (told{c.OptimaeID, c.Verified, c.Solo}); a.told[domain] != now {
			a.told[domain] = now
			a.m.emit(*c)
		}
	}
}

// ownMoved reports whether this node's own bests have changed since it was asked last.
func (a *agent) ownMoved() bool {
	sum := ""
	for _, domain := range slices.Sorted(maps.Keys(a.own)) {
		sum += a.own[domain].OptimaeID
	}
	moved := sum != a.ownTold
	a.ownTold = sum
	return moved
}

// infer answers a question by the domain's champion. No chain hears of it.
func (m *Machine) infer(ev protocol.Infer) {
	if _, known := m.net.Rules().Domains[ev.Domain]; !known {
		m.emit(protocol.SubmitResult{Err: protocol.ErrUnknownDomain})
		return
	}
	c := m.agent.answers(m.book.final, ev.Domain)
	if c == nil {
		m.emit(protocol.SubmitResult{Err: protocol.ErrNoChampion})
		return
	}
	if m.now-m.askedSince >= 60_000_000 {
		m.askedSince, m.asked = m.now, 0
	}
	if !ev.Free && m.asked >= mostAsked {
		m.emit(protocol.SubmitResult{Err: protocol.ErrQuota})
		return
	}
	if !ev.Free {
		m.asked++
	}
	m.questions++
	m.emit(protocol.Inference{TaskID: fmt.Sprintf("forecast-%d", m.questions), Domain: ev.Domain, OptimaeID: c.OptimaeID, Recipe: c.Recipe, Input: ev.Input,
		Wanted: ev.Wanted, Verified: c.Verified, Solo: c.Solo})
}

// mostAsked is how many forecasts this node makes for strangers in a minute.
const mostAsked = 12
