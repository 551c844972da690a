package olap

import "doin.network/node/internal/canon"

// Domain is a row of dim_domain.
type Domain struct {
	ID          string `json:"domain_id"`
	Type        string `json:"domain_type,omitempty"` // "" is stored as null, as the reference does
	Description string `json:"description,omitempty"`
}

// Values returns the row in the order of DomainTable.
func (d *Domain) Values() []any {
	return []any{d.ID, optText(d.Type), optText(d.Description)}
}

// Experiment is a row of dim_experiment: one domain optimized by one process run. A later row of
// the same id replaces the earlier.
type Experiment struct {
	ID                 string   `json:"experiment_id"` // 32 hexadecimal digits
	DomainID           string   `json:"domain_id"`
	NodeID             string   `json:"node_id"` // full peer id
	Hostname           string   `json:"hostname"`
	OptimizerPlugin    string   `json:"optimizer_plugin"`
	PerformanceMetric  string   `json:"performance_metric,omitempty"`
	MetricSchema       string   `json:"metric_schema,omitempty"`
	HigherIsBetter     bool     `json:"higher_is_better"`
	OptimizationConfig JSON     `json:"optimization_config"` // "{}" when there is none
	ParamBounds        JSON     `json:"param_bounds"`        // "{}" when there is none
	TargetPerformance  *float64 `json:"target_performance,omitempty"`
	StartedAt          string   `json:"started_at"`            // iso
	FinishedAt         string   `json:"finished_at,omitempty"` // iso; "" while it runs
	Converged          bool     `json:"converged"`
	DoinVersion        string   `json:"doin_version"`

	// Ours.
	Seed      *uint64 `json:"seed,omitempty"` // the search's seed, where the run is reproducible
	DataHash  string  `json:"data_hash,omitempty"`
	NetworkID string  `json:"network_id,omitempty"`
}

// Values returns the row in the order of ExperimentTable.
func (e *Experiment) Values() []any {
	return []any{
		e.ID, e.DomainID, e.NodeID, e.Hostname, e.OptimizerPlugin, optText(e.PerformanceMetric),
		optText(e.MetricSchema), e.HigherIsBetter, optJSON(e.OptimizationConfig), optJSON(e.ParamBounds),
		optFloat(e.TargetPerformance), e.StartedAt, optText(e.FinishedAt), e.Converged, e.DoinVersion,
		optSeed(e.Seed), optText(e.DataHash), optText(e.NetworkID),
	}
}

// Summary is a row of fact_experiment_summary.
type Summary struct {
	ExperimentID        string   `json:"experiment_id"`
	DomainID            string   `json:"domain_id"`
	TotalRounds         int64    `json:"total_rounds"`
	FinalPerformance    *float64 `json:"final_performance,omitempty"` // of the last round; nil before the first
	BestPerformance     *float64 `json:"best_performance,omitempty"`
	TimeToTargetSeconds *float64 `json:"time_to_target_seconds,omitempty"`
	TotalElapsedSeconds *float64 `json:"total_elapsed_seconds,omitempty"` // of the last round
	Converged           bool     `json:"converged"`
	RoundsToConvergence *int64   `json:"rounds_to_convergence,omitempty"` // first round flagged converged
	NodeID              string   `json:"node_id"`
	Hostname            string   `json:"hostname"`

	// Ours.
	Evaluations int64 `json:"evaluations"` // of all rounds
}

// Values returns the row in the order of SummaryTable.
func (s *Summary) Values() []any {
	return []any{
		s.ExperimentID, s.DomainID, s.TotalRounds, optFloat(s.FinalPerformance), optFloat(s.BestPerformance),
		optFloat(s.TimeToTargetSeconds), optFloat(s.TotalElapsedSeconds), s.Converged,
		optInt(s.RoundsToConvergence), s.NodeID, s.Hostname, s.Evaluations,
	}
}

// Status returns the summary as GET /stats and the CSV's summary file show it. elapsed is in
// seconds since the experiment's start.
func Status(e *Experiment, s *Summary, elapsed float64) *canon.Object {
	return canon.NewObject(
		"experiment_id", e.ID,
		"domain_id", e.DomainID,
		"rounds", s.TotalRounds,
		"best_performance", optFloat(s.BestPerformance),
		"target_performance", optFloat(e.TargetPerformance),
		"converged", e.Converged,
		"time_to_target_seconds", optFloat(s.TimeToTargetSeconds),
		"elapsed_seconds", RoundDecimals(elapsed, 2),
		"optimizer_plugin", e.OptimizerPlugin,
		"performance_metric", e.PerformanceMetric,
		"metric_schema", e.MetricSchema,
		"higher_is_better", e.HigherIsBetter,
	)
}
