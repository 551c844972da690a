package engine

import (
	"errors"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Refusals of an inference request.
var (
	ErrUnknownDomain = errors.New("engine: unknown domain")
	ErrNoChampion    = errors.New("engine: domain has no champion yet")
)

// infer queues a forecast by the chain's champion and asks for it at once if this node evaluates the domain.
func (e *Engine) infer(ev Infer) {
	d := e.tip.Domains[ev.Domain]
	switch {
	case d == nil:
		e.emit(SubmitResult{Err: ErrUnknownDomain})
		return
	case !d.HasBest:
		e.emit(SubmitResult{Err: ErrNoChampion})
		return
	}
	champion, err := canon.ParseObject(d.Parameters)
	if err != nil {
		e.emit(SubmitResult{Err: err})
		return
	}
	t := &task.Task{Type: task.Inference, DomainID: ev.Domain, RequesterID: ev.ClientID, Parameters: ev.Input,
		Status: task.Pending, CreatedAt: timestamp.FromMicro(e.now), Priority: task.PriorityInference}
	t.ID = t.ComputeID()
	if err := e.tasks.Add(t); err != nil {
		e.emit(SubmitResult{Err: err})
		return
	}
	if _, err := e.tasks.Claim(t.ID, e.key.PeerID(), e.now); err != nil {
		e.emit(SubmitResult{Err: err})
		return
	}
	e.emit(Inference{TaskID: t.ID, Domain: ev.Domain, Parameters: champion, Seed: chain.TrainingSeed(ev.Domain, d.OptimaeID, 0),
		Input: ev.Input, Wanted: ev.Wanted})
}

// inferred completes the task and reports the served inference to the chain, which counts a domain's demand.
func (e *Engine) inferred(ev Inferred) {
	t, ok := e.tasks.Get(ev.TaskID)
	if !ok {
		return
	}
	if ev.Err != nil {
		e.failTask(ev.TaskID, ev.Err.Error())
		return
	}
	e.completeTask(ev.TaskID, ev.Result, nil)
	if e.registered(e.key.PeerID()) && !e.alone {
		e.issue(consensus.TxTask, t.DomainID, consensus.TaskPayload(ev.TaskID, e.tip.Tip))
	}
}

// completeTask marks a task of this node done.
func (e *Engine) completeTask(id string, result *canon.Object, verified *float64) {
	if _, err := e.tasks.CompleteRemote(id, e.key.PeerID(), verified, result, e.now); err != nil && !errors.Is(err, task.ErrState) {
		e.notice(true, "task not completed", "task", short(id), "err", err)
	}
}

// failTask closes a task without a result; one that is finished already stays as it is.
func (e *Engine) failTask(id, reason string) {
	if _, err := e.tasks.Fail(id, reason, e.now); err != nil && !errors.Is(err, task.ErrState) {
		e.notice(true, "task not closed", "task", short(id), "err", err)
	}
}

func transactionPayload(tx *chain.Tx) *canon.Object {
	return canon.NewObject("transaction", tx.Object())
}
