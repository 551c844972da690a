package protocol

import "errors"

// Outcomes of an evaluation other than a result.
var (
	// ErrAbstain: this node cannot judge: its data differ, it has no such domain, or a limit of its own (time, memory, bounds)
	// stopped it. It does not vote.
	ErrAbstain = errors.New("abstain")
	// ErrRefused: the recipe cannot be trained within the limits of the genesis file. It votes against.
	ErrRefused = errors.New("recipe refused")
)

// Refusals of an Infer.
var (
	ErrUnknownDomain = errors.New("unknown domain")
	ErrNoChampion    = errors.New("domain has no champion yet")
	ErrQuota         = errors.New("too many forecasts for strangers, ask again in a minute")
)

// ErrBlock is matched by a BlocksResult for a block that breaks a rule; ErrNotBetter by one for a valid branch that does not
// win.
var (
	ErrBlock     = errors.New("invalid block")
	ErrNotBetter = errors.New("branch does not win")
)

// ErrLate is matched by what an honest but slow or differently informed peer can send: it is ignored, not punished. ErrVote
// by a vote that its evaluator has no right to.
var (
	ErrLate = errors.New("late or already known")
	ErrVote = errors.New("vote refused")
)
