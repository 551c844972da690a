package engine

import (
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
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
	Alone    bool // no other evaluator is eligible
	// Champions is what answers inferences, by domain; absent where nothing does. Verified tells the chain's champion from
	// this node's own best.
	Champions map[string]*protocol.Champion
}

// View returns the picture after the last Step: the same pointer as before if nothing in it has changed. It costs next to
// nothing.
func (e *Engine) View() *View {
	v := View{State: e.tip, Pending: e.pool.Len(), PoolSize: e.pool.Bytes(), Commits: e.hidden, Quorums: e.open,
		Tasks: e.tasks.Counts(), Alone: e.alone}
	if was := e.view; was != nil {
		v.Champions = was.Champions
		if e.sameChampions(was) && v.same(was) {
			return was
		}
	}
	v.Champions = make(map[string]*protocol.Champion, len(e.cfg.Domains))
	for domain := range e.cfg.Domains {
		if c := e.champion(domain); c != nil {
			v.Champions[domain] = c
		}
	}
	e.view = &v
	return e.view
}

func (v *View) same(o *View) bool {
	return v.State == o.State && v.Pending == o.Pending && v.PoolSize == o.PoolSize && v.Commits == o.Commits &&
		v.Quorums == o.Quorums && v.Tasks == o.Tasks && v.Alone == o.Alone
}

func (e *Engine) sameChampions(v *View) bool {
	for domain := range e.cfg.Domains {
		if v.Champions[domain] != e.champion(domain) {
			return false
		}
	}
	return true
}

// Tasks returns the pending tasks of the domains (all if none is named), at most limit.
func (e *Engine) Tasks(domains []string, limit int) []task.Task {
	return e.tasks.Pending(domains, limit)
}

// Task returns one task.
func (e *Engine) Task(id string) (task.Task, bool) { return e.tasks.Get(id) }
