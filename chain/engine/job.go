package engine

import (
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

type jobKind uint8

const (
	jobConfirm jobKind = iota
	jobVerify
)

// job is one training this node owes.
type job struct {
	id         int64
	kind       jobKind
	st         *consensus.Statement // what a verification verifies
	domain     string
	parameters *canon.Object
	optimae    string
	seed       uint64
	synthetic  *Synthetic
	task       string
	round      bool // the domain's round waits for it
}

// enqueue adds a job; confirming runs go first, the node's own round waits for them.
func (e *Engine) enqueue(j *job) {
	e.nextJob++
	j.id = e.nextJob
	if j.kind == jobConfirm {
		e.start(j)
		return
	}
	e.queue = append(e.queue, j)
}

// startJobs hands out as many verifications as may run at once.
func (e *Engine) startJobs() {
	if len(e.queue) == 0 || e.now < e.nextEval {
		return
	}
	e.nextEval = e.now + e.cfg.EvalInterval
	for e.running < e.cfg.EvalConcurrent && len(e.queue) > 0 {
		j := e.queue[0]
		e.queue = e.queue[1:]
		if e.claims[j.optimae] == nil {
			j.synthetic = nil // it is settled: no vote is wanted
		}
		if j.synthetic == nil && !e.wanted(j) {
			e.endVerification(j)
			continue
		}
		if j.task != "" {
			if _, err := e.tasks.Claim(j.task, e.key.PeerID(), e.now); err != nil {
				j.task = "" // somebody else leased it: our own vote does not depend on the queue
			}
		}
		e.running++
		e.start(j)
	}
}

// wanted reports whether a claim that this node need not vote on is still worth a re-run: it improves on the
// champion or has become it.
func (e *Engine) wanted(j *job) bool {
	if d := e.tip.Domains[j.domain]; d != nil && d.OptimaeID == j.optimae {
		return e.cfg.Domains[j.domain].Optimize
	}
	_, better := e.tip.Improves(j.domain, j.st.Claim.Performance)
	return better && e.claims[j.optimae] != nil
}

func (e *Engine) start(j *job) {
	e.jobs[j.id] = j
	e.emit(Evaluate{Job: j.id, Domain: j.domain, Parameters: j.parameters, Seed: j.seed, Synthetic: j.synthetic, Confirm: j.kind == jobConfirm})
}

// evaluated handles the answer to an Evaluate.
func (e *Engine) evaluated(ev Evaluated) {
	j := e.jobs[ev.Job]
	if j == nil {
		return
	}
	delete(e.jobs, ev.Job)
	if ev.Err == nil && !finite(ev.Outcome.Performance, ev.Outcome.SyntheticScore, ev.Outcome.IncumbentScore) {
		ev.Err = ErrInvalid
	}
	if j.kind == jobConfirm {
		e.confirmed(j, ev.Outcome, ev.Err)
		return
	}
	e.running--
	e.verified(j, ev.Outcome, ev.Err)
	if j.task != "" && ev.Err != nil {
		e.failTask(j.task, ev.Err.Error())
	}
	e.endVerification(j)
}

func (e *Engine) endVerification(j *job) {
	if r := e.rounds[j.domain]; j.round && r != nil {
		r.waiting--
	}
}

func finite(fs ...float64) bool {
	for _, f := range fs {
		if f-f != 0 {
			return false
		}
	}
	return true
}
