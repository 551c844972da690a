package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
)

// Event is something that happened to the node. Times are the now of Step.
type Event interface{ event() }

// Tick lets time pass and says who the peers are, for the draw of quorums. Ten a second are plenty.
type Tick struct{ Peers []string }

// Received is a message of a peer, past the network layer's checks. The sender is who it says.
type Received struct{ Message *chain.Message }

// Propose ends the search part of a domain's round. Parameters is what to confirm and announce, nil if the search has
// nothing to offer. Experiment, which may be nil, goes to the end of the acceptance.
type Propose struct {
	Domain     string
	Parameters *canon.Object
	Nonce      [16]byte
	Experiment *canon.Object
}

// Evaluated answers an Evaluate effect. Err is nil, ErrAbstain, ErrInvalid (both possibly wrapped) or anything else,
// which means: not now.
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

// ClaimTask leases a pending task to an evaluator.
type ClaimTask struct{ TaskID, EvaluatorID string }

// CompleteTask is POST /tasks/complete.
type CompleteTask struct {
	TaskID, EvaluatorID string
	Verified            *float64
	Result              *canon.Object
}

// Infer queues an inference for whoever serves them.
type Infer struct {
	Domain, ClientID string
	Input            *canon.Object
}

func (Tick) event()         {}
func (Received) event()     {}
func (Propose) event()      {}
func (Evaluated) event()    {}
func (Blocks) event()       {}
func (ClaimTask) event()    {}
func (CompleteTask) event() {}
func (Infer) event()        {}

// Effect is something the node must do.
type Effect interface{ effect() }

// Broadcast sends a message of this node to every peer.
type Broadcast struct{ Message *chain.Message }

// Send sends a message of this node to one peer.
type Send struct {
	Peer    string
	Message *chain.Message
}

// Evaluate asks for one training; its answer is an Evaluated with the same Job.
type Evaluate struct {
	Job        int64
	Domain     string
	Parameters *canon.Object
	Seed       uint64
	Synthetic  *uint32 // seed of the synthetic data to measure on as well; nil: none
	Confirm    bool    // the node's own confirming run
}

// Outcome is the result of one training, higher is better.
type Outcome struct {
	Performance float64
	// Synthetic is the performance on the synthetic data that were asked for, SyntheticHash their hash.
	Synthetic     *float64
	SyntheticHash string
	Metrics       *canon.Object
}

// Commit stores blocks. Everything above Ancestor is replaced by them, in one step, before any other effect of the same
// Step is carried out; if that fails the node must try again or stop.
type Commit struct {
	Ancestor int64
	Blocks   []*chain.Block
	Dropped  []*chain.Block // ours until now, ascending; empty unless it is a reorganisation
	Own      bool           // made by this node
}

// Fetch asks for a peer's chain, because it announced a block that this node does not have.
type Fetch struct {
	Peer   string
	Height int64
	Hash   string
}

// BlocksResult answers Blocks: Err nil means that the branch is our chain now.
type BlocksResult struct {
	From string
	Err  error
}

// TaskResult answers ClaimTask, CompleteTask and Infer.
type TaskResult struct {
	Task  task.Task
	Block bool // a block was made
	Err   error
}

// RoundDone ends a domain's round. Immigrants were trained here and enter the next generation.
type RoundDone struct {
	Domain     string
	Confirmed  *float64 // higher is better; nil if nothing was proposed or the run failed
	Announced  bool
	Immigrants []Immigrant
}

// Immigrant is a result of another node, trained again by this one; higher is better.
type Immigrant struct {
	Parameters  *canon.Object
	Performance float64
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
func (Commit) effect()       {}
func (Fetch) effect()        {}
func (BlocksResult) effect() {}
func (TaskResult) effect()   {}
func (RoundDone) effect()    {}
func (AnchorDue) effect()    {}
func (Penalize) effect()     {}
func (Notice) effect()       {}
