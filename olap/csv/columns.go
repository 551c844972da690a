package csv

import (
	"strconv"
	"strings"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// reference are the columns of the reference, in its order. Each is the column of that name of fact_round or, where it has
// none, of dim_experiment; see renamed and rounded.
var reference = strings.Fields(`
	experiment_id round_id domain_id node_id timestamp_utc wall_clock_seconds experiment_start_utc
	time_to_current_best_seconds time_to_target_seconds total_rounds round_number performance best_performance
	target_performance performance_delta converged parameters best_parameters optimization_config param_bounds hostname
	optimizer_plugin performance_metric metric_schema higher_is_better doin_version chain_height peers_count
	block_reward_earned train_mae train_naive_mae val_mae val_naive_mae test_mae test_naive_mae generation stage total_stages
	stage_name gen_in_stage n_generations_stage n_generations_total total_candidates_evaluated population_size
	no_improve_counter optimization_patience avg_fitness best_fitness_gen neat_species_count neat_avg_complexity metrics`)

// renamed are the columns that the tables have under another name.
var renamed = map[string]string{"experiment_start_utc": "started_at", "total_rounds": "round_number"}

// rounded are the columns that the file has rounded to 6 decimals.
var rounded = map[string]bool{
	"wall_clock_seconds": true, "time_to_current_best_seconds": true, "time_to_target_seconds": true, "performance_delta": true,
}

// column is one column of the file.
type column struct {
	name         string
	source       *olap.Column
	ofExperiment bool // source is of dim_experiment
	rounded      bool
}

// columns returns the reference's columns and, with extra, behind them those that fact_round has of our own.
func columns(extra bool) []column {
	names := reference
	if extra {
		own := olap.RoundTable.Names(olap.SchemaVersion)[len(olap.RoundTable.Names(olap.ReferenceVersion)):]
		names = append(names[:len(names):len(names)], own...)
	}
	all := make([]column, len(names))
	for i, name := range names {
		source := name
		if other, ok := renamed[name]; ok {
			source = other
		}
		c := column{name: name, source: olap.RoundTable.Column(source), rounded: rounded[name]}
		if c.source == nil {
			c.source, c.ofExperiment = olap.ExperimentTable.Column(source), true
		}
		all[i] = c
	}
	return all
}

// Columns returns the names of the columns, in order.
func Columns(extra bool) []string {
	var names []string
	for _, c := range columns(extra) {
		names = append(names, c.name)
	}
	return names
}

// cell returns the column's value for a round.
func (c *column) cell(r *olap.Round, e *olap.Experiment) any {
	var v any
	if c.ofExperiment {
		v = c.source.Value(e)
	} else {
		v = c.source.Value(r)
	}
	if x, ok := v.(float64); ok && c.rounded {
		return olap.RoundDecimals(x, 6)
	}
	return v
}

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

// appendCell appends v as the reference's language prints it; nil is empty.
func appendCell(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(dst, v)
	case bool:
		if v {
			return append(dst, "True"...)
		}
		return append(dst, "False"...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float64:
		return canon.AppendFloat(dst, v)
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
