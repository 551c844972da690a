package replica

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// proposal is one claim of this node, from Propose to its final stage.
type proposal struct {
	domain      string
	number      int64
	parameters  *canon.Object
	text, nonce string
	commitment  application.ID
	base        string // what it was compared with
	outcome     *protocol.Outcome
	commit      *application.Tx // nil while its own run is under way
	stamp       int64           // block of its stamp, while that is made
	since       int64           // slot of the commit
	revealed    bool
	ended       bool
}

func (p *proposal) id() string { return hex.EncodeToString(p.commitment[:]) }

// propose has what the search found confirmed by a run of this node's own. Its seeds are not those of a draw, which nobody knows yet.
func (a *agent) propose(ev protocol.Propose) {
	p := &proposal{domain: ev.Domain, number: ev.Proposal, parameters: ev.Parameters}
	if reason := a.impossible(p); reason != "" {
		a.say(p, protocol.Withdrawn, reason)
		return
	}
	p.text = string(canon.Canonical(p.parameters))
	p.nonce = consensus.Nonce(a.m.peer, ev.Nonce)
	p.commitment = optimae.Commitment(p.text, p.nonce)
	if a.proposal(p.commitment) != nil {
		a.say(p, protocol.Withdrawn, "the same commitment was made before")
		return
	}
	a.proposals[p.domain] = append(a.proposals[p.domain], p)
	base := a.chainChampion(p.domain)
	e := protocol.Evaluate{Domain: p.domain, Own: true, Recipe: a.ownRecipe(p)}
	if base != nil {
		p.base, e.Base = base.OptimaeID, &base.Recipe
	}
	e.Synthetic = &protocol.Synthetic{Seed: chain.DeterministicSeed(p.id(), p.domain, chain.SyntheticSalt(a.m.peer, "")), Incumbent: e.Base}
	a.begin(&job{own: p, effect: e})
}

// ownRecipe is what the confirming run trains, and what answers questions while nothing is verified.
func (a *agent) ownRecipe(p *proposal) protocol.Recipe {
	return protocol.Recipe{Parameters: p.parameters, Seeds: chain.TrainingSeeds(p.domain, p.id(), a.m.seeds(p.domain))}
}

// impossible says why a proposal cannot even be confirmed; "" if it can.
func (a *agent) impossible(p *proposal) string {
	switch {
	case !a.m.cfg.Domains[p.domain].Optimize:
		return "this node does not optimize the domain"
	case p.parameters == nil:
		return "nothing to confirm"
	case len(a.proposals[p.domain]) >= a.m.cfg.MaxOpen:
		return "too many open claims"
	}
	return ""
}

// confirmed handles the end of a confirming run: a result that wins over the base is committed.
func (a *agent) confirmed(p *proposal, o protocol.Outcome, err error) {
	if err != nil {
		a.end(p, protocol.Failed, err.Error())
		return
	}
	p.outcome = &o
	a.say(p, protocol.Confirmed, "")
	a.consider(p)
	d := a.m.best().Draft()
	if reason := a.unpromising(d, p); reason != "" {
		a.end(p, protocol.Withdrawn, reason)
		return
	}
	if a.deposit(d) {
		a.commit(p, nil)
		return
	}
	a.stamp(d, p)
}

// mostBits is the most work that a node does for a stamp: its block has moved on before more is done.
const mostBits = 28

// stamp has work done for a commit that has no deposit.
func (a *agent) stamp(d optimae.State, p *proposal) {
	height := a.m.chain.Tree().Final().Height
	block, bits, ok := a.m.net.Rules().StampOn(d, p.domain, height)
	if !ok {
		a.end(p, protocol.Withdrawn, fmt.Sprintf("a claim's deposit is %d base units, which neither balance nor stake has, and a stamped claim of the domain is open", optimae.Deposit(a.totals(d))))
		return
	}
	if bits > mostBits {
		a.end(p, protocol.Withdrawn, fmt.Sprintf("a claim's deposit is %d base units, which neither balance nor stake has, and a stamp is %d bits of work now, which are too many", optimae.Deposit(a.totals(d)), bits))
		return
	}
	p.stamp = height
	a.last++
	a.jobs[a.last] = &job{own: p}
	rules, peer := a.m.net.Rules(), a.m.peer
	a.m.emit(protocol.Stamp{Job: a.last, Good: func(nonce int64) bool {
		return optimae.Stamps(rules.StampHash(p.commitment, block, peer, nonce), bits)
	}})
}

// stamped takes what a stamp's work has found.
func (a *agent) stamped(ev protocol.Stamped) {
	j := a.jobs[ev.Job]
	if j == nil || j.own == nil {
		return
	}
	delete(a.jobs, ev.Job)
	a.commit(j.own, &optimae.Stamp{Height: j.own.stamp, Nonce: ev.Nonce})
}

// commit tells everybody that there is a result, and not yet which. What it hides is on the disk first.
func (a *agent) commit(p *proposal, stamp *optimae.Stamp) {
	body := &optimae.Commit{Domain: p.domain, Commitment: p.commitment, Slot: a.m.slot}
	if stamp != nil {
		body.Stamped, body.Stamp = true, *stamp
	}
	x := optimae.NewTx(a.m.peer, body)
	tx, err := application.Sign(a.m.point, a.m.net.ID(), x.Kind, x.Body)
	if err != nil {
		a.end(p, protocol.Withdrawn, "the commit could not be signed: "+err.Error())
		return
	}
	p.commit, p.since = tx, a.m.slot
	a.m.note(claimNote(p.commitment), encodeProposal(p))
	a.m.offer(tx)
	a.say(p, protocol.Committed, "")
}

// unpromising says why a confirmed proposal is not worth a claim; "" if it is.
func (a *agent) unpromising(d optimae.State, p *proposal) string {
	rule := a.m.net.Rules().Domains[p.domain]
	best, known := a.m.bestOf(d, p.domain)
	o := p.outcome
	switch _, err := rule.Wins(best, o.Performance, known, o.Sums); {
	case err != nil:
		return err.Error()
	case !a.improvesOwn(p):
		return "a claim on its way promises as much"
	case rule.Synthetic && !consensus.Tolerates(max(0, o.SyntheticScore), max(0, o.IncumbentScore), a.m.net.Rules().Tolerance):
		return fmt.Sprintf("error %v on synthetic data, the champion's is %v", o.SyntheticScore, o.IncumbentScore)
	}
	if a.alone(d, p.domain) && !a.m.net.Rules().Solo {
		return "no other evaluator of the domain is in the electorate"
	}
	return ""
}

// deposit reports whether the node can put one down: from its balance, or from its stake down to half of it.
func (a *agent) deposit(d optimae.State) bool {
	want := optimae.Deposit(a.totals(d))
	p, registered := optimae.Registered(d, a.m.peer)
	return optimae.Balance(d, a.m.peer) >= want || registered && p.Leaving == 0 && !p.Out && p.Stake-want >= p.Full-p.Full/2
}

// alone reports whether nobody but this node can verify a claim of a domain.
func (a *agent) alone(d optimae.State, domain string) bool {
	for _, peer := range optimae.Electorate(d) {
		if p, ok := optimae.Registered(d, peer); ok && peer != a.m.peer && slices.Contains(p.Domains, domain) {
			return false
		}
	}
	return true
}

// improvesOwn reports whether a result beats every claim of this node on its way.
func (a *agent) improvesOwn(p *proposal) bool {
	rule := a.m.net.Rules().Domains[p.domain]
	for _, q := range a.proposals[p.domain] {
		if q == p || q.commit == nil || q.outcome == nil {
			continue
		}
		if _, err := rule.Wins(q.outcome.Performance, p.outcome.Performance, true, chain.Sums{}); err != nil {
			return false
		}
	}
	return true
}

// bestOf is the performance of a domain's champion in a state.
func (m *Machine) bestOf(d optimae.State, domain string) (best float64, known bool) {
	x := optimae.DomainOf(d, domain)
	return x.Best, x.HasBest
}

// reveal shows what a commit hides, whatever has happened since: else its deposit is lost.
func (a *agent) reveal(c *optimae.Claim) {
	p := a.proposal(c.Commitment)
	if p == nil {
		return // of another life, of which nothing is left
	}
	a.m.say(&optimae.Reveal{Commitment: p.commitment, Recipe: p.text, Nonce: p.nonce})
	if !p.revealed {
		p.revealed = true
		a.say(p, protocol.Revealed, "")
	}
}

// advance gives up proposals whose commit no block has taken, and offers the others' again.
func (a *agent) advance(d optimae.State) {
	for _, domain := range slices.Sorted(maps.Keys(a.proposals)) {
		for _, p := range slices.Clone(a.proposals[domain]) {
			switch {
			case p.commit == nil || p.revealed || optimae.Find(d, p.commitment) != nil:
			case a.m.slot > p.since+waitSlots:
				a.end(p, protocol.Expired, "no block has taken its commit")
			default:
				a.m.offer(p.commit)
			}
		}
	}
}

// decided is told what a final block did.
func (a *agent) decided(r *application.Result) {
	a.moved = true
	for _, o := range r.Claims {
		if o.Result == optimae.Settled || o.Result == optimae.Redrawn {
			continue
		}
		a.outcome(o)
	}
}

// outcome tells of the end of a claim.
func (a *agent) outcome(o optimae.Outcome) {
	id := hex.EncodeToString(o.Commitment[:])
	a.m.emit(protocol.Decided{Domain: o.Domain, OptimaeID: id, OptimizerID: o.Author, Accepted: o.Result == optimae.Accepted,
		Performance: o.Performance, Solo: o.Solo})
	p := a.proposal(o.Commitment)
	if p == nil {
		return
	}
	stage := protocol.Rejected
	switch o.Result {
	case optimae.Accepted:
		stage = protocol.Accepted
	case optimae.Overtaken:
		stage = protocol.Superseded
	case optimae.Void:
		stage = protocol.Expired
	}
	a.end(p, stage, o.Result.String())
}

// say tells of a proposal's stage.
func (a *agent) say(p *proposal, stage protocol.Stage, reason string) {
	if stage == protocol.Accepted {
		reason = ""
	}
	c := protocol.Claim{Domain: p.domain, Proposal: p.number, Stage: stage, Base: p.base, Outcome: p.outcome, Reason: reason}
	if p.text != "" {
		c.OptimaeID = p.id()
	}
	a.m.emit(c)
}

// end says a proposal's final stage and forgets it.
func (a *agent) end(p *proposal, stage protocol.Stage, reason string) {
	if p.ended {
		return
	}
	p.ended = true
	a.say(p, stage, reason)
	if p.commit != nil {
		a.m.note(claimNote(p.commitment), nil)
	}
	rest := slices.DeleteFunc(a.proposals[p.domain], func(q *proposal) bool { return q == p })
	if a.proposals[p.domain] = rest; len(rest) == 0 {
		delete(a.proposals, p.domain)
	}
}

// proposal returns the open proposal with a commitment, nil if there is none.
func (a *agent) proposal(commitment application.ID) *proposal {
	for _, list := range a.proposals {
		for _, p := range list {
			if p.commitment == commitment {
				return p
			}
		}
	}
	return nil
}

// errNote is a record of this machine's that cannot be read.
var errNote = errors.New("replica: a note on the disk cannot be read")
