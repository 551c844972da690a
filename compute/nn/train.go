package nn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/rng"
)

// Source is a set of samples. Sample must be a pure function of i: the same i gives the same bits, however often and
// in whatever order it is asked.
type Source interface {
	// Len returns the number of samples.
	Len() int
	// Sample writes sample i, 0 ≤ i < Len, into x [Inputs] and y [Outputs], completely. It retains neither.
	Sample(i int, x, y []float32)
}

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

// ErrData is returned, wrapped, by Train for an empty or too large source.
var ErrData = errors.New("nn: unusable data")

// Train runs the training that cfg, key and the two sources define. The result is the same on every machine. A run
// that diverges is a result, not an error. ctx is looked at between steps; a cancelled run returns ctx.Err() and no
// result.
func Train(ctx context.Context, cfg Config, key rng.Key, train, validation Source) (*Result, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	for name, s := range map[string]Source{"training": train, "validation": validation} {
		if n := s.Len(); n < 1 || n > MaxSamples/cfg.Outputs {
			return nil, fmt.Errorf("%w: %s set of %d samples: must be in [1, %d]", ErrData, name, n, MaxSamples/cfg.Outputs)
		}
	}
	t := newTrainer(cfg, key, train, validation)
	for step := 1; ; step++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if t.step(step) {
			return t.result(), nil
		}
	}
}

// nan is what a diverged run reports as its loss.
var nan = float32(math.NaN())
