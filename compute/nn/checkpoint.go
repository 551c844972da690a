package nn

import (
	"errors"
	"fmt"
	"slices"
)

// ErrCheckpoint is returned, wrapped, for a checkpoint that does not fit its task.
var ErrCheckpoint = errors.New("nn: checkpoint does not fit the task")

// Checkpoint is the state of a training after a step. A run that begins with it ends as the one that it was taken from.
type Checkpoint struct {
	Step int
	// W are the parameters, M and V the moments of AdamW; SGD has the velocity V and no M. Each has Config.Parameters
	// elements.
	W, M, V []float32

	// Early stopping: the parameters and the loss of the best validation, +Inf before the first, its step, and the
	// validations since.
	Best     []float32
	BestLoss float32
	BestStep int
	Stale    int

	// Leaves are those of the segments done.
	Leaves [][32]byte
}

// Clone returns a copy that shares nothing with c.
func (c *Checkpoint) Clone() *Checkpoint {
	d := *c
	d.W, d.M, d.V, d.Best = slices.Clone(c.W), slices.Clone(c.M), slices.Clone(c.V), slices.Clone(c.Best)
	d.Leaves = slices.Clone(c.Leaves)
	return &d
}

// allocate makes the buffers of a run with n parameters.
func (c *Checkpoint) allocate(cfg *Config, n int) {
	c.W, c.V, c.Best = make([]float32, n), make([]float32, n), make([]float32, n)
	if cfg.Optimizer != SGD {
		c.M = make([]float32, n)
	}
	if cfg.Segment > 0 {
		c.Leaves = make([][32]byte, 0, cfg.MaxSteps/cfg.Segment+1)
	}
}

// restore copies from, which fits, into the buffers of c.
func (c *Checkpoint) restore(from *Checkpoint) {
	c.Step, c.BestLoss, c.BestStep, c.Stale = from.Step, from.BestLoss, from.BestStep, from.Stale
	copy(c.W, from.W)
	copy(c.M, from.M)
	copy(c.V, from.V)
	copy(c.Best, from.Best)
	c.Leaves = append(c.Leaves, from.Leaves...)
}

// fits checks a checkpoint against the configuration of its task.
func (c *Checkpoint) fits(cfg *Config) error {
	n, moments := cfg.Parameters(), cfg.Parameters()
	if cfg.Optimizer == SGD {
		moments = 0
	}
	switch {
	case c.Step < 0 || c.Step >= cfg.MaxSteps:
		return fmt.Errorf("%w: step %d: must be in [0, %d]", ErrCheckpoint, c.Step, cfg.MaxSteps-1)
	case len(c.W) != n || len(c.M) != moments || len(c.V) != n || len(c.Best) != n:
		return fmt.Errorf("%w: %d weights, %d and %d moments, %d best weights: want %d, %d, %d, %d",
			ErrCheckpoint, len(c.W), len(c.M), len(c.V), len(c.Best), n, moments, n, n)
	case cfg.Segment > 0 && len(c.Leaves) != c.Step/cfg.Segment:
		return fmt.Errorf("%w: %d leaves at step %d: want %d", ErrCheckpoint, len(c.Leaves), c.Step, c.Step/cfg.Segment)
	case c.BestStep < 0 || c.BestStep > c.Step || c.Stale < 0 || cfg.Patience > 0 && c.Stale >= cfg.Patience:
		return fmt.Errorf("%w: best step %d and %d validations since, at step %d", ErrCheckpoint, c.BestStep, c.Stale, c.Step)
	}
	return nil
}

// judge compares the validation loss of the present step with the best so far and reports whether patience is exhausted.
func (c *Checkpoint) judge(loss float32, cfg *Config) bool {
	if loss < c.BestLoss-cfg.MinDelta {
		c.BestLoss, c.BestStep, c.Stale = loss, c.Step, 0
		copy(c.Best, c.W)
		return false
	}
	c.Stale++
	return cfg.Patience > 0 && c.Stale >= cfg.Patience
}
