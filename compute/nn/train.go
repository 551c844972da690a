package nn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/rng"
)

// Status says how a run ended. Its number is hashed.
type Status uint32

// The ends of a run.
const (
	Completed Status = 1 // all steps
	Stopped   Status = 2 // early, patience exhausted
	Diverged  Status = 3 // NaN or Inf
)

// String returns the lower-case name of the status.
func (s Status) String() string {
	switch s {
	case Completed:
		return "completed"
	case Stopped:
		return "stopped"
	case Diverged:
		return "diverged"
	}
	return fmt.Sprintf("status(%d)", uint32(s))
}

// Result is a finished run. The caller owns it.
type Result struct {
	Status Status
	// StopStep is the step at which the run ended, counted from 1; BestStep the step whose weights were restored, 0 for
	// a diverged run.
	StopStep, BestStep int
	// ValidationLoss is the loss at BestStep; NaN for a diverged run.
	ValidationLoss float32
	// Network holds the weights of BestStep; nil for a diverged run.
	Network *Network
	// Root and Leaves are the digest; zero and nil where Config.Segment is 0.
	Root   [32]byte
	Leaves [][32]byte
}

// Digest returns what two runs of a task are compared by: Root, or where Config.Segment is 0 the root of a tree with the
// result leaf alone.
func (r *Result) Digest() [32]byte {
	if len(r.Leaves) > 0 {
		return r.Root
	}
	var weights []float32
	if r.Network != nil {
		weights = r.Network.weights
	}
	return newLeafHash().resultLeaf(r.Status, r.StopStep, r.ValidationLoss, weights)
}

// ErrData is returned, wrapped, for an empty or too large source.
var ErrData = errors.New("nn: unusable data")

// Task is one training: what defines its result, and where to begin.
type Task struct {
	Config            Config
	Key               rng.Key
	Train, Validation Source
	// From is the state to go on from; nil begins at the beginning. It is only read.
	From *Checkpoint
	// OnSegment is called with the state after every segment of the digest, but not after the last step; it may be nil.
	// The checkpoint is valid during the call. An error ends the training.
	OnSegment func(*Checkpoint) error
	// OnValidation is called after every validation, on the goroutine that trains, with the step, the loss of its batch and
	// that of the validation set; it may be nil. It is for who watches: no result depends on it, and devices that keep no
	// such losses do not call it.
	OnValidation func(step int, train, validation float32)
}

// Validate checks the configuration, the sizes of the sources and the checkpoint: ErrConfig, ErrData, ErrCheckpoint.
func (t *Task) Validate() error { return t.validate((*Config).size) }

func (t *Task) validate(size func(*Config) size) error {
	if err := t.Config.validate(size); err != nil {
		return err
	}
	for i, s := range [...]Source{t.Train, t.Validation} {
		name := [...]string{"training", "validation"}[i]
		if s == nil {
			return fmt.Errorf("%w: no %s set", ErrData, name)
		}
		if n, limit := s.Len(), MaxSamples/t.Config.Outputs; n < 1 || n > limit {
			return fmt.Errorf("%w: %s set of %d samples: must be in [1, %d]", ErrData, name, n, limit)
		}
	}
	if t.From != nil {
		return t.From.fits(&t.Config)
	}
	return nil
}

// Train runs the training that cfg, key and the two sources define. The result is the same on every machine; the
// environment variable DOIN_ISA chooses how it is computed, the fastest way where it is empty. A run that diverges is a
// result, not an error. ctx is looked at between steps; a cancelled run returns ctx.Err() and no result.
func Train(ctx context.Context, cfg Config, key rng.Key, train, validation Source) (*Result, error) {
	r, err := NewRun(&Task{Config: cfg, Key: key, Train: train, Validation: validation}, "")
	if err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.Step() {
			return r.Result(), nil
		}
	}
}

// nan is what a diverged run reports as its loss.
var nan = float32(math.NaN())
