package olap

// Type is the kind of value a column holds. The value itself, as Row.Values returns it, is nil
// or the Go type named here.
type Type uint8

// The column types.
const (
	Text       Type = iota // string
	Integer                // int64
	Real                   // float64
	Boolean                // bool
	Structured             // string: the text of one JSON value
)

// Column is one column of a table.
type Column struct {
	Name    string
	Type    Type
	Key     bool   // the primary key; every table has exactly one, and it is the first column
	NotNull bool   // never nil
	Default string // SQL literal a new or migrated row gets where no value is given; "" for none
	Ref     string // the table whose primary key this column names, or ""
	Since   int    // schema version that brought the column, 1 to SchemaVersion
}

// Index is a secondary index over one column.
type Index struct {
	Name, Column string
}

// Table is one table of the star schema.
type Table struct {
	Name    string
	Columns []Column // the reference's, in its order, then ours
	Indexes []Index
}

// Schema versions. Versions 1 to 3 are the reference's; 4 to 6 add our columns and change none.
const (
	ReferenceVersion = 3
	SchemaVersion    = 6
)

// The six tables of the schema, in an order in which references point backwards.
var (
	DomainTable = Table{
		Name: "dim_domain",
		Columns: []Column{
			{Name: "domain_id", Type: Text, Key: true, Since: 1},
			{Name: "domain_type", Type: Text, Since: 1},
			{Name: "description", Type: Text, Since: 1},
		},
	}
	ExperimentTable = Table{
		Name: "dim_experiment",
		Columns: []Column{
			{Name: "experiment_id", Type: Text, Key: true, Since: 1},
			{Name: "domain_id", Type: Text, NotNull: true, Since: 1},
			{Name: "node_id", Type: Text, NotNull: true, Since: 1},
			{Name: "hostname", Type: Text, Since: 1},
			{Name: "optimizer_plugin", Type: Text, Since: 1},
			{Name: "performance_metric", Type: Text, Since: 3},
			{Name: "metric_schema", Type: Text, Since: 3},
			{Name: "higher_is_better", Type: Boolean, Default: "TRUE", Since: 3},
			{Name: "optimization_config", Type: Structured, Since: 1},
			{Name: "param_bounds", Type: Structured, Since: 1},
			{Name: "target_performance", Type: Real, Since: 1},
			{Name: "started_at", Type: Text, Since: 1},
			{Name: "finished_at", Type: Text, Since: 1},
			{Name: "converged", Type: Boolean, Default: "FALSE", Since: 1},
			{Name: "doin_version", Type: Text, Since: 1},
			{Name: "seed", Type: Text, Since: 4},
			{Name: "data_hash", Type: Text, Since: 4},
			{Name: "network_id", Type: Text, Since: 4},
		},
		Indexes: []Index{{"idx_dim_experiment_domain", "domain_id"}},
	}
	RoundTable = Table{
		Name: "fact_round",
		Columns: []Column{
			{Name: "round_id", Type: Text, Key: true, Since: 1},
			{Name: "experiment_id", Type: Text, NotNull: true, Ref: "dim_experiment", Since: 1},
			{Name: "domain_id", Type: Text, NotNull: true, Since: 1},
			{Name: "round_number", Type: Integer, NotNull: true, Since: 1},
			{Name: "timestamp_utc", Type: Text, NotNull: true, Since: 1},
			{Name: "performance", Type: Real, NotNull: true, Since: 1},
			{Name: "best_performance", Type: Real, Since: 1},
			{Name: "performance_delta", Type: Real, Since: 1},
			{Name: "is_improvement", Type: Boolean, Since: 1},
			{Name: "parameters", Type: Structured, Since: 1},
			{Name: "best_parameters", Type: Structured, Since: 1},
			{Name: "wall_clock_seconds", Type: Real, Since: 1},
			{Name: "elapsed_seconds", Type: Real, Since: 1},
			{Name: "time_to_current_best_seconds", Type: Real, Since: 1},
			{Name: "time_to_target_seconds", Type: Real, Since: 1},
			{Name: "chain_height", Type: Integer, Default: "0", Since: 1},
			{Name: "peers_count", Type: Integer, Default: "0", Since: 1},
			{Name: "block_reward_earned", Type: Real, Default: "0.0", Since: 1},
			{Name: "converged", Type: Boolean, Default: "FALSE", Since: 1},
			{Name: "train_mae", Type: Real, Since: 2},
			{Name: "train_naive_mae", Type: Real, Since: 2},
			{Name: "val_mae", Type: Real, Since: 2},
			{Name: "val_naive_mae", Type: Real, Since: 2},
			{Name: "test_mae", Type: Real, Since: 2},
			{Name: "test_naive_mae", Type: Real, Since: 2},
			{Name: "metric_schema", Type: Text, Since: 3},
			{Name: "metrics", Type: Structured, Since: 3},
			{Name: "evaluations", Type: Integer, Default: "0", Since: 4},
			{Name: "seed", Type: Text, Since: 4},
			{Name: "digest", Type: Text, Since: 4},
			{Name: "verified_best_performance", Type: Real, Since: 4},
			{Name: "accepted_count", Type: Integer, Default: "0", Since: 4},
			{Name: "rejected_count", Type: Integer, Default: "0", Since: 4},
			{Name: "immigrants_count", Type: Integer, Default: "0", Since: 4},
			{Name: "gpu_name", Type: Text, Since: 5},
			{Name: "gpu_utilization_percent", Type: Integer, Since: 5},
			{Name: "gpu_memory_used_bytes", Type: Integer, Since: 5},
			{Name: "gpu_temperature_celsius", Type: Integer, Since: 5},
			{Name: "gpu_power_watts", Type: Real, Since: 5},
			{Name: "gpu_clock_mhz", Type: Integer, Since: 5},
			{Name: "gpu_energy_joules", Type: Real, Since: 5},
			{Name: "digest_parameters", Type: Structured, Since: 6},
			{Name: "champion_verified", Type: Boolean, Since: 6},
		},
		Indexes: []Index{
			{"idx_fact_round_experiment", "experiment_id"},
			{"idx_fact_round_domain", "domain_id"},
			{"idx_fact_round_timestamp", "timestamp_utc"},
			{"idx_fact_round_performance", "performance"},
		},
	}
	SummaryTable = Table{
		Name: "fact_experiment_summary",
		Columns: []Column{
			{Name: "experiment_id", Type: Text, Key: true, Ref: "dim_experiment", Since: 1},
			{Name: "domain_id", Type: Text, NotNull: true, Since: 1},
			{Name: "total_rounds", Type: Integer, Since: 1},
			{Name: "final_performance", Type: Real, Since: 1},
			{Name: "best_performance", Type: Real, Since: 1},
			{Name: "time_to_target_seconds", Type: Real, Since: 1},
			{Name: "total_elapsed_seconds", Type: Real, Since: 1},
			{Name: "converged", Type: Boolean, Since: 1},
			{Name: "rounds_to_convergence", Type: Integer, Since: 1},
			{Name: "node_id", Type: Text, Since: 1},
			{Name: "hostname", Type: Text, Since: 1},
			{Name: "evaluations", Type: Integer, Default: "0", Since: 4},
		},
		Indexes: []Index{{"idx_fact_summary_domain", "domain_id"}},
	}
	ClaimTable = Table{
		Name: "fact_claim",
		Columns: []Column{
			{Name: "claim_event_id", Type: Text, Key: true, Since: 6},
			{Name: "experiment_id", Type: Text, NotNull: true, Ref: "dim_experiment", Since: 6},
			{Name: "domain_id", Type: Text, NotNull: true, Since: 6},
			{Name: "proposal", Type: Integer, NotNull: true, Since: 6},
			{Name: "round_number", Type: Integer, NotNull: true, Since: 6},
			{Name: "optimae_id", Type: Text, Since: 6},
			{Name: "base", Type: Text, Since: 6},
			{Name: "stage", Type: Text, NotNull: true, Since: 6},
			{Name: "timestamp_utc", Type: Text, NotNull: true, Since: 6},
			{Name: "elapsed_seconds", Type: Real, Since: 6},
			{Name: "performance", Type: Real, Since: 6},
			{Name: "verified", Type: Boolean, Since: 6},
			{Name: "reason", Type: Text, Since: 6},
		},
		Indexes: []Index{{"idx_fact_claim_experiment", "experiment_id"}, {"idx_fact_claim_optimae", "optimae_id"}},
	}
	ChainOptimaeTable = Table{
		Name: "fact_chain_optimae",
		Columns: []Column{
			{Name: "optimae_id", Type: Text, Key: true, Since: 1},
			{Name: "domain_id", Type: Text, NotNull: true, Since: 1},
			{Name: "optimizer_id", Type: Text, NotNull: true, Since: 1},
			{Name: "experiment_id", Type: Text, Since: 1},
			{Name: "round_number", Type: Integer, Since: 1},
			{Name: "parameters", Type: Structured, Since: 1},
			{Name: "reported_performance", Type: Real, Since: 1},
			{Name: "verified_performance", Type: Real, Since: 1},
			{Name: "effective_increment", Type: Real, Since: 1},
			{Name: "time_to_this_result_seconds", Type: Real, Since: 1},
			{Name: "optimization_config_hash", Type: Text, Since: 1},
			{Name: "data_hash", Type: Text, Since: 1},
			{Name: "previous_best_performance", Type: Real, Since: 1},
			{Name: "reward_fraction", Type: Real, Since: 1},
			{Name: "quorum_agree_fraction", Type: Real, Since: 1},
			{Name: "block_height", Type: Integer, NotNull: true, Since: 1},
			{Name: "block_timestamp", Type: Text, NotNull: true, Since: 1},
			{Name: "ingested_at", Type: Text, NotNull: true, Since: 1},
			{Name: "block_hash", Type: Text, Since: 4},
			{Name: "tx_id", Type: Text, Since: 4},
			{Name: "digest", Type: Text, Since: 4},
		},
		Indexes: []Index{
			{"idx_chain_optimae_domain", "domain_id"},
			{"idx_chain_optimae_experiment", "experiment_id"},
		},
	}
)

// Tables returns the six tables, each after those it refers to. The caller must not modify
// what the tables point to.
func Tables() []*Table {
	return []*Table{&DomainTable, &ExperimentTable, &RoundTable, &SummaryTable, &ClaimTable, &ChainOptimaeTable}
}

// Since is the schema version that brought the table.
func (t *Table) Since() int { return t.Columns[0].Since }

// Names returns the names of the columns that version knows, in order.
func (t *Table) Names(version int) []string {
	names := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns {
		if c.Since <= version {
			names = append(names, c.Name)
		}
	}
	return names
}
