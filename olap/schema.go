package olap

// Schema versions. Versions 1 to 3 are the reference's; later ones add our columns and tables and change none:
//
//	4  seeds, data and network, evaluations, digests, what the chain decided
//	5  the device's readings
//	6  fact_claim, the recipe of a digest, whether the champion is verified
//	7  what a claim's comparison with its base adds up to, confirmed values in the summary
const (
	ReferenceVersion = 3
	SchemaVersion    = 7
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
	ChainOptimaeTable = newTable[ChainOptimae]("fact_chain_optimae",
		Index{"idx_chain_optimae_domain", "domain_id"},
		Index{"idx_chain_optimae_experiment", "experiment_id"})
)

// Tables returns the tables, each after those it refers to. The caller must not modify what they point to.
func Tables() []*Table {
	return []*Table{DomainTable, ExperimentTable, RoundTable, SummaryTable, ClaimTable, ChainOptimaeTable}
}
