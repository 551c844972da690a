package node

import (
	"context"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

var _ api.Node = statusView{}

// statusView fills GET /status and /fees.
type statusView struct{ n *Node }

// doin shows base units as DOIN.
func doin(units int64) float64 { return float64(units) / ledger.Unit }

func (v statusView) Fees(context.Context) (*api.Fees, error) {
	if !v.n.cfg.Fees.Enabled {
		return nil, nil
	}
	view := v.n.loop.view.Load()
	fee := view.State.BaseFee
	tip := ledger.Tip(fee, "normal")
	return &api.Fees{BaseFee: doin(fee), MempoolSize: view.Pending, MempoolLimit: v.n.cfg.Limits.MaxPending,
		TotalBurned: doin(view.State.Ledger.Burned()), StakedOptimae: view.Quorums, TotalStaked: doin(int64(view.Quorums) * ledger.Stake(fee)),
		SuggestedTip: doin(tip), SuggestedTotal: doin(fee + tip), SuggestedStake: doin(ledger.Stake(fee))}, nil
}

func (v statusView) Status(ctx context.Context) (*api.Status, error) {
	n, view := v.n, v.n.loop.view.Load()
	s, d := view.State, view.State.Difficulty
	fees, err := v.Fees(ctx)
	if err != nil {
		return nil, err
	}
	st := &api.Status{
		PeerID: n.key.PeerID(), Port: n.port, ChainHeight: s.Height + 1, StorageBackend: "badger", NetworkProtocol: config.Flooding,
		Peers: n.peerCount(),
		Queue: api.QueueStatus{Pending: view.Tasks.Pending, Claimed: view.Tasks.Claimed, Completed: view.Tasks.Completed},
		Security: api.SecurityStatus{FinalizedHeight: s.FinalizedHeight, ReputationPeers: len(s.Peers),
			PendingCommitments: view.Commits, PendingQuorums: view.Quorums},
		Coin: api.CoinStatus{TotalSupply: doin(s.Ledger.Supply()), MyBalance: doin(s.Ledger.Balance(n.key.PeerID())), TopHolders: topHolders(s)},
		Difficulty: api.DifficultyStatus{Threshold: chain.MicroToFloat(d.Threshold), TargetBlockTime: seconds(n.rules.TargetBlockTime),
			EMABlockTime: float64(d.EMA) / engine.Second, BlocksInEpoch: d.InEpoch, EpochLength: consensus.EpochLength,
			TotalAdjustments: d.Adjustments, Deviation: float64(d.EMA) / float64(n.rules.TargetBlockTime)},
		FeeMarket: fees,
	}
	if size, err := n.store.Size(); err == nil {
		st.Storage = canon.NewObject("height", s.Height+1, "tip_hash", s.Tip, "known_peers", int64(n.peers.Stats().Known), "db_size_bytes", size)
	}
	if n.cfg.Network.Discovery {
		ds := n.peers.Stats()
		by := map[string]int{}
		for source, count := range ds.BySource {
			by[string(source)] = count
		}
		st.Discovery = &api.DiscoveryStatus{Known: ds.Known, Connected: ds.Connected, Bootstrap: len(n.cfg.Network.Bootstrap), BySource: by}
	}
	progress := canon.NewObject()
	for _, dc := range n.cfg.Domains {
		ds := api.DomainStatus{ID: dc.ID, Optimize: dc.Optimize, Evaluate: dc.Evaluate, Synthetic: dc.HasSynthetic, Target: dc.Target}
		p := n.domainProgress(dc.ID, s)
		if c := s.Domains[dc.ID]; c != nil && c.HasBest {
			ds.Best = &c.Best
		}
		n.mu.Lock()
		if sr := n.searches[dc.ID]; sr != nil {
			ds.Converged = sr.stats.Converged
			if ds.Best == nil && view.Alone {
				ds.Best = sr.stats.Best
			}
		}
		n.mu.Unlock()
		if dc.Optimize {
			st.OptimizerDomains = append(st.OptimizerDomains, dc.ID)
		}
		if dc.Evaluate {
			st.EvaluatorDomains = append(st.EvaluatorDomains, dc.ID)
		}
		st.Domains = append(st.Domains, ds)
		progress.Set(dc.ID, p)
	}
	st.Extra = canon.NewObject("version", Version, "node_id", n.key.PeerID(), "network_id", n.rules.Network,
		"security_profile", string(n.cfg.Security), "alone", view.Alone, "progress", progress,
		"worker", n.worker.telemetry(ctx), "reputation", chain.MicroToFloat(s.Reputation(n.key.PeerID())))
	return st, nil
}

// domainProgress is what a dashboard wants to know of a domain beyond the reference's members.
func (n *Node) domainProgress(id string, s *consensus.State) *canon.Object {
	o := canon.NewObject("rounds", int64(0), "evaluations", int64(0), "search_best", nil, "verified_best", nil,
		"accepted", int64(0), "improved", int64(0), "rejected", int64(0), "baselines", nil, "metrics", nil)
	n.mu.Lock()
	if sr := n.searches[id]; sr != nil {
		o.Set("rounds", sr.stats.Rounds).Set("evaluations", sr.stats.Evaluations).Set("baselines", sr.info.Baselines).Set("metrics", sr.stats.Metrics)
		if sr.stats.Best != nil {
			o.Set("search_best", *sr.stats.Best)
		}
	}
	n.mu.Unlock()
	if d := s.Domains[id]; d != nil {
		o.Set("accepted", d.Accepted).Set("improved", d.Improved).Set("rejected", d.Rejected)
		if d.HasBest {
			o.Set("verified_best", d.Best).Set("champion", canon.NewObject("optimae_id", d.OptimaeID, "optimizer_id", d.OptimizerID,
				"height", d.BestHeight, "digest", d.Digest))
		}
	}
	return o
}

// seconds shows whole seconds as an integer, as they were configured.
func seconds(us int64) any {
	if us%engine.Second == 0 {
		return us / engine.Second
	}
	return float64(us) / engine.Second
}
