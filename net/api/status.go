package api

import (
	"cmp"

	"doin.network/node/internal/canon"
)

// Status fills GET /status. Optional parts are nil where they are switched off.
type Status struct {
	// Health is shown as "status"; "" is healthy.
	Health string
	// PeerID is the whole id; the first 12 characters are shown.
	PeerID string
	Port   int
	// ChainHeight is the number of blocks.
	ChainHeight     int64
	StorageBackend  string
	NetworkProtocol string
	Domains         []DomainStatus
	// Peers is the number of peer records.
	Peers    int
	Queue    QueueStatus
	Security SecurityStatus
	// OptimizerDomains and EvaluatorDomains are domain ids.
	OptimizerDomains, EvaluatorDomains []string
	Coin                               CoinStatus
	Difficulty                         DifficultyStatus
	Discovery                          *DiscoveryStatus
	FeeMarket                          *Fees
	// Storage is shown as it is.
	Storage *canon.Object
	// Extra members are appended, such as the rule set in force.
	Extra *canon.Object
}

// DomainStatus describes one domain. Performances are nil where there is none.
type DomainStatus struct {
	ID                            string
	Optimize, Evaluate, Synthetic bool
	Target, Best                  *float64
	Converged                     bool
}

// QueueStatus counts tasks.
type QueueStatus struct{ Pending, Claimed, Completed int }

// SecurityStatus counts what the security systems hold.
type SecurityStatus struct {
	// FinalizedHeight is −1 at first.
	FinalizedHeight                                     int64
	ReputationPeers, PendingCommitments, PendingQuorums int
}

// CoinStatus shows money in DOIN.
type CoinStatus struct {
	TotalSupply, MyBalance float64
	// TopHolders holds at most five, the richest first.
	TopHolders []Holder
}

// Holder is one balance in DOIN.
type Holder struct {
	PeerID  string
	Balance float64
}

// DifficultyStatus describes the block threshold.
type DifficultyStatus struct {
	Threshold float64
	// TargetBlockTime is in seconds, an int64 or a float64 as it was configured.
	TargetBlockTime                              any
	EMABlockTime                                 float64
	BlocksInEpoch, EpochLength, TotalAdjustments int64
	Deviation                                    float64
}

// DiscoveryStatus counts peers.
type DiscoveryStatus struct {
	Known, Connected, Bootstrap int
	// BySource counts known peers; the reference's sources are always shown.
	BySource map[string]int
}

// Fees describes the fee market, in DOIN.
type Fees struct {
	BaseFee                   float64
	MempoolSize, MempoolLimit int
	TotalBurned               float64
	StakedOptimae             int
	// TotalStaked is shown as the integer 0 when nothing is staked.
	TotalStaked                                  float64
	SuggestedTip, SuggestedTotal, SuggestedStake float64
}

const shortID = 12

// Object returns the body of GET /status.
func (s *Status) Object() *canon.Object {
	domains := canon.NewObject()
	for _, d := range s.Domains {
		domains.Set(d.ID, canon.NewObject(
			"optimize", d.Optimize, "evaluate", d.Evaluate, "synthetic", d.Synthetic,
			"target_performance", number(d.Target), "best_performance", number(d.Best),
			"converged", d.Converged))
	}
	o := canon.NewObject(
		"status", cmp.Or(s.Health, healthy),
		"peer_id", s.PeerID[:min(len(s.PeerID), shortID)],
		"port", int64(s.Port),
		"chain_height", s.ChainHeight,
		"storage_backend", s.StorageBackend,
		"network_protocol", s.NetworkProtocol,
		"domains", domains,
		"peers", int64(s.Peers),
		"task_queue", canon.NewObject(
			"pending", int64(s.Queue.Pending), "claimed", int64(s.Queue.Claimed), "completed", int64(s.Queue.Completed)),
		"security", canon.NewObject(
			"finalized_height", s.Security.FinalizedHeight,
			"reputation_tracked_peers", int64(s.Security.ReputationPeers),
			"pending_commitments", int64(s.Security.PendingCommitments),
			"pending_quorums", int64(s.Security.PendingQuorums)),
		"optimizer_domains", texts(s.OptimizerDomains),
		"evaluator_domains", texts(s.EvaluatorDomains),
		"coin", s.Coin.object(),
		"difficulty", s.Difficulty.object(),
	)
	if s.Discovery != nil {
		o.Set("discovery", s.Discovery.object())
	}
	if s.FeeMarket != nil {
		o.Set("fee_market", s.FeeMarket.Object())
	}
	if s.Storage != nil {
		o.Set("storage", s.Storage)
	}
	for k, v := range s.Extra.All() {
		o.Set(k, v)
	}
	return o
}

func (c *CoinStatus) object() *canon.Object {
	top := []any{}
	for _, h := range c.TopHolders[:min(len(c.TopHolders), 5)] {
		top = append(top, []any{h.PeerID, h.Balance})
	}
	return canon.NewObject("total_supply", c.TotalSupply, "my_balance", c.MyBalance, "top_holders", top)
}

func (d *DifficultyStatus) object() *canon.Object {
	return canon.NewObject(
		"threshold", d.Threshold, "target_block_time", d.TargetBlockTime, "ema_block_time", d.EMABlockTime,
		"blocks_in_epoch", d.BlocksInEpoch, "epoch_length", d.EpochLength,
		"total_adjustments", d.TotalAdjustments, "deviation", d.Deviation)
}

func (d *DiscoveryStatus) object() *canon.Object {
	by := canon.NewObject()
	for _, source := range []string{"bootstrap", "pex", "walk", "config", "unknown"} {
		by.Set(source, int64(d.BySource[source]))
	}
	for _, source := range []string{"lan", "inbound"} { // of its later revision, and ours
		if n, ok := d.BySource[source]; ok {
			by.Set(source, int64(n))
		}
	}
	return canon.NewObject("known_peers", int64(d.Known), "connected", int64(d.Connected),
		"bootstrap_nodes", int64(d.Bootstrap), "by_source", by)
}

// Object returns the body of GET /fees without "enabled".
func (f *Fees) Object() *canon.Object {
	var staked any = int64(0)
	if f.TotalStaked != 0 {
		staked = f.TotalStaked
	}
	return canon.NewObject(
		"base_fee", f.BaseFee, "mempool_size", int64(f.MempoolSize), "mempool_limit", int64(f.MempoolLimit),
		"total_burned", f.TotalBurned, "staked_optimae", int64(f.StakedOptimae), "total_staked", staked,
		"suggested_fees", canon.NewObject(
			"base_fee", f.BaseFee, "tip", f.SuggestedTip, "total", f.SuggestedTotal, "optimae_stake", f.SuggestedStake))
}

func number(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
