// Package python holds the formulas of the Python reference in double precision: what its
// nodes compute, quirks included. It is used only when a node runs with security "reference",
// in a network mixed with Python nodes, and is never reached by the strict rules of
// chain/consensus, which use integers and other formulas.
//
// Every file is one mechanism, and is bound bit for bit by the golden vectors of the same name
// (reputation and the logarithmic reputation factor, which depend on a math library, to 1e-12):
//
//	proof.go             consensus.md §1    block trigger         poo_accumulate, poo_threshold_adjust
//	difficulty.go        consensus.md §2    threshold control     difficulty
//	weights.go           consensus.md §3    domain weights        vuw_weights
//	incentives.go        consensus.md §4    reward fractions      incentives
//	forkchoice.go        consensus.md §5    chain score           fork_choice
//	finality.go          consensus.md §6    checkpoints           finality
//	anchor.go            consensus.md §6    external anchors      finality
//	seed.go              consensus.md §7    seed declaration      seed_validation
//	quorum.go            consensus.md §8    selection and votes   quorum_selection
//	decision.go          consensus.md §8    verdict               quorum_decision
//	quorumsize.go        consensus.md §9    dynamic size          dynamic_quorum
//	reputation.go        consensus.md §10   scores                reputation
//	commitreveal.go      consensus.md §11   commitments           commit_reveal
//	bounds.go            consensus.md §12   bounds and limits     bounds
//	coinbase.go          consensus.md §13   issue of coins        coin
//	accounts.go          consensus.md §13   balances              coin
//	feemarket.go         consensus.md §14   base fee and stakes   fee_market
//	feepool.go           consensus.md §14   pending by fee        fee_market
//	metrics.go           olap.md §6         on-chain metrics      chain_metrics
//	append.go            wire.md §3.4       append check          chain_validation
//
// The types are the state of one node: owned by its event loop, not safe for concurrent use.
// Nothing here reads a clock; time arrives as Unix seconds in a float64, which is what the
// reference computes with. Products that are added to something are converted explicitly, so
// that no architecture fuses them, and sums of lists follow sum below.
package python
