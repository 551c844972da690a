package olap

import (
	"fmt"

	"doin.network/node/internal/canon"
)

// ChainOptimae is a row of fact_chain_optimae: one optimae that a block of our chain accepted.
type ChainOptimae struct {
	OptimaeID               string   `json:"optimae_id"`
	DomainID                string   `json:"domain_id"`
	OptimizerID             string   `json:"optimizer_id"` // the transaction's peer id
	ExperimentID            *string  `json:"experiment_id,omitempty"`
	RoundNumber             *int64   `json:"round_number,omitempty"`
	Parameters              JSON     `json:"parameters,omitempty"`
	ReportedPerformance     *float64 `json:"reported_performance,omitempty"`
	VerifiedPerformance     *float64 `json:"verified_performance,omitempty"`
	EffectiveIncrement      *float64 `json:"effective_increment,omitempty"`
	TimeToThisResultSeconds *float64 `json:"time_to_this_result_seconds,omitempty"`
	OptimizationConfigHash  *string  `json:"optimization_config_hash,omitempty"`
	DataHash                *string  `json:"data_hash,omitempty"`
	PreviousBestPerformance *float64 `json:"previous_best_performance,omitempty"`
	RewardFraction          *float64 `json:"reward_fraction,omitempty"`
	QuorumAgreeFraction     *float64 `json:"quorum_agree_fraction,omitempty"`
	BlockHeight             int64    `json:"block_height"`
	BlockTimestamp          string   `json:"block_timestamp"` // as given by the caller; iso by convention
	IngestedAt              string   `json:"ingested_at"`     // iso

	// Ours.
	BlockHash string `json:"block_hash,omitempty"`
	TxID      string `json:"tx_id,omitempty"`
	Digest    string `json:"digest,omitempty"`
}

// Values returns the row in the order of ChainOptimaeTable.
func (c *ChainOptimae) Values() []any {
	return []any{
		c.OptimaeID, c.DomainID, c.OptimizerID, optString(c.ExperimentID), optInt(c.RoundNumber),
		optJSON(c.Parameters), optFloat(c.ReportedPerformance), optFloat(c.VerifiedPerformance),
		optFloat(c.EffectiveIncrement), optFloat(c.TimeToThisResultSeconds), optString(c.OptimizationConfigHash),
		optString(c.DataHash), optFloat(c.PreviousBestPerformance), optFloat(c.RewardFraction),
		optFloat(c.QuorumAgreeFraction), c.BlockHeight, c.BlockTimestamp, c.IngestedAt,
		optText(c.BlockHash), optText(c.TxID), optText(c.Digest),
	}
}

func (c *ChainOptimae) finite() bool {
	return isFinite(c.ReportedPerformance, c.VerifiedPerformance, c.EffectiveIncrement, c.TimeToThisResultSeconds,
		c.PreviousBestPerformance, c.RewardFraction, c.QuorumAgreeFraction)
}

// Acceptance is where an optimae_accepted transaction stands, for ChainOptimaeOf.
type Acceptance struct {
	DomainID, PeerID string // of the transaction
	TxID             string
	BlockHeight      int64
	BlockTimestamp   string
	BlockHash        string
	Payload          *canon.Object
	IngestedAt       string
}

// ChainOptimaeOf makes the row of one acceptance. A payload without experiment_id has no
// experiment metrics, whatever else it holds; a member of the wrong kind counts as absent.
func ChainOptimaeOf(a Acceptance) ChainOptimae {
	p := a.Payload
	c := ChainOptimae{
		DomainID: a.DomainID, OptimizerID: a.PeerID, TxID: a.TxID, BlockHeight: a.BlockHeight,
		BlockTimestamp: a.BlockTimestamp, BlockHash: a.BlockHash, IngestedAt: a.IngestedAt,
		VerifiedPerformance: payloadFloat(p, "verified_performance"),
		EffectiveIncrement:  payloadFloat(p, "effective_increment"),
		RewardFraction:      payloadFloat(p, "reward_fraction"),
		QuorumAgreeFraction: payloadFloat(p, "quorum_agree_fraction"),
		ReportedPerformance: payloadFloat(p, "reported_performance"),
	}
	if s := payloadString(p, "optimae_id"); s != nil {
		c.OptimaeID = *s
	}
	if s := payloadString(p, "digest"); s != nil {
		c.Digest = *s
	}
	if params, err := p.Object("parameters"); err == nil {
		c.Parameters = DefaultJSON(params)
	}
	if id := payloadString(p, "experiment_id"); id != nil && *id != "" {
		c.ExperimentID = id
		if n, err := p.Int("round_number"); err == nil {
			c.RoundNumber = &n
		}
		c.TimeToThisResultSeconds = payloadFloat(p, "time_to_this_result_seconds")
		c.OptimizationConfigHash = payloadString(p, "optimization_config_hash")
		c.DataHash = payloadString(p, "data_hash")
		c.PreviousBestPerformance = payloadFloat(p, "previous_best_performance")
	}
	return c
}

// ChainMetricsKeys returns the members of a row of GET /stats/chain-metrics, in order. Each is the
// column of fact_chain_optimae of that name.
func ChainMetricsKeys() []string {
	return []string{
		"experiment_id", "round_number", "domain_id", "optimizer_id", "parameters", "verified_performance",
		"reported_performance", "time_to_this_result_seconds", "optimization_config_hash", "data_hash",
		"previous_best_performance", "effective_increment", "reward_fraction", "quorum_agree_fraction",
		"optimae_id", "block_height", "block_timestamp",
	}
}

// Object returns the row as GET /stats/chain-metrics shows it.
func (c *ChainOptimae) Object() (*canon.Object, error) {
	var parameters any
	if c.Parameters != "" {
		v, err := canon.Parse([]byte(c.Parameters))
		if err != nil {
			return nil, fmt.Errorf("parameters of optimae %s: %w", c.OptimaeID, err)
		}
		parameters = v
	}
	return canon.NewObject(
		"experiment_id", optString(c.ExperimentID),
		"round_number", optInt(c.RoundNumber),
		"domain_id", c.DomainID,
		"optimizer_id", c.OptimizerID,
		"parameters", parameters,
		"verified_performance", optFloat(c.VerifiedPerformance),
		"reported_performance", optFloat(c.ReportedPerformance),
		"time_to_this_result_seconds", optFloat(c.TimeToThisResultSeconds),
		"optimization_config_hash", optString(c.OptimizationConfigHash),
		"data_hash", optString(c.DataHash),
		"previous_best_performance", optFloat(c.PreviousBestPerformance),
		"effective_increment", optFloat(c.EffectiveIncrement),
		"reward_fraction", optFloat(c.RewardFraction),
		"quorum_agree_fraction", optFloat(c.QuorumAgreeFraction),
		"optimae_id", c.OptimaeID,
		"block_height", c.BlockHeight,
		"block_timestamp", c.BlockTimestamp,
	), nil
}

func payloadFloat(p *canon.Object, key string) *float64 {
	if v, ok := p.Get(key); !ok || v == nil {
		return nil
	}
	f, err := p.Float(key)
	if err != nil || !isFinite(&f) {
		return nil
	}
	return &f
}

func payloadString(p *canon.Object, key string) *string {
	s, err := p.String(key)
	if err != nil {
		return nil
	}
	return &s
}

func optString(p *string) any {
	if p == nil {
		return nil
	}
	return *p
}
