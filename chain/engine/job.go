package engine

import (
	"fmt"
	"slices"

	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// job is one training this node owes.
type job struct {
	id         int64
	own        *proposal            // what a confirming run confirms, else nil
	st         *consensus.Statement // what a verification verifies, else nil
	domain     string
	parameters *canon.Object
	optimae    string
	base       *protocol.Recipe // what it is compared with; nil: the baseline
	synthetic  *protocol.Synthetic
	task       string
	guest      bool // of an author whom the chain does not know
}

// queue holds the verifications that wait. Authors take turns, and what one of them claimed first comes first, so that a
// flood of claims delays its author's alone. All authors whom the chain does not know count as one. The zero value is empty.
type queue struct {
	turns []string // authors with jobs, the next one first
	jobs  map[string][]*job
	size  int
}

func (q *queue) push(author string, j *job) {
	if q.jobs == nil {
		q.jobs = map[string][]*job{}
	}
	if len(q.jobs[author]) == 0 {
		q.turns = append(q.turns, author)
	}
	q.jobs[author] = append(q.jobs[author], j)
	q.size++
}

// pop takes the next job; nil from an empty queue.
func (q *queue) pop() *job {
	if len(q.turns) == 0 {
		return nil
	}
	author := q.turns[0]
	q.turns = q.turns[1:]
	q.size--
	list := q.jobs[author]
	if len(list) == 1 {
		delete(q.jobs, author)
	} else {
		q.jobs[author] = list[1:]
		q.turns = append(q.turns, author)
	}
	return list[0]
}

// keep forgets the jobs that are not wanted; the others keep their places.
func (q *queue) keep(wanted func(*job) bool) {
	q.size = 0
	q.turns = slices.DeleteFunc(q.turns, func(author string) bool {
		list := slices.DeleteFunc(q.jobs[author], func(j *job) bool { return !wanted(j) })
		if q.jobs[author] = list; len(list) == 0 {
			delete(q.jobs, author)
		}
		q.size += len(list)
		return len(list) == 0
	})
}

// enqueue adds a job; confirming runs start at once, there are at most MaxOpen a domain.
func (e *Engine) enqueue(j *job) {
	e.nextJob++
	j.id = e.nextJob
	if j.own != nil {
		e.start(j)
		return
	}
	q, author := &e.others, e.known(j.st.OptimizerID)
	switch j.guest = author == ""; {
	case j.guest:
		q = &e.strange
	case j.synthetic != nil:
		q = &e.votes
	}
	q.push(author, j)
	if j.guest && q.size > 2*e.cfg.MaxStrangers { // the oldest waits for what is decided by now
		q.pop()
	}
	if q.size > 2*e.cfg.MaxClaims { // most are about claims that are settled by now
		q.keep(func(j *job) bool { return e.claims[j.optimae] != nil })
	}
}

// guestTurn: while others wait, one in so many verifications is of an author whom the chain does not know.
const guestTurn = 8

// nextVerification takes the next verification to start: first what somebody's claim waits for, then what the search alone wants. Of
// authors whom the chain does not know one runs at a time, when nobody else waits or their turn has come.
func (e *Engine) nextVerification() *job {
	if e.guests == 0 && (e.turn >= guestTurn || e.votes.size+e.others.size == 0) {
		if j := e.strange.pop(); j != nil {
			e.turn = 0
			return j
		}
	}
	e.turn++
	if j := e.votes.pop(); j != nil {
		return j
	}
	return e.others.pop()
}

// startJobs hands out as many verifications as may run at once.
func (e *Engine) startJobs() {
	if e.votes.size+e.others.size+e.strange.size == 0 || e.syncing || e.now < e.nextEval {
		return
	}
	e.nextEval = e.now + e.cfg.EvalInterval
	for e.running < e.cfg.EvalConcurrent {
		j := e.nextVerification()
		if j == nil {
			return
		}
		if e.claims[j.optimae] == nil {
			j.synthetic = nil // it is settled: no vote is wanted
		}
		if j.synthetic == nil && !e.wanted(j) {
			continue
		}
		if j.task != "" {
			if _, err := e.tasks.Claim(j.task, e.key.PeerID(), e.now); err != nil {
				j.task = "" // somebody else leased it: our own vote does not depend on the queue
			}
		}
		e.running++
		if j.guest {
			e.guests++
		}
		e.start(j)
	}
}

// wanted reports whether a claim that this node need not vote on is still worth a re-run: it beats the
// champion or has become it.
func (e *Engine) wanted(j *job) bool {
	if e.tip.Champion(j.domain) == j.optimae {
		return e.cfg.Domains[j.domain].Optimize
	}
	_, err := e.tip.Wins(j.domain, j.st.Claim.Performance, j.st.Claim.Sums)
	return err == nil && e.claims[j.optimae] != nil
}

func (e *Engine) start(j *job) {
	e.jobs[j.id] = j
	e.emit(protocol.Evaluate{Job: j.id, Domain: j.domain, Recipe: e.recipe(j.domain, j.optimae, j.parameters), Base: j.base,
		Synthetic: j.synthetic, Own: j.own != nil})
}

// evaluated handles the answer to an Evaluate. Numbers that no message can carry are a recipe's own fault, everywhere alike.
func (e *Engine) evaluated(ev protocol.Evaluated) {
	j := e.jobs[ev.Job]
	if j == nil {
		return
	}
	delete(e.jobs, ev.Job)
	if ev.Err == nil && !finite(ev.Outcome.Performance, ev.Outcome.SyntheticScore, ev.Outcome.IncumbentScore) {
		ev.Err = fmt.Errorf("%w: its result is not finite", protocol.ErrRefused)
	}
	if j.own != nil {
		e.confirmed(j.own, ev.Outcome, ev.Err)
		return
	}
	e.running--
	if j.guest {
		e.guests--
	}
	e.verified(j, ev.Outcome, ev.Err)
	if j.task != "" && ev.Err != nil {
		e.failTask(j.task, ev.Err.Error())
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
