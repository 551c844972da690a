package olap

// Round is a row of fact_round and, with its Experiment, a line of the CSV file. Times are in
// seconds since the experiment's start, not rounded.
type Round struct {
	ID                       string   `json:"round_id"` // 32 hexadecimal digits
	ExperimentID             string   `json:"experiment_id"`
	DomainID                 string   `json:"domain_id"`
	Number                   int64    `json:"round_number"`  // from 1
	Timestamp                string   `json:"timestamp_utc"` // iso
	Performance              float64  `json:"performance"`
	BestPerformance          *float64 `json:"best_performance,omitempty"`
	PerformanceDelta         float64  `json:"performance_delta"` // signed gain over the best before; 0 if none
	Improvement              bool     `json:"is_improvement"`
	Parameters               JSON     `json:"parameters"`
	BestParameters           JSON     `json:"best_parameters"`
	WallClockSeconds         float64  `json:"wall_clock_seconds"`
	ElapsedSeconds           float64  `json:"elapsed_seconds"`
	TimeToCurrentBestSeconds float64  `json:"time_to_current_best_seconds"`
	TimeToTargetSeconds      *float64 `json:"time_to_target_seconds,omitempty"` // nil until the target is reached
	ChainHeight              int64    `json:"chain_height"`
	PeersCount               int64    `json:"peers_count"`
	BlockRewardEarned        float64  `json:"block_reward_earned"`
	Converged                bool     `json:"converged"`
	MetricSchema             string   `json:"metric_schema,omitempty"`
	Details                  Details  `json:"details"`
	Metrics                  JSON     `json:"metrics,omitempty"` // every detail, canonical flavour

	// Ours.
	Evaluations             int64    `json:"evaluations"`    // trainings or function calls this round
	Seed                    *uint64  `json:"seed,omitempty"` // of the training of the parameters
	Digest                  string   `json:"digest,omitempty"`
	VerifiedBestPerformance *float64 `json:"verified_best_performance,omitempty"` // network-wide
	AcceptedCount           int64    `json:"accepted_count"`
	RejectedCount           int64    `json:"rejected_count"`
	ImmigrantsCount         int64    `json:"immigrants_count"`
	GPU                     GPU      `json:"gpu,omitzero"`
	DigestParameters        JSON     `json:"digest_parameters,omitempty"` // the recipe of the digest
	ChampionVerified        *bool    `json:"champion_verified,omitempty"` // nil: the domain has no champion
}

// Values returns the row in the order of RoundTable.
func (r *Round) Values() []any {
	d := &r.Details
	values := append([]any{
		r.ID, r.ExperimentID, r.DomainID, r.Number, r.Timestamp, r.Performance, optFloat(r.BestPerformance),
		r.PerformanceDelta, r.Improvement, optJSON(r.Parameters), optJSON(r.BestParameters),
		r.WallClockSeconds, r.ElapsedSeconds, r.TimeToCurrentBestSeconds, optFloat(r.TimeToTargetSeconds),
		r.ChainHeight, r.PeersCount, r.BlockRewardEarned, r.Converged,
		optFloat(d.TrainMAE), optFloat(d.TrainNaiveMAE), optFloat(d.ValMAE), optFloat(d.ValNaiveMAE),
		optFloat(d.TestMAE), optFloat(d.TestNaiveMAE), optText(r.MetricSchema), optJSON(r.Metrics),
		r.Evaluations, optSeed(r.Seed), optText(r.Digest), optFloat(r.VerifiedBestPerformance),
		r.AcceptedCount, r.RejectedCount, r.ImmigrantsCount,
	}, r.GPU.values()...)
	return append(values, optJSON(r.DigestParameters), optBool(r.ChampionVerified))
}
