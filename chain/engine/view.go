package engine

import (
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/task"
)

// View is an immutable picture of an engine for readers outside its loop.
type View struct {
	State    *consensus.State
	Pending  int   // transactions waiting
	PoolSize int64 // bytes
	Commits  int   // open commitments
	Quorums  int   // claims whose votes are awaited
	Tasks    task.Counts
	Alone    bool
}

// View returns the picture after the last Step.
func (e *Engine) View() *View {
	v := &View{State: e.tip, Pending: e.pool.Len(), PoolSize: e.pool.Bytes(), Tasks: e.tasks.Counts(), Alone: e.alone}
	for _, c := range e.commits {
		if !c.revealed {
			v.Commits++
		}
	}
	for _, c := range e.claims {
		if !c.accepted && !c.rejected {
			v.Quorums++
		}
	}
	return v
}

// Tasks returns the pending tasks of the domains (all if none is named), at most limit.
func (e *Engine) Tasks(domains []string, limit int) []task.Task {
	return e.tasks.Pending(domains, limit)
}

// Task returns one task.
func (e *Engine) Task(id string) (task.Task, bool) { return e.tasks.Get(id) }
