package engine

import (
	"encoding/hex"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/python"
	"doin.network/node/internal/canon"
)

// round is a domain's current round, from Propose to RoundDone.
type round struct {
	phase      phase
	parameters *canon.Object
	nonce      string
	commitment string
	experiment *canon.Object
	confirmed  *float64 // higher is better
	value      float64  // the same as on the wire
	metrics    *canon.Object
	last       *float64 // announced last, as on the wire
	announced  bool
	revealAt   int64
}

type phase uint8

const (
	searching  phase = iota // L2 is at work
	confirming              // the confirming run is queued or running
	committed               // the commit is out, the reveal is due at revealAt
	closing                 // nothing is missing
)

// propose starts the confirming run of what the search found: under the seed that everybody derives from the commitment.
func (e *Engine) propose(p Propose) {
	d := e.domains[p.Domain]
	if d == nil || d.round.phase != searching {
		e.notice(true, "proposal out of turn", "domain", p.Domain)
		return
	}
	r := &d.round
	r.confirmed, r.announced, r.parameters, r.experiment, r.metrics = nil, false, p.Parameters, p.Experiment, nil
	if p.Parameters == nil {
		r.phase = closing
		return
	}
	r.nonce = hex.EncodeToString(p.Nonce[:])
	r.commitment = chain.Commitment(p.Parameters, r.nonce)
	r.phase = confirming
	e.enqueue(&job{kind: jobConfirm, domain: d, parameters: p.Parameters, seed: uint64(python.OptimizerSeed(r.commitment, d.ID))})
}

// confirmed announces a result that beats what is known here.
func (e *Engine) confirmed(j *job, o Outcome, err error) {
	d := j.domain
	r := &d.round
	if r.phase != confirming {
		return
	}
	r.phase = closing
	if err != nil {
		e.notice(true, "confirming run failed", "domain", d.ID, "err", err)
		return
	}
	r.confirmed, r.value, r.metrics = &o.Performance, d.wire(o.Performance), o.Metrics
	if !e.better(d, r.value) || r.last != nil && !d.beats(r.value, *r.last, e.cfg.AcceptanceTolerance) {
		return
	}
	e.commits.Add(python.Commitment{Hash: r.commitment, DomainID: d.ID, OptimizerID: e.key.PeerID(), Time: seconds(e.now)})
	e.broadcast(chain.MsgOptimaeCommit, canon.NewObject("commitment_hash", r.commitment, "domain_id", d.ID))
	r.phase, r.revealAt = committed, e.now+e.cfg.RevealDelay
}

// reveal opens the commitment, here first.
func (e *Engine) reveal(d *domain) {
	r := &d.round
	r.phase = closing
	if !e.better(d, r.value) {
		e.notice(false, "not revealed: overtaken since the commit", "domain", d.ID, "performance", r.value)
		return
	}
	id := e.optimaeID()
	p := canon.NewObject("commitment_hash", r.commitment, "domain_id", d.ID, "optimae_id", id, "parameters", r.parameters,
		"reported_performance", r.value, "nonce", r.nonce, "champion_metrics", orNull(r.metrics))
	stake, _ := e.fees.Suggest("normal").Float("optimae_stake")
	e.fees.Stake(id, stake)
	if err := e.receiveReveal(e.key.PeerID(), p, r.experiment); err != nil {
		e.notice(true, "own reveal not taken", "domain", d.ID, "err", err)
		return
	}
	e.broadcast(chain.MsgOptimaeReveal, p)
	value := r.value
	r.announced, r.last = true, &value
}

// optimaeID returns a name of the reference's form that this node has not used.
func (e *Engine) optimaeID() string {
	for sec := e.now / Second; ; sec++ {
		if id := "opt-" + e.key.PeerID()[:8] + "-" + strconv.FormatInt(sec, 10); e.claims[id] == nil && e.links.recorded[id] == 0 {
			return id
		}
	}
}

// endRounds reveals what is due and closes the rounds that have nothing left to wait for.
func (e *Engine) endRounds() {
	for _, c := range e.cfg.Domains {
		d := e.domains[c.ID]
		r := &d.round
		if r.phase == committed && e.now >= r.revealAt {
			e.reveal(d)
			e.startJobs()
			e.build()
		}
		if r.phase == closing {
			r.phase = searching
			e.emit(RoundDone{Domain: d.ID, Confirmed: r.confirmed, Announced: r.announced, Immigrants: d.immigrants})
			r.parameters, r.confirmed, d.immigrants = nil, nil, nil
		}
	}
}
