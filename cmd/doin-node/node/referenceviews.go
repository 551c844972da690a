package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/chain"
	"doin.network/node/chain/python"
	pyengine "doin.network/node/chain/python/engine"
	"doin.network/node/chain/store"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/chainsync"
)

var (
	_ chainsync.Chain = refChainView{}
	_ api.Chain       = refBlockView{}
	_ api.Tasks       = refTaskView{}
	_ api.Inference   = refInferenceView{}
	_ api.Node        = refStatusView{}
)

// refChainView is the chain as chainsync sees it.
type refChainView struct{ r *Reference }

func (v refChainView) Height() int64          { return v.r.chain.view.Load().Height }
func (v refChainView) Tip() string            { return v.r.chain.view.Load().Tip }
func (v refChainView) FinalizedHeight() int64 { return v.r.chain.view.Load().FinalizedHeight }
func (v refChainView) HashAt(height int64) (string, bool) {
	return history{v.r.store}.Hash(height)
}

// Submit hands a branch to the engine.
func (v refChainView) Submit(ctx context.Context, from string, blocks []*chain.Block) error {
	out, err := v.r.chain.call(ctx, pyengine.Blocks{From: from, Blocks: blocks})
	if err != nil {
		return err
	}
	for _, f := range out {
		r, ok := f.(pyengine.BlocksResult)
		switch {
		case !ok:
		case errors.Is(r.Err, pyengine.ErrBlock):
			return fmt.Errorf("%w: %w", chainsync.ErrInvalid, r.Err)
		case errors.Is(r.Err, pyengine.ErrNotBetter):
			return fmt.Errorf("%w: %w", chainsync.ErrNotBetter, r.Err)
		default:
			return r.Err
		}
	}
	return nil
}

// refBlockView is the chain as the API shows it.
type refBlockView struct{ r *Reference }

func (v refBlockView) Status(context.Context) (api.ChainStatus, error) {
	s := v.r.chain.view.Load()
	return api.ChainStatus{Height: s.Height + 1, TipHash: s.Tip, TipIndex: s.Height, FinalizedHeight: s.FinalizedHeight}, nil
}

func (v refBlockView) Block(_ context.Context, index int64) (*chain.Block, error) {
	b, err := v.r.store.Block(index)
	if errors.Is(err, store.ErrNotFound) {
		return nil, api.ErrNotFound
	}
	return b, err
}

func (v refBlockView) Blocks(_ context.Context, from, to int64) ([]*chain.Block, error) {
	return v.r.store.Blocks(from, to)
}

// refTaskView is the work queue as the API shows it.
type refTaskView struct{ r *Reference }

func (v refTaskView) Pending(ctx context.Context, domains []string, limit int) (out []*canon.Object, total int, err error) {
	err = v.r.chain.ask(ctx, func(e *pyengine.Engine) {
		tasks, n := e.Pending(domains, limit)
		total = n
		for i := range tasks {
			out = append(out, tasks[i].Object())
		}
	})
	return out, total, err
}

func (v refTaskView) Task(ctx context.Context, id string) (*canon.Object, error) {
	var t task.Task
	var known bool
	if err := v.r.chain.ask(ctx, func(e *pyengine.Engine) { t, known = e.Task(id) }); err != nil {
		return nil, err
	}
	if !known {
		return nil, api.ErrNotFound
	}
	return t.Object(), nil
}

func (v refTaskView) Claim(ctx context.Context, id, evaluator string) (*canon.Object, error) {
	r, err := v.r.chain.task(ctx, pyengine.ClaimTask{TaskID: id, EvaluatorID: evaluator})
	if err != nil {
		return nil, refTaskError(err)
	}
	return r.Task.Object(), nil
}

func (v refTaskView) Complete(ctx context.Context, c api.Completion) (bool, error) {
	r, err := v.r.chain.task(ctx, pyengine.CompleteTask{TaskID: c.TaskID, EvaluatorID: c.EvaluatorID, Verified: c.VerifiedPerformance, Result: c.Result})
	return r.Block, refTaskError(err)
}

// Vote is of the strict profile.
func (v refTaskView) Vote(context.Context, string, *chain.Vote) (bool, error) {
	return false, fmt.Errorf("%w: signed votes belong to the strict profile", api.ErrForbidden)
}

func refTaskError(err error) error {
	switch {
	case errors.Is(err, task.ErrUnknown), errors.Is(err, task.ErrState):
		return api.ErrConflict
	case errors.Is(err, task.ErrInvalid):
		return fmt.Errorf("%w: %v", api.ErrInvalid, err)
	case errors.Is(err, task.ErrFull):
		return api.ErrBusy
	case errors.Is(err, pyengine.ErrUnknownDomain):
		return api.ErrUnknownDomain
	}
	return err
}

// refInferenceView queues inferences for evaluators from outside, as the reference does: the answer is "queued".
type refInferenceView struct{ r *Reference }

func (v refInferenceView) Infer(ctx context.Context, q api.InferenceRequest) (string, func(context.Context) (*canon.Object, error), error) {
	r, err := v.r.chain.task(ctx, pyengine.Infer{Domain: q.Domain, ClientID: q.Client, Input: q.Input})
	if err != nil {
		return "", nil, refTaskError(err)
	}
	return r.Task.ID, func(ctx context.Context) (*canon.Object, error) {
		<-ctx.Done() // no message brings the result back
		return nil, ctx.Err()
	}, nil
}

// refStatusView fills GET /status and /fees.
type refStatusView struct{ r *Reference }

func (v refStatusView) Fees(context.Context) (*api.Fees, error) {
	if !v.r.cfg.Fees.Enabled {
		return nil, nil
	}
	o := v.r.chain.view.Load().Fees
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

func (v refStatusView) Status(ctx context.Context) (*api.Status, error) {
	r, view := v.r, v.r.chain.view.Load()
	fees, err := v.Fees(ctx)
	if err != nil {
		return nil, err
	}
	d := &view.Difficulty
	st := &api.Status{
		PeerID: r.key.PeerID(), Port: r.port, ChainHeight: view.Height + 1, StorageBackend: "badger", NetworkProtocol: r.protocol(),
		Peers: r.peerCount(),
		Queue: api.QueueStatus{Pending: view.Tasks.Pending, Claimed: view.Tasks.Claimed, Completed: view.Tasks.Completed},
		Security: api.SecurityStatus{FinalizedHeight: view.FinalizedHeight, ReputationPeers: view.ReputationPeers,
			PendingCommitments: view.Commits, PendingQuorums: view.Quorums},
		Coin: api.CoinStatus{TotalSupply: view.Supply, MyBalance: view.Balance},
		Difficulty: api.DifficultyStatus{Threshold: d.Threshold, TargetBlockTime: d.Target, EMABlockTime: d.EMA, BlocksInEpoch: d.InEpoch,
			EpochLength: d.EpochLength, TotalAdjustments: d.Adjustments, Deviation: d.Deviation()},
		FeeMarket: fees,
	}
	if raw, ok := r.cfg.Raw.Get("target_block_time"); ok {
		st.Difficulty.TargetBlockTime = raw // as it was written
	}
	for _, h := range view.Top {
		st.Coin.TopHolders = append(st.Coin.TopHolders, api.Holder{PeerID: h.PeerID, Balance: h.Balance})
	}
	if size, err := r.store.Size(); err == nil {
		st.Storage = canon.NewObject("height", view.Height+1, "tip_hash", view.Tip, "known_peers", int64(r.peers.Stats().Known), "db_size_bytes", size)
	}
	if r.cfg.Network.Discovery {
		ds := r.peers.Stats()
		by := map[string]int{}
		for source, count := range ds.BySource {
			by[string(source)] = count
		}
		st.Discovery = &api.DiscoveryStatus{Known: ds.Known, Connected: ds.Connected, Bootstrap: len(r.cfg.Network.Bootstrap), BySource: by}
	}
	progress := canon.NewObject()
	for _, dc := range r.cfg.Domains {
		dv := view.Domains[dc.ID]
		ds := api.DomainStatus{ID: dc.ID, Optimize: dc.Optimize, Evaluate: dc.Evaluate, Synthetic: dc.HasSynthetic, Target: dc.Target, Best: dv.Best}
		p := canon.NewObject("rounds", int64(0), "evaluations", int64(0), "search_best", nil, "verified_best", orNil(dv.Best),
			"accepted", dv.Accepted, "rejected", dv.Rejected, "champion_by", dv.Optimizer)
		r.mu.Lock()
		if s := r.refs[dc.ID]; s != nil {
			ds.Converged = s.stats.Converged
			p.Set("rounds", s.stats.Rounds).Set("evaluations", s.stats.Evaluations).Set("search_best", orNil(s.stats.Best))
		}
		r.mu.Unlock()
		if dc.Optimize {
			st.OptimizerDomains = append(st.OptimizerDomains, dc.ID)
		}
		if dc.Evaluate {
			st.EvaluatorDomains = append(st.EvaluatorDomains, dc.ID)
		}
		st.Domains = append(st.Domains, ds)
		progress.Set(dc.ID, p)
	}
	st.Extra = canon.NewObject("version", Version, "node_id", r.key.PeerID(), "network_id", pyengine.Network,
		"security_profile", string(r.cfg.Security), "warning", warnReference, "component_versions", r.versions,
		"pending_transactions", int64(view.Pending), "pending_sum", view.PendingSum, "progress", progress,
		"worker", r.worker.telemetry(ctx), "reputation", view.Reputation)
	return st, nil
}

func orNil(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}

// newReferenceMetrics are the counters of the reference profile.
func newReferenceMetrics(r *Reference) *metrics {
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		blocks:    prometheus.NewCounter(prometheus.CounterOpts{Name: "doin_blocks_adopted_total", Help: "Blocks that became part of this node's chain."}),
		penalties: prometheus.NewCounter(prometheus.CounterOpts{Name: "doin_protocol_violations_total", Help: "Messages no honest node sends."}),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m.registry.MustRegister(m.blocks, m.penalties,
		gauge("doin_chain_height", "Index of the tip.", func() float64 { return float64(r.chain.view.Load().Height) }),
		gauge("doin_finalized_height", "Highest final index, -1 before the first.", func() float64 { return float64(r.chain.view.Load().FinalizedHeight) }),
		gauge("doin_pending_transactions", "Transactions waiting for a block.", func() float64 { return float64(r.chain.view.Load().Pending) }),
		gauge("doin_peers_connected", "Peers that answer; in this profile they need not prove their key.", func() float64 { return float64(r.peerCount()) }),
		&refusals{r.Node},
	)
	return m
}
