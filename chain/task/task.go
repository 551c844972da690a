package task

import (
	"errors"
	"fmt"
	"math"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Types of work.
const (
	Verification = "optimae_verification"
	Inference    = "inference_request"
)

// Priorities; the lower is served first.
const (
	PriorityVerification = 0
	PriorityInference    = 10
)

// Limits of a task.
const (
	MaxIDBytes     = 256     // of every id
	MaxObjectBytes = 1 << 20 // of parameters, evidence and result each, as canonical JSON
)

// Status is the state of a task.
type Status string

// The states of a task.
const (
	Pending   Status = "pending"
	Claimed   Status = "claimed"
	Completed Status = "completed"
	Failed    Status = "failed"
)

func (s Status) known() bool {
	return s == Pending || s == Claimed || s == Completed || s == Failed
}

// finished reports whether nothing follows the state.
func (s Status) finished() bool { return s == Completed || s == Failed }

// ErrInvalid is matched by the errors of FromCreated and ValidateBasic.
var ErrInvalid = errors.New("task: invalid")

// Task is one piece of work. Empty EvaluatorID and OptimaeID, nil numbers and Result, and zero
// times are null in JSON.
type Task struct {
	ID                  string // ComputeID unless it was given
	Type                string // Verification or Inference
	DomainID            string
	Status              Status
	RequesterID         string // who asked: an optimizer or a client
	EvaluatorID         string // who claimed it
	Parameters          *canon.Object
	OptimaeID           string
	ReportedPerformance *float64
	MetricEvidence      *canon.Object
	Result              *canon.Object
	VerifiedPerformance *float64
	CreatedAt           timestamp.Time
	ClaimedAt           timestamp.Time
	CompletedAt         timestamp.Time
	Priority            int64

	Attempts   int   // claims so far; not in JSON
	LeaseUntil int64 // Unix µs at which the claim lapses, 0 if not claimed; not in JSON
}

// ComputeID returns the id that the content has.
func (t *Task) ComputeID() string {
	return chain.TaskID(t.Type, t.DomainID, t.RequesterID, t.Parameters, t.CreatedAt)
}

// Object returns the JSON form of the HTTP API; the inner objects are shared.
func (t *Task) Object() *canon.Object {
	return canon.NewObject(
		"id", t.ID,
		"task_type", t.Type,
		"domain_id", t.DomainID,
		"status", string(t.Status),
		"requester_id", t.RequesterID,
		"evaluator_id", orNull(t.EvaluatorID),
		"parameters", t.Parameters,
		"optimae_id", orNull(t.OptimaeID),
		"reported_performance", numberOrNull(t.ReportedPerformance),
		"metric_evidence", t.MetricEvidence,
		"result", objectOrNull(t.Result),
		"verified_performance", numberOrNull(t.VerifiedPerformance),
		"created_at", timeOrNull(t.CreatedAt),
		"claimed_at", timeOrNull(t.ClaimedAt),
		"completed_at", timeOrNull(t.CompletedAt),
		"priority", t.Priority,
	)
}

// Created returns the payload of the message that announces the task.
func (t *Task) Created() *canon.Object {
	return canon.NewObject(
		"task_id", t.ID,
		"task_type", t.Type,
		"domain_id", t.DomainID,
		"requester_id", t.RequesterID,
		"parameters", t.Parameters,
		"optimae_id", orNull(t.OptimaeID),
		"reported_performance", numberOrNull(t.ReportedPerformance),
		"metric_evidence", t.MetricEvidence,
		"priority", t.Priority,
	)
}

// ValidateBasic checks what needs no queue: kind, state, lengths and finite numbers.
func (t *Task) ValidateBasic() error {
	switch {
	case t.Type != Verification && t.Type != Inference:
		return fmt.Errorf("%w: unknown task_type", ErrInvalid)
	case !t.Status.known():
		return fmt.Errorf("%w: unknown status", ErrInvalid)
	case t.ID == "" || t.DomainID == "":
		return fmt.Errorf("%w: id and domain_id are needed", ErrInvalid)
	case t.CreatedAt.IsZero():
		return fmt.Errorf("%w: created_at is needed", ErrInvalid)
	case !finite(t.ReportedPerformance) || !finite(t.VerifiedPerformance):
		return fmt.Errorf("%w: performance is not finite", ErrInvalid)
	}
	for _, s := range []string{t.ID, t.DomainID, t.RequesterID, t.EvaluatorID, t.OptimaeID} {
		if len(s) > MaxIDBytes {
			return fmt.Errorf("%w: id longer than %d bytes", ErrInvalid, MaxIDBytes)
		}
	}
	for _, o := range []*canon.Object{t.Parameters, t.MetricEvidence, t.Result} {
		if err := checkObject(o); err != nil {
			return err
		}
	}
	return nil
}

func checkObject(o *canon.Object) error {
	if !canon.Finite(o) {
		return fmt.Errorf("%w: number is not finite", ErrInvalid)
	}
	if sizeOf(o) > MaxObjectBytes {
		return fmt.Errorf("%w: object larger than %d bytes", ErrInvalid, MaxObjectBytes)
	}
	return nil
}

// sizeOf returns the canonical size of an object, 0 for nil.
func sizeOf(o *canon.Object) int64 {
	if o == nil {
		return 0
	}
	return int64(len(canon.Canonical(o)))
}

// memoryOf returns about how many bytes of memory an object takes, 0 for nil.
func memoryOf(o *canon.Object) int64 {
	if o == nil {
		return 0
	}
	return int64(canon.Memory(o))
}

func finite(x *float64) bool {
	return x == nil || !math.IsNaN(*x) && !math.IsInf(*x, 0)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func numberOrNull(x *float64) any {
	if x == nil {
		return nil
	}
	return *x
}

func objectOrNull(o *canon.Object) any {
	if o == nil {
		return nil
	}
	return o
}

func timeOrNull(t timestamp.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Wire()
}
