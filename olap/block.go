package olap

// Block is a row of fact_block: a block of our chain.
type Block struct {
	Height       int64   `json:"block_height" olap:"8,key" doc:"0 is the genesis block"`
	Hash         string  `json:"block_hash" olap:"8,notnull" doc:"SHA-256 of its header"`
	Previous     string  `json:"previous_hash" olap:"8,notnull" doc:"hash of the block below"`
	Timestamp    string  `json:"block_timestamp" olap:"8,notnull,time" doc:"as its generator says"`
	Generator    string  `json:"generator_id" olap:"8,notnull" doc:"peer id of who made it"`
	Transactions int64   `json:"transactions" olap:"8" doc:"how many it holds"`
	Weight       float64 `json:"weighted_performance_sum" olap:"8" doc:"of its accepted claims"`
	Threshold    float64 `json:"threshold" olap:"8" doc:"that the sum had to reach"`
	Reward       *int64  `json:"reward,omitempty" olap:"8" doc:"minted by it, in base units"`
	Fees         *int64  `json:"fees,omitempty" olap:"8" doc:"paid in it, in base units"`
	Supply       *int64  `json:"supply,omitempty" olap:"8" doc:"of all money after it, in base units; NULL where it was not told"`
	IngestedAt   string  `json:"ingested_at,omitempty" olap:"8,time" doc:"when the row was made"`

	// What the other tables of the chain hold of it.
	Decisions []Decision `json:"decisions,omitempty" olap:"-"`
	Votes     []Vote     `json:"votes_on_them,omitempty" olap:"-"`
	Money     []Money    `json:"money,omitempty" olap:"-"`
	Nodes     []NodeInfo `json:"nodes,omitempty" olap:"-"`
}

// Decision is a row of fact_decision: what the chain decided on a claim of anybody's, for it or against.
type Decision struct {
	OptimaeID   string   `json:"optimae_id" olap:"8,key" doc:"the claim's commitment"`
	DomainID    string   `json:"domain_id" olap:"8,notnull" doc:"domain of the transaction"`
	OptimizerID string   `json:"optimizer_id" olap:"8,notnull" doc:"peer id of who claimed"`
	Accepted    bool     `json:"accepted" olap:"8,notnull" doc:"whether a quorum agreed"`
	Reason      string   `json:"reason,omitempty" olap:"8" doc:"why not, as the transaction says"`
	Reported    *float64 `json:"reported_performance,omitempty" olap:"8" doc:"as claimed"`
	Verified    *float64 `json:"verified_performance,omitempty" olap:"8" doc:"as the quorum found it"`
	Base        string   `json:"base,omitempty" olap:"8" doc:"the optimae it improves on"`
	Digest      string   `json:"digest,omitempty" olap:"8" doc:"of the recipe's training"`
	Agree       int64    `json:"votes_agree" olap:"8,default=0" doc:"votes for it"`
	Votes       int64    `json:"votes" olap:"8,default=0" doc:"votes on it"`
	TxID        string   `json:"tx_id" olap:"8,notnull" doc:"of the decision"`
	BlockHeight int64    `json:"block_height" olap:"8,notnull" doc:"of the block that holds it"`
	BlockTime   string   `json:"block_timestamp" olap:"8,notnull,time" doc:"of that block"`
}

// Vote is a row of fact_vote: what an evaluator found of a claim, as the chain has it.
type Vote struct {
	OptimaeID   string   `json:"optimae_id" olap:"8,key" doc:"the claim's commitment"`
	EvaluatorID string   `json:"evaluator_id" olap:"8,key" doc:"peer id of who trained it again"`
	DomainID    string   `json:"domain_id" olap:"8,notnull" doc:"domain of the claim"`
	Agree       bool     `json:"agree" olap:"8,notnull" doc:"whether its training had the digest that was claimed"`
	Performance *float64 `json:"performance,omitempty" olap:"8" doc:"as it found it"`
	Digest      string   `json:"digest,omitempty" olap:"8" doc:"of its training"`
	TxID        string   `json:"tx_id" olap:"8,notnull" doc:"of the decision that holds it"`
	BlockHeight int64    `json:"block_height" olap:"8,notnull" doc:"of the block that holds it"`
	BlockTime   string   `json:"block_timestamp" olap:"8,notnull,time" doc:"of that block"`
}

// Money is a row of fact_money: base units that a block paid to a peer or took from one.
type Money struct {
	BlockHeight int64  `json:"block_height" olap:"8,key" doc:"of the block"`
	Index       int64  `json:"entry" olap:"8,key" doc:"from 0 within the block"`
	PeerID      string `json:"peer_id" olap:"8,notnull" doc:"whose balance changed"`
	Kind        string `json:"kind" olap:"8,notnull" doc:"what for: reward, transfer, fee and so on"`
	Amount      int64  `json:"amount" olap:"8,notnull" doc:"in base units, below 0 for what was taken"`
	DomainID    string `json:"domain_id,omitempty" olap:"8" doc:"the domain it was earned in"`
	TxID        string `json:"tx_id,omitempty" olap:"8" doc:"the transaction that moved it"`
	BlockTime   string `json:"block_timestamp" olap:"8,notnull,time" doc:"of that block"`
}
