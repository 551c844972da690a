package engine

import (
	"errors"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// maxAsked is how many forecasts this node makes for strangers in a minute, maxTasks how many reports of forecasts wait in the
// pool, of all and of one author: a block takes consensus.MaxBlockTasks.
const (
	maxAsked   = 12
	maxTasks   = 32
	maxTasksOf = consensus.MaxBlockTasks
)

// infer queues a forecast by the domain's champion, verified or this node's own, and asks for it at once. Strangers have a
// quota.
func (e *Engine) infer(ev protocol.Infer) {
	if e.tip.Domains[ev.Domain] == nil {
		e.emit(protocol.SubmitResult{Err: protocol.ErrUnknownDomain})
		return
	}
	champion := e.champion(ev.Domain)
	if champion == nil {
		e.emit(protocol.SubmitResult{Err: protocol.ErrNoChampion})
		return
	}
	if e.asked = since(e.asked, e.now-60*Second); !ev.Free && len(e.asked) >= maxAsked {
		e.emit(protocol.SubmitResult{Err: protocol.ErrQuota})
		return
	}
	t := &task.Task{Type: task.Inference, DomainID: ev.Domain, RequesterID: ev.ClientID, Parameters: ev.Input,
		Status: task.Pending, CreatedAt: timestamp.FromMicro(e.now), Priority: task.PriorityInference}
	t.ID = t.ComputeID()
	if err := e.tasks.Add(t); err != nil {
		e.emit(protocol.SubmitResult{Err: err})
		return
	}
	if _, err := e.tasks.Claim(t.ID, e.key.PeerID(), e.now); err != nil {
		e.emit(protocol.SubmitResult{Err: err})
		return
	}
	if !ev.Free {
		e.asked = append(e.asked, e.now)
		e.asking[t.ID] = true
	}
	e.emit(protocol.Inference{TaskID: t.ID, Domain: ev.Domain, OptimaeID: champion.OptimaeID, Recipe: champion.Recipe,
		Input: ev.Input, Wanted: ev.Wanted, Verified: champion.Verified, Solo: champion.Solo})
}

// inferred completes the task and reports an inference that was served to a stranger to the chain, which counts a domain's
// demand.
func (e *Engine) inferred(ev protocol.Inferred) {
	strange := e.asking[ev.TaskID]
	delete(e.asking, ev.TaskID)
	t, ok := e.tasks.Get(ev.TaskID)
	if !ok {
		return
	}
	if ev.Err != nil {
		e.failTask(ev.TaskID, ev.Err.Error())
		return
	}
	e.completeTask(ev.TaskID, ev.Result, nil)
	if strange && e.registered(e.key.PeerID()) && (!e.alone || e.rules.Solo) {
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

// since drops the times up to a moment.
func since(times []int64, moment int64) []int64 {
	i := 0
	for i < len(times) && times[i] <= moment {
		i++
	}
	return times[i:]
}

func transactionPayload(tx *chain.Tx) *canon.Object {
	return canon.NewObject("transaction", tx.Object())
}
