package python

import (
	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Experiment is what an accepting node adds to an acceptance about its own experiment.
type Experiment struct {
	ID           string
	Round        int64
	Elapsed      float64       // seconds since the experiment began
	Config       *canon.Object // the domain's optimization_config
	DataHash     string
	Reported     float64
	PreviousBest *float64 // nil: none
}

// metricKeys are the members that Metrics adds, in order.
var metricKeys = [...]string{
	"experiment_id", "round_number", "time_to_this_result_seconds", "optimization_config_hash",
	"data_hash", "reported_performance", "previous_best_performance",
}

// Metrics returns the members that go at the end of an acceptance's payload, in order.
func (e Experiment) Metrics() *canon.Object {
	var best any
	if e.PreviousBest != nil {
		best = *e.PreviousBest
	}
	return canon.NewObject(
		"experiment_id", e.ID,
		"round_number", e.Round,
		"time_to_this_result_seconds", Round(e.Elapsed, 3),
		"optimization_config_hash", ConfigHash(e.Config),
		"data_hash", e.DataHash,
		"reported_performance", e.Reported,
		"previous_best_performance", best,
	)
}

// ConfigHash returns the SHA-256 of a configuration's canonical form.
func ConfigHash(config *canon.Object) string {
	if config == nil {
		config = canon.NewObject()
	}
	return canon.Hash(config)
}

// ExtractMetrics returns the members of Metrics that a payload carries, absent ones null; false
// if it carries none.
func ExtractMetrics(payload *canon.Object) (*canon.Object, bool) {
	if !payload.Has("experiment_id") {
		return nil, false
	}
	m := canon.NewObject()
	for _, key := range metricKeys {
		v, _ := payload.Get(key)
		m.Set(key, v)
	}
	return m, true
}

// MetricsRow returns the analytics row of an acceptance in the block at height; timestamp is
// the text by which the block's time is shown.
func MetricsRow(tx *chain.Tx, height int64, timestamp string) *canon.Object {
	metrics, found := ExtractMetrics(tx.Payload)
	metric := func(key string) any { v, _ := metrics.Get(key); return v }
	member := func(key string) any { v, _ := tx.Payload.Get(key); return v }
	reported := member("reported_performance")
	if found {
		reported = metric("reported_performance")
	}
	return canon.NewObject(
		"experiment_id", metric("experiment_id"),
		"round_number", metric("round_number"),
		"domain_id", tx.DomainID,
		"optimizer_id", tx.PeerID,
		"parameters", member("parameters"),
		"verified_performance", member("verified_performance"),
		"reported_performance", reported,
		"time_to_this_result_seconds", metric("time_to_this_result_seconds"),
		"optimization_config_hash", metric("optimization_config_hash"),
		"data_hash", metric("data_hash"),
		"previous_best_performance", metric("previous_best_performance"),
		"effective_increment", member("effective_increment"),
		"reward_fraction", member("reward_fraction"),
		"quorum_agree_fraction", member("quorum_agree_fraction"),
		"optimae_id", member("optimae_id"),
		"block_height", height,
		"block_timestamp", timestamp,
	)
}

// CollectMetrics returns the rows of all acceptances in blocks, short records included, with
// block times in ISO form; domain filters unless it is empty.
func CollectMetrics(blocks []*chain.Block, domain string) []*canon.Object {
	var rows []*canon.Object
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if tx.Type == chain.TxOptimaeAccepted && (domain == "" || tx.DomainID == domain) {
				rows = append(rows, MetricsRow(tx, b.Header.Index, b.Header.Timestamp.ISO()))
			}
		}
	}
	return rows
}
