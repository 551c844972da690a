package engine

import (
	"encoding/hex"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/internal/canon"
)

// maxOpen is how many proposals of a domain may be open at once. One is under way; the others wait for their turn.
const maxOpen = 4

// round is the proposal under way in a domain: Python nodes know one claim of a node at a time.
type round struct {
	phase      phase
	proposal   int64
	parameters *canon.Object
	nonce      string
	commitment string
	experiment *canon.Object
	outcome    *protocol.Outcome
	value      float64  // of the confirming run, as on the wire
	last       *float64 // announced last, as on the wire
	revealAt   int64
	waiting    []protocol.Propose
}

type phase uint8

const (
	idle       phase = iota // nothing was proposed
	confirming              // the confirming run is queued or running
	committed               // the commit is out, the reveal is due at revealAt
)

// propose takes a proposal, to be confirmed when it is its turn.
func (e *Engine) propose(p protocol.Propose) {
	d := e.domains[p.Domain]
	switch {
	case d == nil || p.Parameters == nil:
		e.emit(protocol.Claim{Domain: p.Domain, Proposal: p.Proposal, Stage: protocol.Withdrawn, Reason: "no role in this domain, or no recipe"})
	case d.round.phase == idle:
		e.confirm(d, p)
	case len(d.round.waiting)+1 < maxOpen:
		d.round.waiting = append(d.round.waiting, p)
	default:
		e.emit(protocol.Claim{Domain: p.Domain, Proposal: p.Proposal, Stage: protocol.Withdrawn, Reason: "too many proposals are open"})
	}
}

// confirm starts a confirming run: under the seed that everybody derives from the commitment.
func (e *Engine) confirm(d *domain, p protocol.Propose) {
	r := &d.round
	r.phase, r.proposal, r.parameters, r.experiment, r.outcome = confirming, p.Proposal, p.Parameters, p.Experiment, nil
	r.nonce = hex.EncodeToString(p.Nonce[:])
	r.commitment = chain.Commitment(p.Parameters, r.nonce)
	e.enqueue(&job{kind: jobConfirm, domain: d, parameters: p.Parameters, seed: uint64(python.OptimizerSeed(r.commitment, d.ID))})
}

// stage tells the search how far the proposal under way has come.
func (e *Engine) stage(d *domain, s protocol.Stage, reason string) {
	r := &d.round
	e.emit(protocol.Claim{Domain: d.ID, Proposal: r.proposal, Stage: s, OptimaeID: r.commitment, Outcome: r.outcome, Reason: reason})
}

// close ends the turn of the proposal under way and begins the next one.
func (e *Engine) close(d *domain) {
	r := &d.round
	r.phase, r.parameters, r.outcome, r.experiment = idle, nil, nil, nil
	if len(r.waiting) > 0 {
		p := r.waiting[0]
		r.waiting = r.waiting[1:]
		e.confirm(d, p)
	}
}

// confirmed announces a result that beats what is known here.
func (e *Engine) confirmed(j *job, o protocol.Outcome, err error) {
	d := j.domain
	r := &d.round
	if r.phase != confirming {
		return
	}
	if err != nil {
		e.notice(true, "confirming run failed", "domain", d.ID, "err", err)
		e.stage(d, protocol.Failed, err.Error())
		e.close(d)
		return
	}
	r.outcome, r.value = &o, d.wire(o.Performance)
	if value := r.value; d.own == nil || d.beats(value, *d.own, 0) {
		d.own = &value
	}
	e.stage(d, protocol.Confirmed, "")
	if !e.better(d, r.value) || r.last != nil && !d.beats(r.value, *r.last, e.cfg.AcceptanceTolerance) {
		e.stage(d, protocol.Withdrawn, "no improvement")
		e.close(d)
		return
	}
	e.commits.Add(python.Commitment{Hash: r.commitment, DomainID: d.ID, OptimizerID: e.key.PeerID(), Time: seconds(e.now)})
	e.broadcast(chain.MsgOptimaeCommit, canon.NewObject("commitment_hash", r.commitment, "domain_id", d.ID))
	e.stage(d, protocol.Committed, "")
	r.phase, r.revealAt = committed, e.now+e.cfg.RevealDelay
}

// reveal opens the commitment, here first.
func (e *Engine) reveal(d *domain) {
	r := &d.round
	defer e.close(d)
	if !e.better(d, r.value) {
		e.notice(false, "not revealed: overtaken since the commit", "domain", d.ID, "performance", r.value)
		e.stage(d, protocol.Superseded, "overtaken since the commit")
		return
	}
	id := e.optimaeID()
	p := canon.NewObject("commitment_hash", r.commitment, "domain_id", d.ID, "optimae_id", id, "parameters", r.parameters,
		"reported_performance", r.value, "nonce", r.nonce, "champion_metrics", orNull(r.outcome.Metrics))
	stake, _ := e.fees.Suggest("normal").Float("optimae_stake")
	e.fees.Stake(id, stake)
	if err := e.receiveReveal(e.key.PeerID(), p, r); err != nil {
		e.notice(true, "own reveal not taken", "domain", d.ID, "err", err)
		e.stage(d, protocol.Withdrawn, err.Error())
		return
	}
	e.broadcast(chain.MsgOptimaeReveal, p)
	value := r.value
	r.last = &value
}

// optimaeID returns a name of the reference's form that this node has not used.
func (e *Engine) optimaeID() string {
	for sec := e.now / Second; ; sec++ {
		if id := "opt-" + e.key.PeerID()[:8] + "-" + strconv.FormatInt(sec, 10); e.claims[id] == nil && e.links.recorded[id] == 0 {
			return id
		}
	}
}

// revealDue opens the commitments whose time has come.
func (e *Engine) revealDue() {
	for _, c := range e.cfg.Domains {
		d := e.domains[c.ID]
		if r := &d.round; r.phase == committed && e.now >= r.revealAt {
			e.reveal(d)
			e.startJobs()
			e.build()
		}
	}
}
