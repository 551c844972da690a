package engine

import (
	"doin.network/node/chain/python"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
)

// View is a picture of the engine; nothing in it changes.
type View struct {
	// Height is the tip's index, Tip its hash, FinalizedHeight the highest final index, −1 before.
	Height          int64
	Tip             string
	FinalizedHeight int64
	// Shared is the highest index that another node has, as far as this one knows; Alone that there are more blocks above it
	// than finality is deep.
	Shared  int64
	Alone   bool
	Domains map[string]DomainView
	// Transactions is how many the chain has.
	Transactions int64
	// Pending is the number of waiting transactions, PendingSum their weighted increment.
	Pending    int
	PendingSum float64
	// Commits and Quorums are the open ones.
	Commits, Quorums int
	Tasks            task.Counts
	// Done are the tasks that were completed last, the latest first.
	Done       []task.Task
	Difficulty python.Difficulty
	// Fees is the body of the fee page.
	Fees *canon.Object
	// ReputationPeers is the number of peers with a record, Reputation the node's own.
	ReputationPeers int
	Reputation      float64
	// Supply, Balance and Top are what this node's own blocks have paid since it started.
	Supply, Balance float64
	Top             []python.Holder
}

// DomainView is a domain in a View. Values are as on the wire.
type DomainView struct {
	// Best is the best that this node measured, nil if none; Parameters, Metrics and Optimizer are its.
	Best       *float64
	Parameters *canon.Object
	Metrics    *canon.Object
	Optimizer  string
	// Measured is the better of Best and of this node's own results, accepted or not; nil if there is none. A target is
	// reached by it.
	Measured *float64
	// Accepted and Rejected count this node's own verdicts.
	Accepted, Rejected int64
}

// maxDone is how many completed tasks a View has.
const maxDone = 50

// View returns the picture of now.
func (e *Engine) View() *View {
	v := &View{Height: e.links.height(), Tip: e.links.tip.Hash, FinalizedHeight: e.finality.Height(), Shared: e.shared.height, Alone: e.alone(),
		Transactions: int64(len(e.links.ids)), Domains: map[string]DomainView{},
		Pending: e.pending.size, PendingSum: e.pending.proof.WeightedSum(), Commits: e.commits.Pending(), Quorums: e.quorums.Pending(),
		Tasks: e.tasks.Counts(), Done: e.tasks.Completed(maxDone), Difficulty: *e.difficulty, Fees: e.fees.Stats(), ReputationPeers: e.reputation.Len(),
		Supply: e.accounts.Minted(), Balance: e.accounts.Balance(e.key.PeerID()), Top: e.accounts.Top(5)}
	if r, ok := e.reputation.Get(e.key.PeerID()); ok {
		v.Reputation = r.Score
	}
	for id, d := range e.domains {
		dv := DomainView{Accepted: d.accepted, Rejected: d.rejected, Measured: d.measured()}
		if d.best != nil {
			p := d.best.performance
			dv.Best, dv.Parameters, dv.Metrics, dv.Optimizer = &p, d.best.parameters, d.best.metrics, d.best.optimizer
		}
		v.Domains[id] = dv
	}
	return v
}

// HashAt returns the hash of the block at a height, false above the tip.
func (e *Engine) HashAt(height int64) (string, bool) {
	h := e.links.at(height)
	return h, h != ""
}

// Tasks returns the pending tasks of the domains (all if none is named), at most limit.
func (e *Engine) Tasks(domains []string, limit int) []task.Task {
	return e.tasks.Pending(domains, limit)
}

// Task returns one task.
func (e *Engine) Task(id string) (task.Task, bool) { return e.tasks.Get(id) }
