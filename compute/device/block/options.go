package block

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"doin.network/node/compute/vec"
)

// Variant names the kernel that trains. None changes a result.
type Variant string

// The variants.
const (
	// Auto takes Narrow where at least two of its blocks fit a multiprocessor, else Wide; Streamed where the model does
	// not fit shared memory.
	Auto     Variant = ""
	Narrow   Variant = "narrow"   // 128 threads, tiles of 8 × 4
	Wide     Variant = "wide"     // 256 threads
	Streamed Variant = "streamed" // 256 threads, block memory in global memory
)

// Options say how an Engine computes; never what.
type Options struct {
	// Variant forces a kernel for the trainings that fit it.
	Variant Variant
	// StepsPerLaunch is the number of steps that a launch makes of each individual at most, 1 … MaxStepsPerLaunch, and all take
	// part; 0: as many as a few hundredths of a second allow, by how long those before took, of as many individuals as there
	// are blocks, one after the other.
	StepsPerLaunch int
	// Lanes is the number of parts of the population that take turns on the device, 1 … MaxLanes; 0 is DefaultLanes for a
	// device with queues, else 1.
	Lanes int
	// Blocks bounds the blocks of a launch; 0 is as many as the device runs at once.
	Blocks int
	// Reserve is the part of the device's free memory that is left alone, in [0, 1); 0 is DefaultReserve.
	Reserve float64
	// Shuffle orders the individuals of a launch by this seed instead of the longest first; 0 does not. For tests.
	Shuffle uint64
	// ISA names the kernels of the networks that come back; vec.Select chooses where it is empty.
	ISA vec.ISA
	// Logger may be nil.
	Logger *slog.Logger

	now func() time.Time // time.Now; another one in tests
}

// Bounds and defaults of Options.
const (
	MaxStepsPerLaunch = 1 << 20
	DefaultLanes      = 4
	MaxLanes          = 64
	DefaultReserve    = 0.1
)

func (o *Options) validate() error {
	var errs []error
	switch o.Variant {
	case Auto, Narrow, Wide, Streamed:
	default:
		errs = append(errs, fmt.Errorf("variant %q: must be narrow, wide, streamed or empty", o.Variant))
	}
	if o.StepsPerLaunch < 0 || o.StepsPerLaunch > MaxStepsPerLaunch {
		errs = append(errs, fmt.Errorf("steps per launch %d: must be in [0, %d]", o.StepsPerLaunch, MaxStepsPerLaunch))
	}
	if o.Lanes < 0 || o.Lanes > MaxLanes {
		errs = append(errs, fmt.Errorf("lanes %d: must be in [0, %d]", o.Lanes, MaxLanes))
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.Blocks < 0 {
		errs = append(errs, fmt.Errorf("blocks %d: must not be negative", o.Blocks))
	}
	if o.Reserve == 0 {
		o.Reserve = DefaultReserve
	}
	if !(o.Reserve >= 0 && o.Reserve < 1) {
		errs = append(errs, fmt.Errorf("reserve %v: must be in [0, 1)", o.Reserve))
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(errs) > 0 {
		return fmt.Errorf("%w: %w", ErrOptions, errors.Join(errs...))
	}
	return nil
}
