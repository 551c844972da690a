package olap

import "doin.network/node/internal/canon"

// ChainOptimae is a row of fact_chain_optimae: one optimae that a block of our chain accepted.
type ChainOptimae struct {
	OptimaeID               string   `json:"optimae_id" olap:"1,key" doc:"the claim's commitment"`
	DomainID                string   `json:"domain_id" olap:"1,notnull" doc:"domain of the transaction"`
	OptimizerID             string   `json:"optimizer_id" olap:"1,notnull" doc:"peer id of the transaction"`
	ExperimentID            *string  `json:"experiment_id,omitempty" olap:"1" doc:"the optimizer's experiment"`
	RoundNumber             *int64   `json:"round_number,omitempty" olap:"1" doc:"the optimizer's round"`
	Parameters              JSON     `json:"parameters,omitempty" olap:"1" doc:"the recipe"`
	ReportedPerformance     *float64 `json:"reported_performance,omitempty" olap:"1" doc:"as claimed"`
	VerifiedPerformance     *float64 `json:"verified_performance,omitempty" olap:"1" doc:"as the quorum found it"`
	EffectiveIncrement      *float64 `json:"effective_increment,omitempty" olap:"1" doc:"improvement that counts for the block"`
	TimeToThisResultSeconds *float64 `json:"time_to_this_result_seconds,omitempty" olap:"1" doc:"since the start of the optimizer's experiment"`
	OptimizationConfigHash  *string  `json:"optimization_config_hash,omitempty" olap:"1" doc:"SHA-256 of the optimizer's configuration"`
	DataHash                *string  `json:"data_hash,omitempty" olap:"1" doc:"SHA-256 of the optimizer's data"`
	PreviousBestPerformance *float64 `json:"previous_best_performance,omitempty" olap:"1" doc:"of the optimizer's experiment, before"`
	RewardFraction          *float64 `json:"reward_fraction,omitempty" olap:"1" doc:"share of the reward that is paid"`
	QuorumAgreeFraction     *float64 `json:"quorum_agree_fraction,omitempty" olap:"1" doc:"share of the quorum that agreed"`
	BlockHeight             int64    `json:"block_height" olap:"1,notnull" doc:"of the block that accepted it"`
	BlockTimestamp          string   `json:"block_timestamp" olap:"1,notnull,time" doc:"of that block"`
	IngestedAt              string   `json:"ingested_at" olap:"1,notnull,time" doc:"when the row was made"`

	// Ours.
	BlockHash string `json:"block_hash,omitempty" olap:"4" doc:"of the block that accepted it"`
	TxID      string `json:"tx_id,omitempty" olap:"4" doc:"of the acceptance"`
	Digest    string `json:"digest,omitempty" olap:"4" doc:"of the recipe's training"`
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
