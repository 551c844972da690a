package stack

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/store"
	"doin.network/node/chain/task"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/chainsync"
	"doin.network/node/olap/export"
)

// The views are the node as net/api and net/chainsync see it: small types, one per interface.
var (
	_ chainsync.Chain = chainView{}
	_ api.Chain       = blockView{}
	_ api.Stats       = statsView{}
)

// chainView is the chain as chainsync sees it.
type chainView struct{ s *Stack }

func (v chainView) Height() int64          { return v.s.Head().Height }
func (v chainView) Tip() string            { return v.s.Head().Tip }
func (v chainView) FinalizedHeight() int64 { return v.s.Head().Finalized }

func (v chainView) HashAt(height int64) (string, bool) {
	hash, err := v.s.profile.Store.Hash(height)
	return hash, err == nil
}

// Submit hands a branch to the machine.
func (v chainView) Submit(ctx context.Context, from string, blocks []*chain.Block) error {
	out, err := v.s.profile.Loop.Call(ctx, protocol.Blocks{From: from, Blocks: blocks})
	if err != nil {
		return err
	}
	for _, f := range out {
		r, ok := f.(protocol.BlocksResult)
		switch {
		case !ok:
		case errors.Is(r.Err, protocol.ErrBlock):
			return fmt.Errorf("%w: %w", chainsync.ErrInvalid, r.Err)
		case errors.Is(r.Err, protocol.ErrNotBetter):
			return fmt.Errorf("%w: %w", chainsync.ErrNotBetter, r.Err)
		case r.Err != nil:
			return r.Err
		case !r.Adopted && v.Tip() != blocks[len(blocks)-1].Hash:
			return chainsync.ErrNotBetter
		}
	}
	return nil
}

// blockView is the chain as the API shows it.
type blockView struct{ s *Stack }

func (v blockView) Status(context.Context) (api.ChainStatus, error) {
	h := v.s.Head()
	return api.ChainStatus{Height: h.Height + 1, TipHash: h.Tip, TipIndex: h.Height, FinalizedHeight: h.Finalized}, nil
}

func (v blockView) Block(_ context.Context, index int64) (*chain.Block, error) {
	b, err := v.s.profile.Store.Block(index)
	if errors.Is(err, store.ErrNotFound) {
		return nil, api.ErrNotFound
	}
	return b, err
}

func (v blockView) Blocks(_ context.Context, from, to int64) ([]*chain.Block, error) {
	return v.s.profile.Store.Blocks(from, to)
}

// Tasks is the work queue as the API shows it, without the end of a task: that is the network's.
type Tasks struct{ S *Stack }

// Pending implements api.Tasks.
func (v Tasks) Pending(ctx context.Context, domains []string, limit int) (out []*canon.Object, total int, err error) {
	err = v.S.profile.Loop.Ask(ctx, func(t loop.Tasks) {
		for _, one := range t.Tasks(domains, limit) {
			out = append(out, one.Object())
		}
	})
	return out, v.S.Head().Tasks.Pending, err
}

// Get returns a task, or api.ErrNotFound.
func (v Tasks) Get(ctx context.Context, id string) (t task.Task, err error) {
	known := false
	if err := v.S.profile.Loop.Ask(ctx, func(tasks loop.Tasks) { t, known = tasks.Task(id) }); err != nil {
		return t, err
	}
	if !known {
		return t, api.ErrNotFound
	}
	return t, nil
}

// Task implements api.Tasks.
func (v Tasks) Task(ctx context.Context, id string) (*canon.Object, error) {
	t, err := v.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return t.Object(), nil
}

// Claim implements api.Tasks.
func (v Tasks) Claim(ctx context.Context, id, evaluator string) (*canon.Object, error) {
	r, err := v.Do(ctx, protocol.ClaimTask{TaskID: id, EvaluatorID: evaluator})
	if err != nil {
		return nil, err
	}
	return r.Task.Object(), nil
}

// Do hands the machine an event that is answered by a TaskResult. Its errors are the API's.
func (v Tasks) Do(ctx context.Context, ev protocol.Event) (protocol.TaskResult, error) {
	out, err := v.S.profile.Loop.Call(ctx, ev)
	if err != nil {
		return protocol.TaskResult{}, err
	}
	for _, f := range out {
		if r, ok := f.(protocol.TaskResult); ok {
			return r, taskError(r.Err)
		}
	}
	return protocol.TaskResult{}, fmt.Errorf("%T was not answered", ev)
}

func taskError(err error) error {
	switch {
	case errors.Is(err, task.ErrUnknown), errors.Is(err, task.ErrState):
		return api.ErrConflict
	case errors.Is(err, task.ErrInvalid):
		return fmt.Errorf("%w: %v", api.ErrInvalid, err)
	case errors.Is(err, task.ErrFull):
		return api.ErrBusy
	case errors.Is(err, protocol.ErrUnknownDomain):
		return api.ErrUnknownDomain
	}
	return err
}

// statsView reads what was recorded.
type statsView struct{ s *Stack }

func (v statsView) Summaries(context.Context) (*canon.Object, error) {
	return v.s.Tracker.Statuses(v.s.Now()), nil
}

func (v statsView) ExperimentSummaries(ctx context.Context) ([]*canon.Object, error) {
	return v.s.DB.Summaries(ctx, "")
}

func (v statsView) Experiments(ctx context.Context) ([]*canon.Object, error) {
	return v.s.DB.Experiments(ctx)
}

func (v statsView) Rounds(ctx context.Context, experiment string, limit int) ([]*canon.Object, error) {
	return v.s.DB.Rounds(ctx, experiment, limit)
}

func (v statsView) Claims(ctx context.Context, experiment string, limit int) ([]*canon.Object, error) {
	return v.s.DB.Claims(ctx, experiment, limit)
}

func (v statsView) ChainMetrics(ctx context.Context, domain string) ([]*canon.Object, error) {
	return v.s.DB.ChainMetrics(ctx, domain)
}

// ExportTable implements api.Tables.
func (v statsView) ExportTable(ctx context.Context, table, format string) (string, error) {
	path, err := v.s.Files.Path(ctx, table, format)
	if errors.Is(err, export.ErrTable) || errors.Is(err, export.ErrFormat) {
		return "", fmt.Errorf("%w: %w", api.ErrNotFound, err)
	}
	return path, err
}

func (v statsView) Export(ctx context.Context) (string, func(), error) {
	return v.s.DB.Export(ctx, v.s.Path("export"))
}
