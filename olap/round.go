package olap

// Round is a row of fact_round and, with its Experiment, a line of the CSV file. Times are in
// seconds since the experiment's start, not rounded.
type Round struct {
	ID                       string   `json:"round_id" olap:"1,key" doc:"32 hexadecimal digits, a function of experiment and number"`
	ExperimentID             string   `json:"experiment_id" olap:"1,notnull,ref=dim_experiment" doc:"the experiment it belongs to"`
	DomainID                 string   `json:"domain_id" olap:"1,notnull" doc:"the domain of the experiment"`
	Number                   int64    `json:"round_number" olap:"1,notnull" doc:"from 1, across restarts"`
	Timestamp                string   `json:"timestamp_utc" olap:"1,notnull,time" doc:"end of the round"`
	Performance              float64  `json:"performance" olap:"1,notnull" doc:"best of the generation, by the search's own seeds"`
	BestPerformance          *float64 `json:"best_performance,omitempty" olap:"1" doc:"best of the experiment so far"`
	PerformanceDelta         float64  `json:"performance_delta" olap:"1" doc:"signed gain over the best before; 0 if none"`
	Improvement              bool     `json:"is_improvement" olap:"1" doc:"whether performance is the best so far"`
	Parameters               JSON     `json:"parameters" olap:"1" doc:"recipe of performance"`
	BestParameters           JSON     `json:"best_parameters" olap:"1" doc:"recipe of best_performance"`
	WallClockSeconds         float64  `json:"wall_clock_seconds" olap:"1" doc:"duration of the round"`
	ElapsedSeconds           float64  `json:"elapsed_seconds" olap:"1" doc:"since the start of the experiment, while it ran"`
	TimeToCurrentBestSeconds float64  `json:"time_to_current_best_seconds" olap:"1" doc:"from the start to the best so far"`
	TimeToTargetSeconds      *float64 `json:"time_to_target_seconds,omitempty" olap:"1" doc:"from the start to the target; NULL until it is reached"`
	ChainHeight              int64    `json:"chain_height" olap:"1,default=0" doc:"height of the chain at the end of the round"`
	PeersCount               int64    `json:"peers_count" olap:"1,default=0" doc:"peers connected at the end of the round"`
	BlockRewardEarned        float64  `json:"block_reward_earned" olap:"1,default=0.0" doc:"DOIN that blocks paid this node since the round before"`
	Converged                bool     `json:"converged" olap:"1,default=FALSE" doc:"whether the experiment has reached its target"`
	Details                  Details  `json:"details"`
	MetricSchema             string   `json:"metric_schema,omitempty" olap:"3" doc:"the configured name of the metrics' schema, else the kind of each metric, as JSON"`
	Metrics                  JSON     `json:"metrics,omitempty" olap:"3" doc:"every detail of the round, keys sorted"`

	// Ours.
	Evaluations             int64    `json:"evaluations" olap:"4,default=0" doc:"trainings or function calls of the round"`
	Seed                    *uint64  `json:"seed,omitempty" olap:"4" doc:"training seed of parameters, decimal"`
	Digest                  string   `json:"digest,omitempty" olap:"4" doc:"digest of the confirming run that ended in the round"`
	VerifiedBestPerformance *float64 `json:"verified_best_performance,omitempty" olap:"4" doc:"best of the network, as the chain has it"`
	AcceptedCount           int64    `json:"accepted_count" olap:"4,default=0" doc:"claims of the domain that the chain has accepted"`
	RejectedCount           int64    `json:"rejected_count" olap:"4,default=0" doc:"claims of the domain that the chain has rejected"`
	ImmigrantsCount         int64    `json:"immigrants_count" olap:"4,default=0" doc:"champions of other nodes that came in the round"`
	GPU                     GPU      `json:"gpu,omitzero" olap:"gpu_"`
	DigestParameters        JSON     `json:"digest_parameters,omitempty" olap:"6" doc:"recipe that digest belongs to, seldom parameters"`
	ChampionVerified        *bool    `json:"champion_verified,omitempty" olap:"6" doc:"whether a quorum agreed on the model that answers inferences; NULL: there is none"`
}
