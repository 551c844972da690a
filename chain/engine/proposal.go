package engine

import (
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// proposal is one claim of this node, from Propose to its final stage.
type proposal struct {
	domain     string
	number     int64
	phase      phase
	parameters *canon.Object
	experiment *canon.Object
	nonce      string
	commitment string
	base       string // what it is, or is being, compared with
	anchor     string // bound by the commit
	outcome    *protocol.Outcome
	running    bool  // a run of its recipe is under way
	asked      int64 // when it was proposed
	revealAt   int64
	giveUpAt   int64
	repeatAt   int64         // when commit and reveal are sent again, to who was not there
	repeats    int           // so far
	payload    *canon.Object // of the reveal
}

type phase uint8

const (
	confirming phase = iota // the confirming run is queued or running
	committed               // the commit is out, the reveal is due at revealAt
	open                    // revealed: a claim among the others
	ended
)

// propose starts the confirming run of what the search found.
func (e *Engine) propose(ev protocol.Propose) {
	p := &proposal{domain: ev.Domain, number: ev.Proposal, parameters: ev.Parameters, experiment: ev.Experiment, asked: e.now}
	if reason := e.impossible(p); reason != "" {
		e.say(p, protocol.Withdrawn, reason)
		return
	}
	p.nonce = consensus.Nonce(e.key.PeerID(), ev.Nonce)
	p.commitment = chain.Commitment(p.parameters, p.nonce)
	if e.commits[commitKey{p.commitment, e.key.PeerID()}] != nil || e.tip.Settled(p.commitment) || e.ownProposal(p.commitment) != nil {
		e.say(p, protocol.Withdrawn, "the same commitment was made before")
		return
	}
	e.proposals[p.domain] = append(e.proposals[p.domain], p)
	e.run(p)
}

// run has a proposal's recipe run and compared with the base of now.
func (e *Engine) run(p *proposal) {
	p.base, p.running = e.base(p.domain).id, true
	base, _ := e.baseRecipe(p.domain, p.base)
	e.enqueue(&job{own: p, domain: p.domain, parameters: p.parameters, optimae: p.commitment, base: base,
		synthetic: e.synthetic(p.commitment, p.domain, e.tip.Tip)})
}

// stands reports whether a result speaks about the base of now. Without cases it does, whatever the base. Else, where another one
// has become the base since, it has to be run again: its worker may still hold the models, and the comparison alone is new.
func (e *Engine) stands(p *proposal) bool {
	now := e.base(p.domain).id
	if p.outcome.Sums.N == 0 {
		p.base = now
	}
	return p.base == now
}

// impossible says why a proposal cannot even be confirmed; "" if it can.
func (e *Engine) impossible(p *proposal) string {
	switch {
	case !e.cfg.Domains[p.domain].Optimize:
		return "this node does not optimize the domain"
	case p.parameters == nil:
		return "nothing to confirm"
	case e.undecided(p.domain) >= e.cfg.MaxOpen:
		return "too many open claims"
	}
	return ""
}

// undecided counts the proposals of a domain that no record decides.
func (e *Engine) undecided(domain string) int {
	n := 0
	for _, p := range e.proposals[domain] {
		if !e.recorded(p) {
			n++
		}
	}
	return n
}

// recorded reports whether a proposal's acceptance or rejection waits for a block.
func (e *Engine) recorded(p *proposal) bool {
	c := e.claims[p.commitment]
	return c != nil && c.recorded
}

// patience is how much longer than the confirming run others may take to verify: they have claims of more nodes to run.
const patience = 30

// confirmed handles the end of a confirming run: a result that wins over the base is committed.
func (e *Engine) confirmed(p *proposal, o protocol.Outcome, err error) {
	p.running = false
	switch p.phase {
	case confirming:
	case committed:
		e.compared(p, o, err)
		return
	default:
		return
	}
	if err != nil {
		e.notice(true, "confirming run failed", "domain", p.domain, "err", err)
		e.end(p, protocol.Failed, err.Error())
		return
	}
	again := p.outcome != nil
	p.outcome, p.anchor = &o, e.tip.Tip
	stands := e.stands(p)
	if !again {
		e.say(p, protocol.Confirmed, "")
		e.consider(p)
	}
	if !stands && e.improves(p.domain, o.Performance) {
		e.run(p)
		return
	}
	if reason := e.unpromising(p); reason != "" {
		e.end(p, protocol.Withdrawn, reason)
		return
	}
	e.commit(p)
}

// compared handles the end of a run against a base that came after the commit.
func (e *Engine) compared(p *proposal, o protocol.Outcome, err error) {
	if err != nil {
		e.end(p, protocol.Superseded, "a better claim was accepted before the reveal, and the comparison with it failed: "+err.Error())
		return
	}
	if p.outcome = &o; e.stands(p) {
		if err := e.loses(p.domain, o.Performance, o.Sums, e.base(p.domain)); err != nil {
			e.end(p, protocol.Superseded, "a better claim was accepted before the reveal: "+err.Error())
		}
	}
}

// commit is the payload of a proposal's commit.
func (p *proposal) commit() *canon.Object {
	return canon.NewObject("commitment_hash", p.commitment, "domain_id", p.domain, "anchor", p.anchor)
}

// repeatAfter is how long a revealed claim without a decision waits until it is sent again; each time it waits twice as long.
const repeatAfter = 5 * Second

// repeat sends commit and reveal of an undecided claim again, as new messages: a member that was not there when they came, or has been
// started anew since, votes now. To the others both are late, which costs nobody anything.
func (e *Engine) repeat(p *proposal) {
	p.repeats++
	p.repeatAt = e.now + repeatAfter<<min(p.repeats, 20)
	if e.message(chain.MsgOptimaeCommit, p.commit()) != nil {
		e.message(chain.MsgOptimaeReveal, p.payload)
	}
}

// commit tells everybody that there is a result, and not yet which.
func (e *Engine) commit(p *proposal) {
	if e.message(chain.MsgOptimaeCommit, p.commit()) == nil {
		e.end(p, protocol.Withdrawn, "the commit could not be signed")
		return
	}
	e.commits[commitKey{p.commitment, e.key.PeerID()}] = &commit{domain: p.domain, anchor: p.anchor, received: e.now, revealed: true}
	p.phase, p.revealAt = committed, e.now+e.cfg.RevealDelay
	p.giveUpAt = p.revealAt + min(e.cfg.Patience+patience*max(0, e.now-p.asked), 2*e.cfg.CommitMaxAge)
	e.say(p, protocol.Committed, "")
}

// unpromising says why a confirmed proposal is not worth a claim; "" if it is.
func (e *Engine) unpromising(p *proposal) string {
	members, ok := e.tip.Members(p.anchor, p.commitment, e.key.PeerID())
	o := p.outcome
	lost := e.loses(p.domain, o.Performance, o.Sums, e.base(p.domain))
	switch {
	case !ok || len(members) == 0:
		e.warnAlone()
		return "no other evaluator is eligible"
	case lost != nil:
		return lost.Error()
	case !e.improvesOwn(p):
		return "a claim on its way promises as much"
	case !consensus.Tolerates(o.SyntheticScore, o.IncumbentScore, e.rules.QuorumTolerance):
		// What fits its validation set too well fails the members' synthetic data, and a rejection is dear: the same test on
		// data of our own seed comes first.
		return fmt.Sprintf("error %v on synthetic data, the champion's is %v", o.SyntheticScore, o.IncumbentScore)
	case !e.allow(e.key.PeerID()):
		return "too many commits in a minute"
	}
	return ""
}

// improvesOwn reports whether a result beats every claim of this node on its way by the domain's minimum increment.
func (e *Engine) improvesOwn(p *proposal) bool {
	for _, q := range e.proposals[p.domain] {
		if q != p && q.phase != confirming && !e.beats(p.domain, p.outcome.Performance, q.outcome.Performance) {
			return false
		}
	}
	return true
}

// warnAlone says once what it means to be without other evaluators.
func (e *Engine) warnAlone() {
	if !e.warned {
		e.notice(true, "no other evaluator is registered: the node serves its own best, but nothing can be verified and no block is made")
	}
	e.warned = true
}

// endProposals ends what was overtaken between commit and reveal, reveals what is due, and gives up what nobody decides.
func (e *Engine) endProposals() {
	moved := e.moved
	e.moved = false
	for _, domain := range sortedKeys(e.proposals) {
		for _, p := range slices.Clone(e.proposals[domain]) {
			switch {
			case p.phase == open && e.now >= p.giveUpAt && !e.recorded(p):
				e.drop(p.commitment, protocol.Expired, "not decided in time")
			case p.phase == open && e.now >= p.repeatAt && !e.recorded(p):
				e.repeat(p)
			case p.phase != committed || p.running:
			case (moved || e.now >= p.revealAt) && !e.improves(domain, p.outcome.Performance):
				e.end(p, protocol.Superseded, "a better claim was accepted before the reveal")
			case !e.stands(p):
				e.run(p)
			case e.now >= p.revealAt:
				e.reveal(p)
			}
		}
	}
}

// reveal opens the commitment, and the claim here too. The commit does not bind the base: it is the one of now.
func (e *Engine) reveal(p *proposal) {
	base, _ := e.baseRecipe(p.domain, p.base)
	members, ok := e.tip.Members(p.anchor, p.commitment, e.key.PeerID())
	if !ok || len(members) == 0 {
		e.end(p, protocol.Expired, "the block of its anchor, or its quorum, is gone")
		return
	}
	p.payload = p.outcome.Sums.AppendTo(canon.NewObject(
		"commitment_hash", p.commitment, "domain_id", p.domain, "optimae_id", p.commitment, "parameters", p.parameters,
		"reported_performance", p.outcome.Performance, "nonce", p.nonce, "champion_metrics", p.outcome.Metrics,
		"digest", p.outcome.Digest, "anchor", p.anchor, "base", p.base))
	m := e.message(chain.MsgOptimaeReveal, p.payload)
	if m == nil {
		e.end(p, protocol.Expired, "the reveal could not be signed")
		return
	}
	st, err := consensus.ParseReveal(m)
	if err != nil {
		e.notice(true, "own reveal is invalid", "domain", p.domain, "err", err)
		e.end(p, protocol.Expired, err.Error())
		return
	}
	p.phase, p.repeatAt = open, e.now+repeatAfter
	e.say(p, protocol.Revealed, "")
	c := &claim{st: st, reveal: m, own: p, metrics: p.outcome.Metrics, base: base, received: e.now, members: members,
		votes: map[string]*chain.Vote{}, evaluated: true}
	e.openClaim(c)
	e.countEarly(c)
	if e.claims[st.OptimaeID] == c && c.isMember(e.key.PeerID()) { // solo: the confirming run is the quorum's
		e.vote(c, *p.outcome, nil)
	}
}

// say tells of a proposal's stage.
func (e *Engine) say(p *proposal, stage protocol.Stage, reason string) {
	c := protocol.Claim{Domain: p.domain, Proposal: p.number, Stage: stage, OptimaeID: p.commitment, Base: p.base, Outcome: p.outcome, Reason: reason}
	e.emit(c)
}

// end says a proposal's final stage and forgets it. It does nothing for one that has ended.
func (e *Engine) end(p *proposal, stage protocol.Stage, reason string) {
	if p.phase == ended {
		return
	}
	p.phase = ended
	e.say(p, stage, reason)
	rest := slices.DeleteFunc(e.proposals[p.domain], func(q *proposal) bool { return q == p })
	if e.proposals[p.domain] = rest; len(rest) == 0 {
		delete(e.proposals, p.domain)
	}
}

// ownProposal returns the open proposal with a commitment, nil if there is none.
func (e *Engine) ownProposal(commitment string) *proposal {
	for _, list := range e.proposals {
		for _, p := range list {
			if p.commitment == commitment {
				return p
			}
		}
	}
	return nil
}
