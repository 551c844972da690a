package protocol

import (
	"doin.network/node/chain"
	"doin.network/node/chain/state"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
)

// Effect is something the node must do, or is told.
type Effect interface{ effect() }

// Broadcast sends a message of this node to every peer.
type Broadcast struct{ Message *chain.Message }

// Send sends a message of this node to one peer.
type Send struct {
	Peer    string
	Message *chain.Message
}

// Evaluate asks for the run of a claim: its trainings with all seeds; its answer is an Evaluated with the same Job.
type Evaluate struct {
	Job    int64
	Domain string
	Recipe
	// Base is what the claim is to be compared with, case by case; nil: the domain's baseline.
	Base      *Recipe
	Synthetic *Synthetic // nil: no synthetic scores are wanted
	// Own is whether the run confirms a claim of this node; else it verifies somebody's.
	Own bool
}

// Stamp asks for work: the first number from 0 on of which Good is true. Its answer is a Stamped with the same Job. Good is pure and safe
// for any goroutine.
type Stamp struct {
	Job  int64
	Good func(nonce int64) bool
}

// Recipe is what a claim trains, and with which seeds, at least one.
type Recipe struct {
	Parameters *canon.Object
	Seeds      []uint64
}

// Synthetic says on which data challenger and incumbent are to be scored. A nil Incumbent is the naive model.
type Synthetic struct {
	Seed      uint32
	Incumbent *Recipe
}

// Outcome is the result of a claim's run; Performance is higher-is-better, the scores are errors ≥ 0. A run that diverged has
// none: it is an ErrRefused.
type Outcome struct {
	Performance float64
	Digest      string
	// Sums are those of the comparison with the base; zero for a domain without cases.
	Sums              chain.Sums
	Metrics           *canon.Object
	SyntheticScore    float64
	IncumbentScore    float64
	SyntheticDataHash string
}

// Commit stores blocks. Everything above Ancestor is replaced by them, in one step, before any other effect of the same
// Step is carried out; if that fails the node must try again or stop.
type Commit struct {
	Ancestor int64
	Entries  []Entry        // at least one
	Dropped  []*chain.Block // ours until now, ascending; empty unless it is a reorganisation
}

// Entry is one block to store with what was derived from it.
type Entry struct {
	Block *chain.Block
	// State and Receipts are stored beside the block, in the machine's own encoding; nil for none.
	State, Receipts []byte
	// Earned is what the block paid this node, in base units; 0 where the chain keeps no accounts.
	Earned int64
}

// Persist is what a machine of a certified chain has promised: it is on the disk before any other effect of the same Step is carried
// out, those of a Commit too; if that fails the node must try again or stop.
type Persist struct {
	Blocks []Certified
	// Final are blocks that are final; others of their heights may be forgotten. Their data are not set.
	Final []Certified
	// Notes are records of the machine's own, written after the blocks. A nil value deletes one.
	Notes []Note
	// State is a hashed state to store, nil for none. It comes last.
	State *Snapshot
}

// Snapshot is the hashed state after a final block, and the notes that speak of it: both are on the disk, or neither is, and a
// nil value deletes a note. States of earlier blocks may be forgotten then. Nobody but who stores it uses Tree and Base meanwhile.
type Snapshot struct {
	Block, Parent [32]byte // Parent: the block of the last snapshot, zero before there is one
	Tree, Base    *state.Tree
	Notes         []Note
}

// Certified is a block of a certified chain, in its encoding.
type Certified struct {
	Height int64
	ID     [32]byte
	Data   []byte
}

// Note is a small record by a name.
type Note struct {
	Name  string
	Value []byte
}

// Fetch asks for a peer's chain, because it announced a block that this node does not have.
type Fetch struct {
	Peer   string
	Height int64
	Hash   string
}

// BlocksResult answers Blocks: Err nil means the branch is now our chain, or was, or is not preferred. Errors that a peer is
// to blame for match ErrBlock.
type BlocksResult struct {
	From    string
	Adopted bool
	Err     error
}

// SubmitResult answers Submit, Vote and a refused Infer.
type SubmitResult struct{ Err error }

// TaskResult answers ClaimTask and CompleteTask, and Infer where inferences are queued for others.
type TaskResult struct {
	Task  task.Task
	Block bool // a block was made
	Err   error
}

// Stage is how far a proposal has come.
type Stage string

// The stages; see the package's picture.
const (
	Confirmed  Stage = "confirmed"
	Committed  Stage = "committed"
	Revealed   Stage = "revealed"
	Failed     Stage = "failed"
	Withdrawn  Stage = "withdrawn"
	Accepted   Stage = "accepted"
	Rejected   Stage = "rejected"
	Superseded Stage = "superseded"
	Expired    Stage = "expired"
)

// Final reports whether nothing follows the stage.
func (s Stage) Final() bool {
	switch s {
	case Confirmed, Committed, Revealed:
		return false
	}
	return true
}

// Claim says that a proposal of this node has reached a stage.
type Claim struct {
	Domain   string
	Proposal int64
	Stage    Stage
	// OptimaeID is the commitment, or the name that the network gives the claim; "" before there is one.
	OptimaeID string
	// Base is the optimae that the claim improves on, as far as is known at the stage; final from Revealed on. "" for a domain
	// without one.
	Base string
	// Outcome is that of the confirming run; nil until Confirmed, and if it failed.
	Outcome *Outcome
	// Reason says why, in words, for Failed, Withdrawn, Rejected, Superseded and Expired.
	Reason string
}

// Decided says that the chain's pending or stored records decide a claim, whoever made it and whoever assembled the record.
// It comes once for each claim that this node knows or finds in a block.
type Decided struct {
	Domain, OptimaeID, OptimizerID string
	Accepted                       bool
	Performance                    float64
	// Solo marks an acceptance whose only evaluator is its own author.
	Solo bool
}

// Migrant is a champion of another node, trained again by this one with the same result. It comes as soon as it is known.
type Migrant struct {
	Domain, OptimaeID, OptimizerID string
	Parameters                     *canon.Object
	Performance                    float64
	Metrics                        *canon.Object
}

// Champion says what answers a domain's inferences from now on: the verified champion of the chain or, while there is none or
// nobody could verify a better one, the best that this node has confirmed itself.
type Champion struct {
	Domain, OptimaeID, OptimizerID string
	Recipe
	Performance float64
	Digest      string
	// Sums are those of its comparison with the base that it was claimed on.
	Sums     chain.Sums
	Metrics  *canon.Object
	Verified bool
	// Solo marks a verified one whose only evaluator is its own author.
	Solo bool
}

// Inference asks for a forecast; its answer is an Inferred. Verified and Solo are those of the model's [Champion].
type Inference struct {
	TaskID    string
	Domain    string
	OptimaeID string
	Recipe
	Input    *canon.Object
	Wanted   string
	Verified bool
	Solo     bool
}

// AnchorDue asks for the block to be anchored outside.
type AnchorDue struct {
	Height int64
	Hash   string
}

// Penalize says that somebody sent, in a peer's name, what no honest node sends. Signed is whether it was the peer: without a
// signature anybody can have been it.
type Penalize struct {
	Peer, Reason string
	Signed       bool
}

// Notice is worth a log line, of the level "debug" or "warn" where that is set, else "info". Args are key and value pairs.
type Notice struct {
	Debug, Warn bool
	Text        string
	Args        []any
}

func (Broadcast) effect()    {}
func (Send) effect()         {}
func (Evaluate) effect()     {}
func (Stamp) effect()        {}
func (Commit) effect()       {}
func (Persist) effect()      {}
func (Fetch) effect()        {}
func (BlocksResult) effect() {}
func (SubmitResult) effect() {}
func (TaskResult) effect()   {}
func (Claim) effect()        {}
func (Decided) effect()      {}
func (Migrant) effect()      {}
func (Champion) effect()     {}
func (Inference) effect()    {}
func (AnchorDue) effect()    {}
func (Penalize) effect()     {}
func (Notice) effect()       {}
