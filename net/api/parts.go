package api

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

var (
	// ErrNotFound is returned by Parts for an object that does not exist: 404.
	ErrNotFound = errors.New("not found")
	// ErrConflict is returned by Tasks where a task is not in the state that
	// the request needs: 409.
	ErrConflict = errors.New("conflict")
	// ErrForbidden is returned (wrapped, with the reason) by Tasks for a vote or
	// claim that its author may not make: 403.
	ErrForbidden = errors.New("forbidden")
	// ErrInvalid is returned (wrapped, with the reason) by Parts for a request
	// whose content is wrong: 400.
	ErrInvalid = errors.New("invalid")
	// ErrDisabled is returned by Stats where recording is switched off: 404.
	ErrDisabled = errors.New("disabled")
	// ErrUnknownDomain is returned by Inference: 404.
	ErrUnknownDomain = errors.New("unknown domain")
	// ErrBusy is returned by Parts that have no room for the request now: 503.
	ErrBusy = errors.New("busy")
)

// Every method of these interfaces returns when its context ends, with the
// context's error; the answer is then 503. Any error not named above is 500.
// Returned objects are only read, until the request has been answered.

// Node describes the node as a whole.
type Node interface {
	// Status fills GET /status.
	Status(ctx context.Context) (*Status, error)
	// Fees fills GET /fees; nil where the fee market is switched off.
	Fees(ctx context.Context) (*Fees, error)
}

// Health tells how the node is. Its methods answer at once.
type Health interface {
	// Health returns what was found at the last look, some seconds ago at most.
	Health() HealthReport
}

// HealthReport is how the node is.
type HealthReport struct {
	// Alive is false for a node that only a restart can help.
	Alive bool
	// Checks are what was looked at, in a fixed order.
	Checks []Check
	// Alarms are the faults that stand, the oldest first.
	Alarms []Alarm
}

// Check is one thing that was looked at.
type Check struct {
	Name string
	OK   bool
	// Vital says that a node which fails it does not do its work.
	Vital bool
	// Detail says in words what was found.
	Detail string
}

// Alarm is a fault that stands since a time, and what to do about it.
type Alarm struct{ Name, What, Remedy, Since string }

// Chain reads the chain.
type Chain interface {
	// Status describes the tip.
	Status(ctx context.Context) (ChainStatus, error)
	// Block returns the block at index ≥ 0, or ErrNotFound.
	Block(ctx context.Context, index int64) (*chain.Block, error)
	// Blocks returns the blocks from..to, both included, in ascending order;
	// 0 ≤ from, to − from < 50. It returns fewer, or none, above the tip.
	Blocks(ctx context.Context, from, to int64) ([]*chain.Block, error)
}

// ChainStatus describes the tip.
type ChainStatus struct {
	// Height is the number of blocks, the index of the tip plus one.
	Height int64
	// TipHash is the tip's hash, TipIndex its index; "" and −1 without a tip.
	TipHash  string
	TipIndex int64
	// FinalizedHeight is the highest final index, −1 if there is none.
	FinalizedHeight int64
}

// Tasks is the work queue. Task objects have the members of the specification's
// task table, in its order.
type Tasks interface {
	// Pending returns at most limit pending tasks of the domains (all if
	// empty) by priority, then age, and the number of all pending tasks.
	Pending(ctx context.Context, domains []string, limit int) (tasks []*canon.Object, total int, err error)
	// Task returns a task, or ErrNotFound.
	Task(ctx context.Context, id string) (*canon.Object, error)
	// Claim gives a pending task to evaluator, or ErrConflict. In the strict
	// profile evaluator has signed the task id.
	Claim(ctx context.Context, id, evaluator string) (*canon.Object, error)
	// Complete ends a claimed task without a signature; it is called in the
	// reference profile only. ErrConflict where the task is not claimed.
	Complete(ctx context.Context, c Completion) (blockGenerated bool, err error)
	// Vote takes a vote whose form and signature were checked. ErrConflict,
	// ErrForbidden, ErrInvalid.
	Vote(ctx context.Context, taskID string, v *chain.Vote) (blockGenerated bool, err error)
}

// Accounts are the chain's accounts and what changes them.
type Accounts interface {
	// Submit offers a transaction whose form and signature were checked; the others inside it are for Submit to check. One that
	// waits or is in the chain already is no error. ErrConflict, with the reason, where the chain does not take it; ErrInvalid.
	Submit(ctx context.Context, tx *chain.Tx) (TxStatus, error)
	// Transaction says where one is, or ErrNotFound.
	Transaction(ctx context.Context, id string) (TxStatus, error)
	// Account describes the account of a peer id.
	Account(ctx context.Context, id string) (*canon.Object, error)
	// Domains describes the domains of the network, those that were added to it too.
	Domains() *canon.Object
}

// Completion is the unsigned body of POST /tasks/complete.
type Completion struct {
	// TaskID is required, EvaluatorID may be "".
	TaskID, EvaluatorID string
	// VerifiedPerformance and Result may be nil.
	VerifiedPerformance *float64
	Result              *canon.Object
}

// Inference answers with the champion of a domain.
type Inference interface {
	// Infer queues a task and returns its id and a function that waits for its
	// result. The task goes on when wait's context ends. ErrUnknownDomain,
	// ErrInvalid, ErrBusy.
	// A nil wait is of a node to which no result comes back: the answer is "queued" at once.
	Infer(ctx context.Context, r InferenceRequest) (taskID string, wait func(context.Context) (*Forecast, error), err error)
}

// Forecast is the result of an inference and whose it is.
type Forecast struct {
	Result *canon.Object
	// OptimaeID names the model. Verified is whether a quorum has agreed on it,
	// Solo that this quorum was its author alone.
	OptimaeID      string
	Verified, Solo bool
}

// InferenceRequest is the body of POST /inference.
type InferenceRequest struct {
	// Domain is required.
	Domain string
	// Input is the input data, {} if there is none.
	Input *canon.Object
	// Client names who asks, default "anonymous".
	Client string
	// Free is whether who asks is on this machine or holds the token: nobody
	// limits it, and the network does not hear of it.
	Free bool
}

// Stats reads what was recorded. Rows are objects keyed by column name.
type Stats interface {
	// Summaries returns domain id → summary of the running experiments.
	Summaries(ctx context.Context) (*canon.Object, error)
	// ExperimentSummaries returns the rows of fact_experiment_summary.
	ExperimentSummaries(ctx context.Context) ([]*canon.Object, error)
	// Experiments returns the rows of dim_experiment, or ErrDisabled.
	Experiments(ctx context.Context) ([]*canon.Object, error)
	// Rounds returns at most limit rows of fact_round by round number.
	Rounds(ctx context.Context, experimentID string, limit int) ([]*canon.Object, error)
	// Claims returns at most limit rows of fact_claim, the steps of the
	// experiment's claims in the order in which they were written.
	Claims(ctx context.Context, experimentID string, limit int) ([]*canon.Object, error)
	// ChainMetrics returns the on-chain metrics of a domain, of all for "".
	ChainMetrics(ctx context.Context, domain string) ([]*canon.Object, error)
	// Export writes a consistent copy of the database and returns its path and
	// a function that removes it.
	Export(ctx context.Context) (path string, cleanup func(), err error)
}

// Peers answers GET /peers.
type Peers interface {
	// PeersObject returns the body; challenge is "" or the query's, which it
	// checks and refuses with an error where it is malformed: 400.
	PeersObject(challenge string) (*canon.Object, error)
}

// Flood takes messages.
type Flood interface {
	// Receive takes the body of POST /message that came from the address host.
	// It does not retain body. An error with methods Status() int and Reason()
	// string is answered with them.
	Receive(ctx context.Context, host string, body []byte) error
}

// Parts are the API's collaborators. All are required but Genesis, Data, Accounts, Health and Metrics.
type Parts struct {
	Node      Node
	Chain     Chain
	Tasks     Tasks
	Inference Inference
	Stats     Stats
	Peers     Peers
	Flood     Flood
	// Genesis is the network's genesis file, the answer of GET /genesis; nil: 404.
	Genesis []byte
	// Data gives away the network's files at GET /data/{hash}; nil: 404.
	Data Data
	// Accounts answers /transactions and /balance; nil: 404.
	Accounts Accounts
	// Health is shown at /health, /livez and /readyz; nil: all is well.
	Health Health
	// Metrics is rendered at GET /metrics; nil: 404.
	Metrics prometheus.Gatherer
}
