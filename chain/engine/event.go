package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

// Event is something that happened to the node. Times are the now of Step.
type Event interface{ event() }

// Tick lets time pass. Ten a second are plenty.
type Tick struct{}

// Received is a message of a peer whose signature and time window the network layer has verified.
type Received struct{ Message *chain.Message }

// Propose ends the search part of a domain's round. Parameters is the genome to confirm, nil if the search has
// nothing to offer; Nonce its 16 random bytes. Experiment holds the optimizer's on-chain metrics.
type Propose struct {
	Domain     string
	Parameters *canon.Object
	Nonce      [16]byte
	Experiment *canon.Object
}

// Evaluated answers an Evaluate effect. Err is nil, ErrAbstain, ErrInvalid (both possibly wrapped) or
// anything else, which means: not now.
type Evaluated struct {
	Job     int64
	Outcome Outcome
	Err     error
}

// Blocks is a branch fetched from a peer: consecutive blocks, the first of which follows a block of our chain.
type Blocks struct {
	From   string
	Blocks []*chain.Block
}

// Submit offers a transaction made by this node or given to its API.
type Submit struct{ Tx *chain.Tx }

// Vote offers a vote that came by another way than a message.
type Vote struct{ Vote *chain.Vote }

// Infer asks for a forecast by the domain's champion.
type Infer struct {
	Domain   string
	Input    *canon.Object
	ClientID string
	Wanted   string // the caller's handle, echoed in Inference
}

// Inferred answers an Inference effect.
type Inferred struct {
	TaskID string
	Result *canon.Object
	Err    error
}

// ClaimTask leases a pending task to an evaluator.
type ClaimTask struct {
	TaskID, EvaluatorID string
}

func (Tick) event()      {}
func (Received) event()  {}
func (Propose) event()   {}
func (Evaluated) event() {}
func (Blocks) event()    {}
func (Submit) event()    {}
func (Vote) event()      {}
func (Infer) event()     {}
func (Inferred) event()  {}
func (ClaimTask) event() {}

// Effect is something the node must do.
type Effect interface{ effect() }

// Broadcast sends a signed message to every peer.
type Broadcast struct{ Message *chain.Message }

// Evaluate asks for one training; its answer is an Evaluated with the same Job.
type Evaluate struct {
	Job        int64
	Domain     string
	Parameters *canon.Object
	Seed       uint64
	Synthetic  *Synthetic // nil: no vote is wanted
	Confirm    bool       // the node's own confirming run
}

// Synthetic says on which data challenger and incumbent are to be scored. A nil Incumbent is the naive forecast.
type Synthetic struct {
	Seed          uint32
	Incumbent     *canon.Object
	IncumbentSeed uint64
}

// Outcome is the result of one training. Scores are errors ≥ 0, lower is better.
type Outcome struct {
	Performance       float64
	Digest            string
	Metrics           *canon.Object
	SyntheticScore    float64
	IncumbentScore    float64
	SyntheticDataHash string
}

// Commit stores blocks. Everything above Ancestor is replaced by them, in one transaction, before any later
// effect is carried out; if that fails the node must try again or stop.
type Commit struct {
	Ancestor int64
	Entries  []Entry
	Dropped  []*chain.Block // ours until now, ascending; empty unless it is a reorganisation
}

// Entry is one stored block with what it did.
type Entry struct {
	Block    *chain.Block
	State    *consensus.State
	Receipts *consensus.Receipts
}

// Fetch asks for a peer's chain, because it announced a block that this node does not have.
type Fetch struct {
	Peer   string
	Height int64
	Hash   string
}

// BlocksResult answers Blocks: Err nil means the branch is now our chain, or was, or is not preferred.
type BlocksResult struct {
	From    string
	Adopted bool
	Err     error
}

// SubmitResult answers Submit, Vote, ClaimTask and a refused Infer.
type SubmitResult struct{ Err error }

// RoundDone ends a domain's round: the confirming run, if any, is over, its reveal is out, and every reveal that
// came before it has been re-evaluated. Immigrants are verified here and enter the next generation.
type RoundDone struct {
	Domain     string
	Confirmed  *Outcome // nil if nothing was proposed or the run failed
	Parameters *canon.Object
	Announced  bool // a commit and a reveal went out
	Immigrants []Immigrant
}

// Immigrant is a champion of another node, re-evaluated by this one.
type Immigrant struct {
	OptimaeID   string
	OptimizerID string
	Parameters  *canon.Object
	Performance float64
	Metrics     *canon.Object
}

// Inference asks for a forecast; its answer is an Inferred.
type Inference struct {
	TaskID     string
	Domain     string
	Parameters *canon.Object
	Seed       uint64
	Input      *canon.Object
	Wanted     string
}

// AnchorDue asks for the block to be anchored outside.
type AnchorDue struct {
	Height int64
	Hash   string
}

// Penalize says that a peer sent something no honest node sends.
type Penalize struct{ Peer, Reason string }

// Notice is worth a log line: level "info" or "warn", attributes as key and value pairs.
type Notice struct {
	Warn bool
	Text string
	Args []any
}

func (Broadcast) effect()    {}
func (Evaluate) effect()     {}
func (Commit) effect()       {}
func (Fetch) effect()        {}
func (BlocksResult) effect() {}
func (SubmitResult) effect() {}
func (RoundDone) effect()    {}
func (Inference) effect()    {}
func (AnchorDue) effect()    {}
func (Penalize) effect()     {}
func (Notice) effect()       {}
