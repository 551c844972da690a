package protocol

import (
	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Event is something that happened to the node. Times are the now of Step.
type Event interface{ event() }

// Tick lets time pass. Ten a second are plenty. Peers are the ids of those that are connected; the strict machine does not
// look at them. Syncing is whether the chain is being fetched, so that the tip is an old one.
type Tick struct {
	Peers   []string
	Syncing bool
}

// Received is a message of a peer that the network layer has verified. Payload is what the machine's own decoder made of it
// outside the event loop, nil if the machine has none.
type Received struct {
	Message *chain.Message
	Payload any
}

// Propose asks for one more claim of this node in a domain.
type Propose struct {
	Domain string
	// Proposal names it in Claim effects: the search's own number, above 0, never used twice.
	Proposal int64
	// Parameters is the recipe to confirm, Nonce the 16 random bytes of its commitment.
	Parameters *canon.Object
	Nonce      [16]byte
	// Experiment holds the optimizer's on-chain metrics, nil for none.
	Experiment *canon.Object
}

// Restore gives back, after a start, what a Champion effect of an earlier life of the node said: the domain's own unverified
// champion. It is the first event of its domain, if there is one.
type Restore struct{ Champion Champion }

// Synced says that the first exchange of chains with the peers is over: what is the chain's now is what the network has. It
// comes once, at the latest when a while has passed without a peer.
type Synced struct{}

// Connected says that a peer has become one, by the name that it is known by. The strict machine does not look at it.
type Connected struct{ Peer string }

// Evaluated answers an Evaluate effect. Err is nil, ErrAbstain, ErrRefused (both possibly wrapped) or anything else, which
// means: not now.
type Evaluated struct {
	Job     int64
	Outcome Outcome
	Err     error
}

// Stamped answers a Stamp effect.
type Stamped struct{ Job, Nonce int64 }

// Blocks is a branch fetched from a peer: consecutive blocks, the first of which follows a block of our chain.
type Blocks struct {
	From   string
	Blocks []*chain.Block
}

// Submit offers a transaction made by this node or given to its API. Payload is what the machine's own check made of it outside
// the event loop, nil if it has none: then the machine verifies it.
type Submit struct {
	Tx      *chain.Tx
	Payload any
}

// Vote offers a verified vote that came by another way than a message.
type Vote struct{ Vote *chain.Vote }

// Infer asks for a forecast by the domain's champion.
type Infer struct {
	Domain   string
	Input    *canon.Object
	ClientID string
	Wanted   string // the caller's handle, echoed in Inference
	// Free is whether who asks belongs to the node: it is answered without bound, and no chain hears of it.
	Free bool
}

// Inferred answers an Inference effect.
type Inferred struct {
	TaskID string
	Result *canon.Object
	Err    error
}

// ClaimTask leases a pending task to an evaluator.
type ClaimTask struct{ TaskID, EvaluatorID string }

// CompleteTask is an evaluator's answer to a task, of networks of Python nodes.
type CompleteTask struct {
	TaskID, EvaluatorID string
	Verified            *float64
	Result              *canon.Object
}

func (Tick) event()         {}
func (Received) event()     {}
func (Propose) event()      {}
func (Restore) event()      {}
func (Synced) event()       {}
func (Connected) event()    {}
func (Evaluated) event()    {}
func (Stamped) event()      {}
func (Blocks) event()       {}
func (Submit) event()       {}
func (Vote) event()         {}
func (Infer) event()        {}
func (Inferred) event()     {}
func (ClaimTask) event()    {}
func (CompleteTask) event() {}
