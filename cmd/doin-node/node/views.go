package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/store"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/chainsync"
)

// The views are the node as net/api and net/chainsync see it: small types, one per interface.
var (
	_ chainsync.Chain = chainView{}
	_ api.Chain       = blockView{}
	_ api.Tasks       = taskView{}
	_ api.Inference   = inferenceView{}
	_ api.Stats       = statsView{}
)

// chainView is the chain as chainsync sees it.
type chainView struct{ n *Node }

func (v chainView) state() *consensus.State            { return v.n.loop.view.Load().State }
func (v chainView) Height() int64                      { return v.state().Height }
func (v chainView) Tip() string                        { return v.state().Tip }
func (v chainView) FinalizedHeight() int64             { return v.state().FinalizedHeight }
func (v chainView) HashAt(height int64) (string, bool) { return history{v.n.store}.Hash(height) }

// Submit hands a branch to the engine.
func (v chainView) Submit(ctx context.Context, from string, blocks []*chain.Block) error {
	out, err := v.n.loop.call(ctx, engine.Blocks{From: from, Blocks: blocks})
	if err != nil {
		return err
	}
	for _, f := range out {
		r, ok := f.(engine.BlocksResult)
		switch {
		case !ok:
		case errors.Is(r.Err, consensus.ErrBlock):
			return fmt.Errorf("%w: %w", chainsync.ErrInvalid, r.Err)
		case r.Err != nil:
			return r.Err
		case !r.Adopted && v.Tip() != blocks[len(blocks)-1].Hash:
			return chainsync.ErrNotBetter
		}
	}
	return nil
}

// blockView is the chain as the API shows it.
type blockView struct{ n *Node }

func (v blockView) Status(context.Context) (api.ChainStatus, error) {
	s := v.n.loop.view.Load().State
	return api.ChainStatus{Height: s.Height + 1, TipHash: s.Tip, TipIndex: s.Height, FinalizedHeight: s.FinalizedHeight}, nil
}

func (v blockView) Block(_ context.Context, index int64) (*chain.Block, error) {
	b, err := v.n.store.Block(index)
	if errors.Is(err, store.ErrNotFound) {
		return nil, api.ErrNotFound
	}
	return b, err
}

func (v blockView) Blocks(_ context.Context, from, to int64) ([]*chain.Block, error) {
	return v.n.store.Blocks(from, to)
}

// taskView is the work queue as the API shows it.
type taskView struct{ n *Node }

func (v taskView) Pending(ctx context.Context, domains []string, limit int) ([]*canon.Object, int, error) {
	tasks, total, err := v.n.loop.pending(ctx, domains, limit)
	out := make([]*canon.Object, len(tasks))
	for i := range tasks {
		out[i] = tasks[i].Object()
	}
	return out, total, err
}

func (v taskView) Task(ctx context.Context, id string) (*canon.Object, error) {
	t, ok, err := v.n.loop.task(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, api.ErrNotFound
	}
	return t.Object(), nil
}

func (v taskView) Claim(ctx context.Context, id, evaluator string) (*canon.Object, error) {
	err := v.n.loop.submit(ctx, engine.ClaimTask{TaskID: id, EvaluatorID: evaluator})
	if errors.Is(err, task.ErrUnknown) || errors.Is(err, task.ErrState) {
		return nil, api.ErrConflict
	}
	if err != nil {
		return nil, err
	}
	return v.Task(ctx, id)
}

// Complete is of the reference profile, which this node does not run.
func (v taskView) Complete(context.Context, api.Completion) (bool, error) {
	return false, fmt.Errorf("%w: the strict profile takes signed votes only", api.ErrForbidden)
}

func (v taskView) Vote(ctx context.Context, taskID string, vote *chain.Vote) (bool, error) {
	t, ok, err := v.n.loop.task(ctx, taskID)
	switch {
	case err != nil:
		return false, err
	case !ok || t.OptimaeID != vote.OptimaeID:
		return false, fmt.Errorf("%w: no such task for this optimae", api.ErrConflict)
	}
	before := v.n.loop.view.Load().State.Height
	if err := v.n.loop.submit(ctx, engine.Vote{Vote: vote}); err != nil {
		switch {
		case errors.Is(err, engine.ErrLate):
			return false, fmt.Errorf("%w: %v", api.ErrConflict, err)
		case errors.Is(err, engine.ErrVote):
			return false, fmt.Errorf("%w: %v", api.ErrForbidden, err)
		}
		return false, err
	}
	return v.n.loop.view.Load().State.Height > before, nil
}

// inferenceView answers with the champion of a domain.
type inferenceView struct{ n *Node }

func (v inferenceView) Infer(ctx context.Context, r api.InferenceRequest) (string, func(context.Context) (*canon.Object, error), error) {
	n := v.n
	answer := make(chan inferenceAnswer, 1)
	n.mu.Lock()
	if len(n.waiting) >= maxWaiting {
		n.mu.Unlock()
		return "", nil, api.ErrBusy
	}
	n.handles++
	handle := strconv.FormatInt(n.handles, 10) // never used twice: an answer may come after its client has gone
	n.waiting[handle] = answer
	n.mu.Unlock()
	forget := func() {
		n.mu.Lock()
		delete(n.waiting, handle)
		n.mu.Unlock()
	}
	out, err := n.loop.call(ctx, engine.Infer{Domain: r.Domain, Input: r.Input, ClientID: r.Client, Wanted: handle})
	if err != nil {
		forget()
		return "", nil, err
	}
	for _, f := range out {
		switch f := f.(type) {
		case engine.Inference:
			return f.TaskID, func(ctx context.Context) (*canon.Object, error) {
				select {
				case a := <-answer:
					return a.result, inferenceError(a.err)
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}, nil
		case engine.SubmitResult:
			forget()
			return "", nil, inferenceError(f.Err)
		}
	}
	forget()
	return "", nil, errors.New("inference was not answered")
}

// maxWaiting bounds the clients that wait for forecasts.
const maxWaiting = 1000

func inferenceError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engine.ErrUnknownDomain):
		return api.ErrUnknownDomain
	case errors.Is(err, engine.ErrNoChampion), errors.Is(err, task.ErrFull), errors.Is(err, task.ErrDuplicate):
		return fmt.Errorf("%w: %v", api.ErrBusy, err)
	case errors.Is(verdict(err), engine.ErrInvalid), errors.Is(err, task.ErrInvalid):
		return fmt.Errorf("%w: %v", api.ErrInvalid, err)
	}
	return err
}

// statsView reads what was recorded.
type statsView struct{ n *Node }

func (v statsView) Summaries(context.Context) (*canon.Object, error) {
	return v.n.tracker.Statuses(v.n.now()), nil
}

func (v statsView) ExperimentSummaries(ctx context.Context) ([]*canon.Object, error) {
	return v.n.db.Summaries(ctx, "")
}

func (v statsView) Experiments(ctx context.Context) ([]*canon.Object, error) {
	return v.n.db.Experiments(ctx)
}

func (v statsView) Rounds(ctx context.Context, experiment string, limit int) ([]*canon.Object, error) {
	return v.n.db.Rounds(ctx, experiment, limit)
}

func (v statsView) ChainMetrics(ctx context.Context, domain string) ([]*canon.Object, error) {
	return v.n.db.ChainMetrics(ctx, domain)
}

func (v statsView) Export(ctx context.Context) (string, func(), error) {
	return v.n.db.Export(ctx, v.n.path("export"))
}

// peerCount is the number of connected peers.
func (n *Node) peerCount() int { return len(n.peers.Connected()) }

// topHolders returns the five richest, ties by id.
func topHolders(s *consensus.State) []api.Holder {
	ids := s.Ledger.Peers()
	slices.SortStableFunc(ids, func(a, b string) int {
		switch x, y := s.Ledger.Balance(a), s.Ledger.Balance(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	var out []api.Holder
	for _, id := range ids[:min(5, len(ids))] {
		out = append(out, api.Holder{PeerID: id, Balance: doin(s.Ledger.Balance(id))})
	}
	return out
}
