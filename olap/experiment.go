package olap

import "doin.network/node/internal/canon"

// Domain is a row of dim_domain.
type Domain struct {
	ID          string `json:"domain_id" olap:"1,key" doc:"the domain's name in the genesis file"`
	Type        string `json:"domain_type,omitempty" olap:"1" doc:"kind of its metric"`
	Description string `json:"description,omitempty" olap:"1" doc:"free text"`
}

// Experiment is a row of dim_experiment: one search of one domain, across the restarts of its node. A later row of
// the same id replaces the earlier.
type Experiment struct {
	ID                 string   `json:"experiment_id" olap:"1,key" doc:"32 hexadecimal digits"`
	DomainID           string   `json:"domain_id" olap:"1,notnull" doc:"the domain that is optimized"`
	NodeID             string   `json:"node_id" olap:"1,notnull" doc:"full peer id of the node"`
	Hostname           string   `json:"hostname" olap:"1" doc:"the node's machine"`
	OptimizerPlugin    string   `json:"optimizer_plugin" olap:"1" doc:"what trains"`
	PerformanceMetric  string   `json:"performance_metric,omitempty" olap:"3" doc:"what performance measures"`
	MetricSchema       string   `json:"metric_schema,omitempty" olap:"3" doc:"the configured name of the metrics' schema, else the kind of each metric, as JSON"`
	HigherIsBetter     bool     `json:"higher_is_better" olap:"3,default=TRUE" doc:"whether a larger performance is better"`
	OptimizationConfig JSON     `json:"optimization_config" olap:"1" doc:"the domain's configuration"`
	ParamBounds        JSON     `json:"param_bounds" olap:"1" doc:"name to [low, high] of each parameter"`
	TargetPerformance  *float64 `json:"target_performance,omitempty" olap:"1" doc:"performance that ends the experiment"`
	StartedAt          string   `json:"started_at" olap:"1,time" doc:"first start"`
	FinishedAt         string   `json:"finished_at,omitempty" olap:"1,time" doc:"convergence or the last stop; NULL while it runs"`
	Converged          bool     `json:"converged" olap:"1,default=FALSE" doc:"whether the target was reached"`
	DoinVersion        string   `json:"doin_version" olap:"1" doc:"the program's"`

	// Ours.
	Seed      *uint64 `json:"seed,omitempty" olap:"4" doc:"seed of the search, decimal"`
	DataHash  string  `json:"data_hash,omitempty" olap:"4" doc:"SHA-256 of the domain's data"`
	NetworkID string  `json:"network_id,omitempty" olap:"4" doc:"the network the node belongs to"`
	RunID     string  `json:"run_id,omitempty" olap:"8" doc:"the run it last went on in, of dim_run"`
}

// Summary is a row of fact_experiment_summary.
type Summary struct {
	ExperimentID        string   `json:"experiment_id" olap:"1,key,ref=dim_experiment" doc:"the experiment"`
	DomainID            string   `json:"domain_id" olap:"1,notnull" doc:"its domain"`
	TotalRounds         int64    `json:"total_rounds" olap:"1" doc:"number of its last round"`
	FinalPerformance    *float64 `json:"final_performance,omitempty" olap:"1" doc:"of its last round"`
	BestPerformance     *float64 `json:"best_performance,omitempty" olap:"1" doc:"best of its rounds"`
	TimeToTargetSeconds *float64 `json:"time_to_target_seconds,omitempty" olap:"1" doc:"from its start to the target"`
	TotalElapsedSeconds *float64 `json:"total_elapsed_seconds,omitempty" olap:"1" doc:"from its start to its last round"`
	Converged           bool     `json:"converged" olap:"1" doc:"whether the target was reached"`
	RoundsToConvergence *int64   `json:"rounds_to_convergence,omitempty" olap:"1" doc:"first round flagged converged"`
	NodeID              string   `json:"node_id" olap:"1" doc:"full peer id of the node"`
	Hostname            string   `json:"hostname" olap:"1" doc:"the node's machine"`

	// Ours.
	Evaluations          int64    `json:"evaluations" olap:"4,default=0" doc:"of all rounds"`
	ConfirmedPerformance *float64 `json:"confirmed_performance,omitempty" olap:"7" doc:"best that a confirming run of this node gave: the mean over a claim's seeds; NULL before there is one"`
	VerifiedPerformance  *float64 `json:"verified_performance,omitempty" olap:"7" doc:"the chain's champion at its last round; NULL for none"`
}

// Status returns the summary as GET /stats and the CSV's summary file show it: best_performance is the search's own and may be luck,
// confirmed_performance is a confirming run's, verified_performance the chain's, both absent while there is none. elapsed is in
// seconds since the experiment's start.
func Status(e *Experiment, s *Summary, elapsed float64) *canon.Object {
	o := canon.NewObject(
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
	if p := s.ConfirmedPerformance; p != nil {
		o.Set("confirmed_performance", *p)
	}
	if p := s.VerifiedPerformance; p != nil {
		o.Set("verified_performance", *p)
	}
	return o
}
