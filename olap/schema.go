package olap

// Schema versions. Versions 1 to 3 are the reference's; later ones add our columns and tables and change none:
//
//	4  seeds, data and network, evaluations, digests, what the chain decided
//	5  the device's readings
//	6  fact_claim, the recipe of a digest, whether the champion is verified
//	7  what a claim's comparison with its base adds up to, confirmed values in the summary
//	8  trials with parameters and curves, generations, migrations; runs, configurations, nodes, devices; blocks, decisions,
//	   votes and money of the chain; when a claim's earlier steps were
const (
	ReferenceVersion = 3
	SchemaVersion    = 8
)

// The tables of the star schema.
var (
	DomainTable     = newTable[Domain]("dim_domain")
	ExperimentTable = newTable[Experiment]("dim_experiment", Index{"idx_dim_experiment_domain", "domain_id"})
	RoundTable      = newTable[Round]("fact_round",
		Index{"idx_fact_round_experiment", "experiment_id"},
		Index{"idx_fact_round_domain", "domain_id"},
		Index{"idx_fact_round_timestamp", "timestamp_utc"},
		Index{"idx_fact_round_performance", "performance"})
	SummaryTable = newTable[Summary]("fact_experiment_summary", Index{"idx_fact_summary_domain", "domain_id"})
	ClaimTable   = newTable[Claim]("fact_claim",
		Index{"idx_fact_claim_experiment", "experiment_id"},
		Index{"idx_fact_claim_optimae", "optimae_id"})
	ConfigurationTable = newTable[Configuration]("dim_configuration")
	RunTable           = newTable[Run]("dim_run")
	NodeTable          = newTable[NodeInfo]("dim_node")
	DeviceTable        = newTable[Device]("dim_device")
	GenerationTable    = newTable[Generation]("fact_generation",
		Index{"idx_fact_generation_experiment", "experiment_id, round_number"})
	TrialTable = newTable[Trial]("fact_trial",
		Index{"idx_fact_trial_experiment", "experiment_id, trial_number"},
		Index{"idx_fact_trial_score", "experiment_id, score"},
		Index{"idx_fact_trial_run", "run_id"})
	ParamTable     = newTable[Param]("fact_param")
	CurveTable     = newTable[Curve]("fact_curve")
	MigrationTable = newTable[Migration]("fact_migration",
		Index{"idx_fact_migration_experiment", "experiment_id"},
		Index{"idx_fact_migration_optimae", "optimae_id"})
	BlockTable    = newTable[Block]("fact_block")
	DecisionTable = newTable[Decision]("fact_decision",
		Index{"idx_fact_decision_domain", "domain_id, block_height"})
	VoteTable = newTable[Vote]("fact_vote",
		Index{"idx_fact_vote_evaluator", "evaluator_id"},
		Index{"idx_fact_vote_height", "block_height"})
	MoneyTable = newTable[Money]("fact_money",
		Index{"idx_fact_money_peer", "peer_id"})
	ChainOptimaeTable = newTable[ChainOptimae]("fact_chain_optimae",
		Index{"idx_chain_optimae_domain", "domain_id"},
		Index{"idx_chain_optimae_experiment", "experiment_id"})
)

// Tables returns the tables, each after those it refers to. The caller must not modify what they point to.
func Tables() []*Table {
	return []*Table{
		DomainTable, ExperimentTable, RoundTable, SummaryTable, ClaimTable, ChainOptimaeTable,
		ConfigurationTable, RunTable, NodeTable, DeviceTable,
		GenerationTable, TrialTable, ParamTable, CurveTable, MigrationTable,
		BlockTable, DecisionTable, VoteTable, MoneyTable,
	}
}
