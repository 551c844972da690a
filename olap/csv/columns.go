package csv

import (
	"strconv"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// column is one column: its name and its cell for a round.
type column struct {
	name string
	cell func(r *olap.Round, e *olap.Experiment) any
}

// reference are the columns of the reference, in its order.
var reference = []column{
	{"experiment_id", func(r *olap.Round, e *olap.Experiment) any { return e.ID }},
	{"round_id", func(r *olap.Round, e *olap.Experiment) any { return r.ID }},
	{"domain_id", func(r *olap.Round, e *olap.Experiment) any { return r.DomainID }},
	{"node_id", func(r *olap.Round, e *olap.Experiment) any { return e.NodeID }},
	{"timestamp_utc", func(r *olap.Round, e *olap.Experiment) any { return r.Timestamp }},
	{"wall_clock_seconds", func(r *olap.Round, e *olap.Experiment) any { return round6(r.WallClockSeconds) }},
	{"experiment_start_utc", func(r *olap.Round, e *olap.Experiment) any { return e.StartedAt }},
	{"time_to_current_best_seconds", func(r *olap.Round, e *olap.Experiment) any { return round6(r.TimeToCurrentBestSeconds) }},
	{"time_to_target_seconds", func(r *olap.Round, e *olap.Experiment) any {
		if r.TimeToTargetSeconds == nil {
			return nil
		}
		return round6(*r.TimeToTargetSeconds)
	}},
	{"total_rounds", func(r *olap.Round, e *olap.Experiment) any { return r.Number }},
	{"round_number", func(r *olap.Round, e *olap.Experiment) any { return r.Number }},
	{"performance", func(r *olap.Round, e *olap.Experiment) any { return r.Performance }},
	{"best_performance", func(r *olap.Round, e *olap.Experiment) any { return r.BestPerformance }},
	{"target_performance", func(r *olap.Round, e *olap.Experiment) any { return e.TargetPerformance }},
	{"performance_delta", func(r *olap.Round, e *olap.Experiment) any { return round6(r.PerformanceDelta) }},
	{"converged", func(r *olap.Round, e *olap.Experiment) any { return r.Converged }},
	{"parameters", func(r *olap.Round, e *olap.Experiment) any { return r.Parameters }},
	{"best_parameters", func(r *olap.Round, e *olap.Experiment) any { return r.BestParameters }},
	{"optimization_config", func(r *olap.Round, e *olap.Experiment) any { return e.OptimizationConfig }},
	{"param_bounds", func(r *olap.Round, e *olap.Experiment) any { return e.ParamBounds }},
	{"hostname", func(r *olap.Round, e *olap.Experiment) any { return e.Hostname }},
	{"optimizer_plugin", func(r *olap.Round, e *olap.Experiment) any { return e.OptimizerPlugin }},
	{"performance_metric", func(r *olap.Round, e *olap.Experiment) any { return e.PerformanceMetric }},
	{"metric_schema", func(r *olap.Round, e *olap.Experiment) any { return r.MetricSchema }},
	{"higher_is_better", func(r *olap.Round, e *olap.Experiment) any { return e.HigherIsBetter }},
	{"doin_version", func(r *olap.Round, e *olap.Experiment) any { return e.DoinVersion }},
	{"chain_height", func(r *olap.Round, e *olap.Experiment) any { return r.ChainHeight }},
	{"peers_count", func(r *olap.Round, e *olap.Experiment) any { return r.PeersCount }},
	{"block_reward_earned", func(r *olap.Round, e *olap.Experiment) any { return r.BlockRewardEarned }},
	{"train_mae", func(r *olap.Round, e *olap.Experiment) any { return r.Details.TrainMAE }},
	{"train_naive_mae", func(r *olap.Round, e *olap.Experiment) any { return r.Details.TrainNaiveMAE }},
	{"val_mae", func(r *olap.Round, e *olap.Experiment) any { return r.Details.ValMAE }},
	{"val_naive_mae", func(r *olap.Round, e *olap.Experiment) any { return r.Details.ValNaiveMAE }},
	{"test_mae", func(r *olap.Round, e *olap.Experiment) any { return r.Details.TestMAE }},
	{"test_naive_mae", func(r *olap.Round, e *olap.Experiment) any { return r.Details.TestNaiveMAE }},
	{"generation", func(r *olap.Round, e *olap.Experiment) any { return r.Details.Generation }},
	{"stage", func(r *olap.Round, e *olap.Experiment) any { return r.Details.Stage }},
	{"total_stages", func(r *olap.Round, e *olap.Experiment) any { return r.Details.TotalStages }},
	{"stage_name", func(r *olap.Round, e *olap.Experiment) any { return r.Details.StageName }},
	{"gen_in_stage", func(r *olap.Round, e *olap.Experiment) any { return r.Details.GenInStage }},
	{"n_generations_stage", func(r *olap.Round, e *olap.Experiment) any { return r.Details.NGenerationsStage }},
	{"n_generations_total", func(r *olap.Round, e *olap.Experiment) any { return r.Details.NGenerationsTotal }},
	{"total_candidates_evaluated", func(r *olap.Round, e *olap.Experiment) any { return r.Details.TotalCandidatesEvaluated }},
	{"population_size", func(r *olap.Round, e *olap.Experiment) any { return r.Details.PopulationSize }},
	{"no_improve_counter", func(r *olap.Round, e *olap.Experiment) any { return r.Details.NoImproveCounter }},
	{"optimization_patience", func(r *olap.Round, e *olap.Experiment) any { return r.Details.OptimizationPatience }},
	{"avg_fitness", func(r *olap.Round, e *olap.Experiment) any { return r.Details.AvgFitness }},
	{"best_fitness_gen", func(r *olap.Round, e *olap.Experiment) any { return r.Details.BestFitnessGen }},
	{"neat_species_count", func(r *olap.Round, e *olap.Experiment) any { return r.Details.NEATSpeciesCount }},
	{"neat_avg_complexity", func(r *olap.Round, e *olap.Experiment) any { return r.Details.NEATAvgComplexity }},
	{"metrics", func(r *olap.Round, e *olap.Experiment) any { return r.Metrics }},
}

// extra are our columns, for Options.Extra.
var extra = []column{
	{"evaluations", func(r *olap.Round, e *olap.Experiment) any { return r.Evaluations }},
	{"seed", func(r *olap.Round, e *olap.Experiment) any { return r.Seed }},
	{"digest", func(r *olap.Round, e *olap.Experiment) any { return r.Digest }},
	{"verified_best_performance", func(r *olap.Round, e *olap.Experiment) any { return r.VerifiedBestPerformance }},
	{"accepted_count", func(r *olap.Round, e *olap.Experiment) any { return r.AcceptedCount }},
	{"rejected_count", func(r *olap.Round, e *olap.Experiment) any { return r.RejectedCount }},
	{"immigrants_count", func(r *olap.Round, e *olap.Experiment) any { return r.ImmigrantsCount }},
	{"gpu_name", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.Name }},
	{"gpu_utilization_percent", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.UtilizationPercent }},
	{"gpu_memory_used_bytes", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.MemoryUsedBytes }},
	{"gpu_temperature_celsius", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.TemperatureCelsius }},
	{"gpu_power_watts", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.PowerWatts }},
	{"gpu_clock_mhz", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.ClockMHz }},
	{"gpu_energy_joules", func(r *olap.Round, e *olap.Experiment) any { return r.GPU.EnergyJoules }},
}

// Columns returns the names of the columns, in order.
func Columns(withExtra bool) []string {
	var names []string
	for _, c := range columns(withExtra) {
		names = append(names, c.name)
	}
	return names
}

func columns(withExtra bool) []column {
	if withExtra {
		return append(reference[:len(reference):len(reference)], extra...)
	}
	return reference
}

func round6(x float64) float64 { return olap.RoundDecimals(x, 6) }

// appendLine appends the line of one round, with its line end.
func appendLine(dst []byte, columns []column, r *olap.Round, e *olap.Experiment) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, c.cell(r, e))
	}
	return append(dst, "\r\n"...)
}

func appendHeader(dst []byte, columns []column) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c.name...)
	}
	return append(dst, "\r\n"...)
}

// appendCell appends v as the reference's language prints it; nil and nil pointers are empty.
func appendCell(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
	case string:
		return appendText(dst, v)
	case olap.JSON:
		return appendText(dst, string(v))
	case bool:
		if v {
			return append(dst, "True"...)
		}
		return append(dst, "False"...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return canon.AppendFloat(dst, v)
	case *string:
		if v != nil {
			return appendText(dst, *v)
		}
	case *int64:
		if v != nil {
			return strconv.AppendInt(dst, *v, 10)
		}
	case *uint64:
		if v != nil {
			return strconv.AppendUint(dst, *v, 10)
		}
	case *float64:
		if v != nil {
			return canon.AppendFloat(dst, *v)
		}
	default:
		panic("olap/csv: a column has a cell of an unknown kind")
	}
	return dst
}

// appendText appends a cell, quoted only where it must be.
func appendText(dst []byte, s string) []byte {
	quote := false
	for i := 0; i < len(s) && !quote; i++ {
		quote = s[i] == ',' || s[i] == '"' || s[i] == '\r' || s[i] == '\n'
	}
	if !quote {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}
