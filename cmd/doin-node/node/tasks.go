package node

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/net/api"
)

var _ api.Tasks = taskView{}

// taskView is the work queue as the API shows it; tasks are ended by signed votes.
type taskView struct {
	stack.Tasks
	n *Node
}

// Complete is of networks of Python nodes, which this program does not join.
func (v taskView) Complete(context.Context, api.Completion) (bool, error) {
	return false, fmt.Errorf("%w: a strict network takes signed votes only", api.ErrForbidden)
}

// Vote implements api.Tasks.
func (v taskView) Vote(ctx context.Context, taskID string, vote *chain.Vote) (bool, error) {
	t, err := v.Get(ctx, taskID)
	if errors.Is(err, api.ErrNotFound) || err == nil && t.OptimaeID != vote.OptimaeID {
		return false, fmt.Errorf("%w: no such task for this optimae", api.ErrConflict)
	}
	if err != nil {
		return false, err
	}
	before := v.n.head().Height
	out, err := v.n.loop.Call(ctx, protocol.Vote{Vote: vote})
	for _, f := range out {
		if r, ok := f.(protocol.SubmitResult); ok {
			err = r.Err
		}
	}
	switch {
	case errors.Is(err, protocol.ErrLate):
		return false, fmt.Errorf("%w: %v", api.ErrConflict, err)
	case errors.Is(err, protocol.ErrVote):
		return false, fmt.Errorf("%w: %v", api.ErrForbidden, err)
	}
	return err == nil && v.n.head().Height > before, err
}
