package olap

import "doin.network/node/internal/canon"

// ChainMetrics are the experiment metrics that travel with a result into its acceptance. They are
// the optimizer's own (the reference records the accepting node's).
type ChainMetrics struct {
	ExperimentID            string
	RoundNumber             int64
	TimeToThisResultSeconds float64 // since the experiment's start, rounded to 3 decimals
	OptimizationConfigHash  string  // see ConfigHash
	DataHash                string  // "" where the domain has no data
	ReportedPerformance     float64
	PreviousBestPerformance *float64 // the experiment's best before this result; nil if none
}

// ConfigHash is the hexadecimal SHA-256 of config in canonical JSON; nil hashes as {}.
func ConfigHash(config *canon.Object) string {
	if config == nil {
		config = canon.NewObject()
	}
	return canon.Hash(config)
}

// Object returns the members, in their order, as they stand at the end of an acceptance.
func (m *ChainMetrics) Object() *canon.Object {
	return canon.NewObject(
		"experiment_id", m.ExperimentID,
		"round_number", m.RoundNumber,
		"time_to_this_result_seconds", RoundDecimals(m.TimeToThisResultSeconds, 3),
		"optimization_config_hash", m.OptimizationConfigHash,
		"data_hash", m.DataHash,
		"reported_performance", m.ReportedPerformance,
		"previous_best_performance", optFloat(m.PreviousBestPerformance),
	)
}
