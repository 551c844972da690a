package task

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Claim gives a pending task to an evaluator, from now (Unix µs) for the length of a lease. It
// fails with ErrUnknown or a *StateError.
func (q *Queue) Claim(id, evaluator string, now int64) (Task, error) {
	if evaluator == "" || len(evaluator) > MaxIDBytes {
		return Task{}, fmt.Errorf("%w: evaluator id", ErrInvalid)
	}
	e, err := q.need(id, Pending)
	if err != nil {
		return Task{}, err
	}
	q.dequeue(e)
	e.Status, e.EvaluatorID, e.ClaimedAt = Claimed, evaluator, timestamp.FromMicro(now)
	e.LeaseUntil = q.leaseFrom(now)
	e.Attempts++
	q.counts.Claimed++
	q.claimed[id] = e
	return e.Task, nil
}

// leaseFrom returns when a lease that starts now lapses.
func (q *Queue) leaseFrom(now int64) int64 {
	lease := q.cfg.Lease.Microseconds()
	if now > math.MaxInt64-lease {
		return math.MaxInt64
	}
	return now + lease
}

// Expire makes the tasks pending again whose leases have lapsed by now (lease end ≤ now) and
// returns them, the earliest lapse first. They keep their place in the order of work.
func (q *Queue) Expire(now int64) []Task {
	var lapsed []*entry
	for _, e := range q.claimed {
		if e.LeaseUntil <= now {
			lapsed = append(lapsed, e)
		}
	}
	slices.SortFunc(lapsed, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.LeaseUntil, b.LeaseUntil), cmp.Compare(a.seq, b.seq))
	})
	tasks := make([]Task, len(lapsed))
	for i, e := range lapsed {
		q.dequeue(e)
		e.Status, e.EvaluatorID, e.ClaimedAt, e.LeaseUntil = Pending, "", timestamp.Time{}, 0
		q.enqueue(e)
		tasks[i] = e.Task
	}
	return tasks
}

// Complete finishes a claimed task at now with the evaluator's measurement and result, either of
// which may be nil. It fails with ErrUnknown, a *StateError or ErrInvalid. A task whose lease
// has lapsed can still be completed until Expire takes it back.
func (q *Queue) Complete(id string, verified *float64, result *canon.Object, now int64) (Task, error) {
	return q.complete(id, "", verified, result, now, Claimed)
}

// CompleteRemote is Complete for a task_completed message: the task may also be pending here,
// and evaluator becomes its evaluator unless it is empty.
func (q *Queue) CompleteRemote(id, evaluator string, verified *float64, result *canon.Object, now int64) (Task, error) {
	return q.complete(id, evaluator, verified, result, now, Pending, Claimed)
}

func (q *Queue) complete(id, evaluator string, verified *float64, result *canon.Object, now int64, from ...Status) (Task, error) {
	if !finite(verified) || len(evaluator) > MaxIDBytes {
		return Task{}, fmt.Errorf("%w: verified performance or evaluator id", ErrInvalid)
	}
	if err := checkObject(result); err != nil {
		return Task{}, err
	}
	e, err := q.need(id, from...)
	if err != nil {
		return Task{}, err
	}
	if evaluator != "" {
		e.EvaluatorID = evaluator
	}
	if verified != nil {
		v := *verified
		e.VerifiedPerformance = &v
	}
	return q.finish(e, Completed, result, now), nil
}

// maxReasonBytes bounds the reason that a failed task keeps.
const maxReasonBytes = 4096

// Fail finishes a pending or claimed task at now without a result; the reason, cut at 4096 bytes,
// is kept as {"error": reason}. It fails with ErrUnknown or a *StateError.
func (q *Queue) Fail(id, reason string, now int64) (Task, error) {
	e, err := q.need(id, Pending, Claimed)
	if err != nil {
		return Task{}, err
	}
	if len(reason) > maxReasonBytes {
		reason = strings.ToValidUTF8(reason[:maxReasonBytes], "")
	}
	return q.finish(e, Failed, canon.NewObject("error", reason), now), nil
}
