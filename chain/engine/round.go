package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

// round is a domain's current round, from Propose to RoundDone.
type round struct {
	domain     string
	phase      phase
	parameters *canon.Object
	nonce      string
	commitment string
	anchor     string
	experiment *canon.Object
	confirmed  *Outcome
	announced  bool
	revealAt   int64
	waiting    int // verifications that must end before the round does
	immigrants []Immigrant
}

type phase uint8

const (
	searching  phase = iota // L2 is at work
	confirming              // the confirming run is queued or running
	committed               // the commit is out, the reveal is due at revealAt
	closing                 // only verifications are missing
)

// propose starts the confirming run of what the search found.
func (e *Engine) propose(p Propose) {
	r := e.rounds[p.Domain]
	if r == nil || r.phase != searching {
		e.notice(true, "proposal out of turn", "domain", p.Domain)
		return
	}
	r.confirmed, r.announced, r.parameters, r.experiment = nil, false, p.Parameters, p.Experiment
	if p.Parameters == nil {
		r.phase = closing
		return
	}
	r.nonce = consensus.Nonce(e.key.PeerID(), p.Nonce)
	r.commitment = chain.Commitment(p.Parameters, r.nonce)
	r.phase = confirming
	e.enqueue(&job{kind: jobConfirm, domain: p.Domain, parameters: p.Parameters, optimae: r.commitment,
		seed: chain.TrainingSeed(p.Domain, r.commitment, 0), synthetic: e.synthetic(r.commitment, p.Domain, e.tip.Tip)})
}

// confirmed handles the end of a confirming run: only a result that beats the chain's best is announced.
func (e *Engine) confirmed(j *job, o Outcome, err error) {
	r := e.rounds[j.domain]
	if r == nil || r.phase != confirming || r.commitment != j.optimae {
		return
	}
	r.phase = closing
	if err != nil {
		e.notice(true, "confirming run failed", "domain", j.domain, "err", err)
		return
	}
	r.confirmed = &o
	r.anchor = e.tip.Tip
	members, _ := e.tip.Members(r.anchor, r.commitment, e.key.PeerID())
	e.setAlone(len(members) == 0)
	if e.alone || !e.improves(j.domain, o.Performance) {
		return
	}
	// What fits its validation set too well fails the members' synthetic data, and a rejection is dear: the same test on data
	// of our own seed comes first.
	if !consensus.Tolerates(o.SyntheticScore, o.IncumbentScore, e.rules.QuorumTolerance) {
		e.notice(false, "not announced: worse than the champion on synthetic data", "domain", j.domain, "performance", o.Performance,
			"error", o.SyntheticScore, "champion_error", o.IncumbentScore)
		return
	}
	if !e.allow(e.key.PeerID()) {
		return
	}
	payload := canon.NewObject("commitment_hash", r.commitment, "domain_id", r.domain, "anchor", r.anchor)
	if e.message(chain.MsgOptimaeCommit, payload) == nil {
		return
	}
	e.commits[commitKey{r.commitment, e.key.PeerID()}] = &commit{domain: r.domain, anchor: r.anchor, received: e.now, revealed: true}
	r.phase, r.revealAt = committed, e.now+e.cfg.RevealDelay
}

// setAlone says once what it means to be without other evaluators.
func (e *Engine) setAlone(alone bool) {
	if alone && !e.alone {
		e.notice(true, "no other evaluator is registered: rounds are recorded, but nothing can be verified and no block is made")
	}
	e.alone = alone
}

// reveal opens the commitment and opens the claim here too.
func (e *Engine) reveal(r *round) {
	r.phase = closing
	if !e.improves(r.domain, r.confirmed.Performance) {
		e.notice(false, "not revealed: overtaken since the commit", "domain", r.domain, "performance", r.confirmed.Performance)
		return
	}
	m := e.message(chain.MsgOptimaeReveal, canon.NewObject(
		"commitment_hash", r.commitment, "domain_id", r.domain, "optimae_id", r.commitment, "parameters", r.parameters,
		"reported_performance", r.confirmed.Performance, "nonce", r.nonce, "champion_metrics", r.confirmed.Metrics,
		"digest", r.confirmed.Digest, "anchor", r.anchor, "base", e.tip.Champion(r.domain)))
	if m == nil {
		return
	}
	st, err := consensus.ParseReveal(m)
	if err != nil {
		e.notice(true, "own reveal is invalid", "domain", r.domain, "err", err)
		return
	}
	members, ok := e.tip.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	if !ok {
		e.notice(false, "anchor was reorganised away, the reveal cannot be accepted", "domain", r.domain)
		return
	}
	r.announced = true
	c := &claim{st: st, reveal: m, experiment: r.experiment, metrics: r.confirmed.Metrics, received: e.now,
		members: members, votes: map[string]*chain.Vote{}, own: true, evaluated: true}
	e.claims[st.OptimaeID] = c
	e.countEarly(c)
}

// TakeImmigrants returns the champions that were verified since the domain's last RoundDone, in the order of their
// verification, and forgets them. A search that pauses between two rounds calls it before it goes on: what arrived in the
// pause need not wait for the end of the next round.
func (e *Engine) TakeImmigrants(domain string) []Immigrant {
	r := e.rounds[domain]
	if r == nil {
		return nil
	}
	list := r.immigrants
	r.immigrants = nil
	return list
}

// endRounds reveals what is due and closes the rounds that have nothing left to wait for.
func (e *Engine) endRounds() {
	for _, id := range sortedKeys(e.rounds) {
		r := e.rounds[id]
		if r.phase == committed && e.now >= r.revealAt {
			e.reveal(r)
		}
		if r.phase == closing && r.waiting == 0 {
			r.phase = searching
			e.emit(RoundDone{Domain: id, Confirmed: r.confirmed, Parameters: r.parameters, Announced: r.announced, Immigrants: r.immigrants})
			r.immigrants, r.parameters, r.confirmed = nil, nil, nil
		}
	}
}
