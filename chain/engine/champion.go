package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// told is what the last Champion of a domain said.
type told struct {
	id             string
	verified, solo bool
}

// nobodyElse reports whether no other evaluator is eligible at the tip.
func (e *Engine) nobodyElse() bool {
	for _, id := range e.tip.Generators() {
		if id != e.key.PeerID() {
			return false
		}
	}
	return true
}

// recipe is what the claim of a commitment trains.
func (e *Engine) recipe(domain, commitment string, parameters *canon.Object) protocol.Recipe {
	return protocol.Recipe{Parameters: parameters, Seeds: chain.TrainingSeeds(domain, commitment, e.rule(domain).Seeds)}
}

// consider keeps the outcome of a confirming run if it is the best that this node has confirmed in the domain.
func (e *Engine) consider(p *proposal) {
	if own := e.own[p.domain]; own != nil && p.outcome.Performance <= own.Performance {
		return
	}
	e.own[p.domain] = &protocol.Champion{Domain: p.domain, OptimaeID: p.commitment, OptimizerID: e.key.PeerID(),
		Recipe: e.recipe(p.domain, p.commitment, p.parameters), Performance: p.outcome.Performance, Digest: p.outcome.Digest,
		Sums: p.outcome.Sums, Metrics: p.outcome.Metrics}
}

// restore takes back the domain's own champion of an earlier life of the node.
func (e *Engine) restore(c protocol.Champion) {
	rule, known := e.tip.Rule(c.Domain)
	hash, named := any(nil), false
	if c.Parameters != nil {
		hash, named = c.Parameters.Get("data_hash")
	}
	switch own := e.own[c.Domain]; {
	case !known || c.Parameters == nil || c.OptimaeID == "" || !finite(c.Performance):
		e.notice(true, "own champion not restored", "domain", c.Domain)
	case named && rule.DataHash != "" && hash != rule.DataHash:
		e.notice(true, "own champion not restored: it is for other data", "domain", c.Domain)
	case own == nil || c.Performance > own.Performance:
		c.Recipe = e.recipe(c.Domain, c.OptimaeID, c.Parameters)
		c.OptimizerID, c.Verified, c.Solo = e.key.PeerID(), false, false
		e.own[c.Domain] = &c
	}
}

// sync ends the first exchange of chains: what the chain has for champions is what the network has.
func (e *Engine) sync() {
	if !e.synced {
		e.synced = true
		clear(e.told)
	}
}

// champion returns what answers a domain's inferences, nil if nothing does. The caller must not change it.
func (e *Engine) champion(domain string) *protocol.Champion {
	stored, own := e.storedChampion(domain), e.own[domain]
	if own != nil && (stored == nil || e.alone && own.Performance > stored.Performance) {
		return own
	}
	return stored
}

// storedChampion returns the chain's champion of a domain, nil if it has none. Metrics are those of its record, nil if the
// block is not kept.
func (e *Engine) storedChampion(domain string) *protocol.Champion {
	d := e.tip.Domains[domain]
	if d == nil || !d.HasBest {
		return nil
	}
	if c := e.stored[domain]; c != nil && c.OptimaeID == d.OptimaeID && c.Solo == d.Solo {
		return c
	}
	p, err := canon.ParseObject(d.Parameters)
	if err != nil {
		return nil
	}
	c := &protocol.Champion{Domain: domain, OptimaeID: d.OptimaeID, OptimizerID: d.OptimizerID,
		Recipe: e.recipe(domain, d.OptimaeID, p), Performance: d.Best, Digest: d.Digest, Sums: d.Sums, Verified: true, Solo: d.Solo,
		Metrics: e.metricsOf(d.OptimaeID, d.BestHeight)}
	e.stored[domain] = c
	return c
}

// metricsOf reads a champion's metrics out of the block that accepted it.
func (e *Engine) metricsOf(id string, height int64) *canon.Object {
	b, err := e.block(height)
	if err != nil || b == nil {
		return nil
	}
	for _, tx := range b.Transactions {
		if tx.Type == consensus.TxAccepted && consensus.Optimae(tx) == id {
			metrics, _ := tx.Payload.ObjectOr("champion_metrics", nil)
			return metrics
		}
	}
	return nil
}

// tellChampions says what has changed since it was said last. What the chain holds before the first exchange with the peers
// is nobody's champion yet.
func (e *Engine) tellChampions() {
	for _, domain := range sortedKeys(e.cfg.Domains) {
		c := e.champion(domain)
		if c == nil || c.Verified && !e.synced {
			continue
		}
		if now := (told{c.OptimaeID, c.Verified, c.Solo}); e.told[domain] != now {
			e.told[domain] = now
			e.emit(*c)
		}
	}
}
