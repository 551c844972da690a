package olap

import (
	"math"
	"reflect"
	"strings"

	"doin.network/node/internal/canon"
)

// Details are the metrics of a round that have columns of their own: the six errors in the
// tables, all of them in the CSV file. nil means the round did not report it.
type Details struct {
	TrainMAE                 *float64 `json:"train_mae,omitempty" olap:"2" doc:"mean absolute error on the training part"`
	TrainNaiveMAE            *float64 `json:"train_naive_mae,omitempty" olap:"2" doc:"the naive model's"`
	ValMAE                   *float64 `json:"val_mae,omitempty" olap:"2" doc:"mean absolute error on the validation part"`
	ValNaiveMAE              *float64 `json:"val_naive_mae,omitempty" olap:"2" doc:"the naive model's"`
	TestMAE                  *float64 `json:"test_mae,omitempty" olap:"2" doc:"mean absolute error on the test part, never rewarded"`
	TestNaiveMAE             *float64 `json:"test_naive_mae,omitempty" olap:"2" doc:"the naive model's"`
	Generation               *int64   `json:"generation,omitempty" olap:"csv" doc:"of the search"`
	Stage                    *int64   `json:"stage,omitempty" olap:"csv" doc:"of a search in stages"`
	TotalStages              *int64   `json:"total_stages,omitempty" olap:"csv" doc:"stages of the search"`
	StageName                *string  `json:"stage_name,omitempty" olap:"csv" doc:"name of the stage"`
	GenInStage               *int64   `json:"gen_in_stage,omitempty" olap:"csv" doc:"generation within the stage"`
	NGenerationsStage        *int64   `json:"n_generations_stage,omitempty" olap:"csv" doc:"generations of the stage"`
	NGenerationsTotal        *int64   `json:"n_generations_total,omitempty" olap:"csv" doc:"generations of all stages"`
	TotalCandidatesEvaluated *int64   `json:"total_candidates_evaluated,omitempty" olap:"csv" doc:"evaluations since the start of the search"`
	PopulationSize           *int64   `json:"population_size,omitempty" olap:"csv" doc:"individuals of the generation"`
	NoImproveCounter         *int64   `json:"no_improve_counter,omitempty" olap:"csv" doc:"generations since the last improvement"`
	OptimizationPatience     *int64   `json:"optimization_patience,omitempty" olap:"csv" doc:"generations without improvement that end the search"`
	AvgFitness               *float64 `json:"avg_fitness,omitempty" olap:"csv" doc:"mean fitness of the generation"`
	BestFitnessGen           *float64 `json:"best_fitness_gen,omitempty" olap:"csv" doc:"best fitness of the generation"`
	NEATSpeciesCount         *int64   `json:"neat_species_count,omitempty" olap:"csv" doc:"species of a NEAT search"`
	NEATAvgComplexity        *float64 `json:"neat_avg_complexity,omitempty" olap:"csv" doc:"mean size of a NEAT search's networks"`
}

// DetailsOf picks the details out of a round's metrics by their column names. A value of another
// kind, or a number that is not finite, stays in the metrics but has no column.
func DetailsOf(metrics *canon.Object) (d Details) {
	fields := reflect.ValueOf(&d).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		v, _ := metrics.Get(name)
		switch to := fields.Field(i).Addr().Interface().(type) {
		case **float64:
			*to = detailFloat(v)
		case **int64:
			*to = detailInt(v)
		case **string:
			if s, ok := v.(string); ok {
				*to = &s
			}
		}
	}
	return d
}

func detailFloat(v any) *float64 {
	switch v := v.(type) {
	case float64:
		if isFinite(&v) {
			return &v
		}
	case int64:
		return Float(float64(v))
	}
	return nil
}

func detailInt(v any) *int64 {
	switch v := v.(type) {
	case int64:
		return &v
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return Int(int64(v))
		}
	}
	return nil
}
