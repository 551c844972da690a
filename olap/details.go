package olap

import (
	"math"

	"doin.network/node/internal/canon"
)

// Details are the metrics of a round that have columns of their own: the six errors in the
// tables, all of them in the CSV file. nil means the round did not report it.
type Details struct {
	TrainMAE                 *float64 `json:"train_mae,omitempty"`
	TrainNaiveMAE            *float64 `json:"train_naive_mae,omitempty"`
	ValMAE                   *float64 `json:"val_mae,omitempty"`
	ValNaiveMAE              *float64 `json:"val_naive_mae,omitempty"`
	TestMAE                  *float64 `json:"test_mae,omitempty"`
	TestNaiveMAE             *float64 `json:"test_naive_mae,omitempty"`
	Generation               *int64   `json:"generation,omitempty"`
	Stage                    *int64   `json:"stage,omitempty"`
	TotalStages              *int64   `json:"total_stages,omitempty"`
	StageName                *string  `json:"stage_name,omitempty"`
	GenInStage               *int64   `json:"gen_in_stage,omitempty"`
	NGenerationsStage        *int64   `json:"n_generations_stage,omitempty"`
	NGenerationsTotal        *int64   `json:"n_generations_total,omitempty"`
	TotalCandidatesEvaluated *int64   `json:"total_candidates_evaluated,omitempty"`
	PopulationSize           *int64   `json:"population_size,omitempty"`
	NoImproveCounter         *int64   `json:"no_improve_counter,omitempty"`
	OptimizationPatience     *int64   `json:"optimization_patience,omitempty"`
	AvgFitness               *float64 `json:"avg_fitness,omitempty"`
	BestFitnessGen           *float64 `json:"best_fitness_gen,omitempty"`
	NEATSpeciesCount         *int64   `json:"neat_species_count,omitempty"`
	NEATAvgComplexity        *float64 `json:"neat_avg_complexity,omitempty"`
}

// DetailsOf picks the details out of a round's metrics by their column names. A value of another
// kind, or a number that is not finite, stays in the metrics but has no column.
func DetailsOf(metrics *canon.Object) Details {
	f := func(key string) *float64 {
		switch v, _ := metrics.Get(key); v := v.(type) {
		case float64:
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				return &v
			}
		case int64:
			return Float(float64(v))
		}
		return nil
	}
	i := func(key string) *int64 {
		switch v, _ := metrics.Get(key); v := v.(type) {
		case int64:
			return &v
		case float64:
			if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
				return Int(int64(v))
			}
		}
		return nil
	}
	var d Details
	d.TrainMAE, d.TrainNaiveMAE = f("train_mae"), f("train_naive_mae")
	d.ValMAE, d.ValNaiveMAE = f("val_mae"), f("val_naive_mae")
	d.TestMAE, d.TestNaiveMAE = f("test_mae"), f("test_naive_mae")
	d.Generation, d.Stage, d.TotalStages = i("generation"), i("stage"), i("total_stages")
	if v, _ := metrics.Get("stage_name"); v != nil {
		if s, ok := v.(string); ok {
			d.StageName = &s
		}
	}
	d.GenInStage = i("gen_in_stage")
	d.NGenerationsStage, d.NGenerationsTotal = i("n_generations_stage"), i("n_generations_total")
	d.TotalCandidatesEvaluated, d.PopulationSize = i("total_candidates_evaluated"), i("population_size")
	d.NoImproveCounter, d.OptimizationPatience = i("no_improve_counter"), i("optimization_patience")
	d.AvgFitness, d.BestFitnessGen = f("avg_fitness"), f("best_fitness_gen")
	d.NEATSpeciesCount, d.NEATAvgComplexity = i("neat_species_count"), f("neat_avg_complexity")
	return d
}

// finite reports whether every number of d is.
func (d *Details) finite() bool {
	return isFinite(d.TrainMAE, d.TrainNaiveMAE, d.ValMAE, d.ValNaiveMAE, d.TestMAE, d.TestNaiveMAE,
		d.AvgFitness, d.BestFitnessGen, d.NEATAvgComplexity)
}
