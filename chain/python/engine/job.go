package engine

import (
	"doin.network/node/chain/protocol"
	"errors"

	"doin.network/node/internal/canon"
)

type jobKind uint8

const (
	jobConfirm jobKind = iota // the node's own result, under its commitment's seed
	jobCheck                  // a claim, before it is adopted or paid
	jobVerify                 // a task, for a vote
	jobAdopt                  // a champion that somebody sent, or the chain has
)

// job is one training that was asked for.
type job struct {
	kind       jobKind
	domain     *domain
	parameters *canon.Object
	seed       uint64
	claim      *claim              // of jobCheck
	task       string              // of jobVerify
	synthetic  *protocol.Synthetic // of jobVerify; the incumbent's score is not looked at
	peer       string              // of jobAdopt: who found it
	source     string              // of jobAdopt: how it came
	metrics    *canon.Object
	size       int64 // reserved in the engine's room, of jobAdopt that a message brought
}

// enqueue puts a job to the waiting ones, the own confirming run first; without room it is dropped.
func (e *Engine) enqueue(j *job) {
	if j.kind == jobConfirm {
		e.queue = append([]*job{j}, e.queue...)
		return
	}
	if len(e.queue) >= e.cfg.MaxJobs {
		e.notice(true, "too many trainings are waiting, one is dropped", "domain", j.domain.ID)
		e.room.give(j.size)
		if j.kind == jobVerify {
			_, _ = e.tasks.Fail(j.task, "busy", e.now) // it is ours
		}
		return
	}
	e.queue = append(e.queue, j)
}

func (e *Engine) startJobs() {
	for len(e.queue) > 0 && (e.running < e.cfg.EvalConcurrent || e.queue[0].kind == jobConfirm) {
		j := e.queue[0]
		e.queue = e.queue[1:]
		e.nextJob++
		e.jobs[e.nextJob] = j
		if j.kind != jobConfirm {
			e.running++
		}
		e.emit(protocol.Evaluate{Job: e.nextJob, Domain: j.domain.ID, Recipe: recipe(j.parameters, j.seed), Synthetic: j.synthetic,
			Own: j.kind == jobConfirm})
	}
}

// evaluated files the outcome of a training.
func (e *Engine) evaluated(ev protocol.Evaluated) {
	j := e.jobs[ev.Job]
	if j == nil {
		return
	}
	delete(e.jobs, ev.Job)
	e.room.give(j.size)
	if j.kind != jobConfirm {
		e.running--
	}
	err := ev.Err
	value := j.domain.wire(ev.Outcome.Performance)
	vote := value
	if j.synthetic != nil {
		vote = j.domain.wire(-ev.Outcome.SyntheticScore) // scores are errors
	}
	if err == nil && (!finite(value) || !finite(vote)) {
		err = protocol.ErrRefused
	}
	switch {
	case j.kind == jobConfirm:
		e.confirmed(j, ev.Outcome, err)
	case err != nil:
		e.failed(j, err)
	case j.kind == jobCheck:
		j.claim.parameters = j.parameters // it may have lapsed meanwhile
		e.checked(j.claim, value, ev.Outcome.Metrics)
	case j.kind == jobVerify:
		e.verified(j, vote, ev.Outcome.SyntheticDataHash)
	case j.kind == jobAdopt:
		metrics := j.metrics
		if metrics == nil {
			metrics = ev.Outcome.Metrics
		}
		if e.adoptResult(j.domain, finding{optimizer: j.peer, parameters: j.parameters, performance: value, metrics: metrics}) {
			e.notice(false, "champion adopted", "domain", j.domain.ID, "performance", value, "from", j.source, "optimizer", j.peer)
		}
	}
}

// failed files a training that gave no value.
func (e *Engine) failed(j *job, err error) {
	e.notice(true, "training failed", "domain", j.domain.ID, "err", err)
	switch {
	case j.kind == jobVerify:
		_, _ = e.tasks.Fail(j.task, err.Error(), e.now) // it may be decided
	case j.kind == jobCheck && j.domain.Validate:
		j.claim.failed = err
		e.conclude(j.claim)
	case j.kind == jobCheck && errors.Is(err, protocol.ErrRefused) && !j.claim.decided:
		e.refuse(j.claim, "parameters cannot be evaluated", true)
	case j.kind == jobCheck:
		delete(e.claims, j.claim.optimae) // not judged
		e.release(j.claim)
	}
}
