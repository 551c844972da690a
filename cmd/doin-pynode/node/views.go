package node

import (
	"context"
	"fmt"
	"math"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/chain/python/engine"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

var (
	_ api.Tasks     = taskView{}
	_ api.Inference = inferenceView{}
	_ api.Node      = statusView{}
)

// taskView is the work queue as the API shows it; whoever has claimed a task ends it.
type taskView struct{ stack.Tasks }

func (v taskView) Complete(ctx context.Context, c api.Completion) (bool, error) {
	r, err := v.Do(ctx, protocol.CompleteTask{TaskID: c.TaskID, EvaluatorID: c.EvaluatorID, Verified: c.VerifiedPerformance, Result: c.Result})
	return r.Block, err
}

// Vote is of strict networks.
func (v taskView) Vote(context.Context, string, *chain.Vote) (bool, error) {
	return false, fmt.Errorf("%w: signed votes belong to the strict profile", api.ErrForbidden)
}

// inferenceView queues inferences for evaluators from outside, as the reference does: the answer is "queued", at once.
type inferenceView struct{ tasks stack.Tasks }

func (v inferenceView) Infer(ctx context.Context, q api.InferenceRequest) (string, func(context.Context) (*api.Forecast, error), error) {
	r, err := v.tasks.Do(ctx, protocol.Infer{Domain: q.Domain, ClientID: q.Client, Input: q.Input})
	if err != nil {
		return "", nil, err
	}
	return r.Task.ID, nil, nil // no message brings the result back
}

// statusView fills GET /status and /fees.
type statusView struct{ n *Node }

func (v statusView) Fees(context.Context) (*api.Fees, error) {
	if !v.n.cfg.Fees.Enabled {
		return nil, nil
	}
	o := v.n.loop.View().Fees
	number := func(o *canon.Object, key string) float64 {
		f, err := o.FloatOr(key, 0)
		if err != nil {
			return 0 // not reached: the object is our own
		}
		return f
	}
	suggested, err := o.ObjectOr("suggested_fees", nil)
	if err != nil {
		return nil, err
	}
	return &api.Fees{BaseFee: number(o, "base_fee"), MempoolLimit: python.MempoolLimit, TotalBurned: number(o, "total_burned"),
		StakedOptimae: int(number(o, "staked_optimae")), TotalStaked: number(o, "total_staked"), SuggestedTip: number(suggested, "tip"),
		SuggestedTotal: number(suggested, "total"), SuggestedStake: number(suggested, "optimae_stake")}, nil
}

// likeTheirs adds what the reference's answer has beside that of every node.
func (n *Node) likeTheirs(st *api.Status, view *engine.View) {
	if st.NetworkProtocol == config.Gossipsub {
		st.Extra.Set("gossip", n.published.gossip(st.Peers))
	}
	if st.Discovery != nil {
		st.Discovery.BySource["lan"] = 0 // this node does not scan its network
	}
	if st.Storage != nil {
		size, err := st.Storage.IntOr("db_size_bytes", 0)
		if err != nil {
			return // not reached: the object is our own
		}
		st.Storage.Set("total_transactions", view.Transactions).Set("state_snapshots", int64(0)).
			Set("db_size_mb", math.Round(float64(size)/(1<<20)*100)/100)
	}
}

// alone is what GET /status says of blocks that nobody else has: nil, or the remedy.
func alone(v *engine.View) any {
	if !v.Alone {
		return nil
	}
	return fmt.Sprintf("no other node has the last %d blocks: %s", v.Height-v.Shared, engine.AloneRemedy)
}

func (v statusView) Status(ctx context.Context) (*api.Status, error) {
	n, view := v.n, v.n.loop.View()
	fees, err := v.Fees(ctx)
	if err != nil {
		return nil, err
	}
	st := n.stack.Status(ctx, func(dc *config.Domain, line *api.DomainStatus, o *canon.Object) {
		d := view.Domains[dc.ID]
		line.Best = d.Best
		o.Set("accepted", d.Accepted).Set("rejected", d.Rejected).Set("champion_by", d.Optimizer)
		if d.Best != nil {
			o.Set("verified_best", *d.Best)
		}
	}, canon.NewObject("warning", warning, "component_versions", n.versions, "other_versions", n.others.list(), "pending_transactions", int64(view.Pending),
		"pending_sum", view.PendingSum, "reputation", view.Reputation, "shared_height", view.Shared, "alone", alone(view)))
	st.NetworkProtocol = n.protocol()
	n.likeTheirs(st, view)
	st.Security.ReputationPeers = view.ReputationPeers
	st.Coin = api.CoinStatus{TotalSupply: view.Supply, MyBalance: view.Balance}
	for _, h := range view.Top {
		st.Coin.TopHolders = append(st.Coin.TopHolders, api.Holder{PeerID: h.PeerID, Balance: h.Balance})
	}
	d := &view.Difficulty
	st.Difficulty = api.DifficultyStatus{Threshold: d.Threshold, TargetBlockTime: d.Target, EMABlockTime: d.EMA, BlocksInEpoch: d.InEpoch,
		EpochLength: d.EpochLength, TotalAdjustments: d.Adjustments, Deviation: d.Deviation()}
	if raw, ok := n.cfg.Raw.Get("target_block_time"); ok {
		st.Difficulty.TargetBlockTime = raw // as it was written
	}
	st.FeeMarket = fees
	return st, nil
}
