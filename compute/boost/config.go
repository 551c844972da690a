package boost

import (
	"errors"
	"fmt"
	"math"

	"doin.network/node/compute/rng"
)

// Limits of a fit.
const (
	MaxRows     = 1 << 20 // of a table, so that no sum overflows
	MaxFeatures = 1 << 14
	MaxFolds    = 64
	MaxClasses  = 256
	MaxTrees    = 1 << 16 // rounds × outputs
	MaxLeaves   = 256
	MaxDepth    = 32
	MaxBins     = 255     // of the known values of a feature
	MaxMemory   = 1 << 30 // bytes, see Config.Memory
)

// Whole is the denominator of the fractions of a Config.
const Whole = 256

// Errors of Fit.
var (
	// ErrConfig is wrapped by errors about a configuration, or about one that needs more than MaxMemory.
	ErrConfig = errors.New("boost: configuration")
	// ErrData is wrapped by errors about tables.
	ErrData = errors.New("boost: data")
)

// Config says how trees are fitted. Start from DefaultConfig.
type Config struct {
	// Classes is the number of classes, 2 … MaxClasses; 0: regression. Two classes have one output, others one each.
	Classes int
	// Rounds bounds the rounds, each of one tree per output.
	Rounds int
	// Patience is the number of rounds without a smaller validation error after which a fit stops; 0: never.
	Patience int
	// Rate is the learning rate, in parts of Whole: 1 … Whole.
	Rate int
	// Leaves and Depth bound a tree: 2 … MaxLeaves and 1 … MaxDepth.
	Leaves, Depth int
	// Bins bounds the quantile bins of a feature, 2 … MaxBins.
	Bins int
	// MinRows is the least number of rows of a leaf, at least 1; MinHessian its least sum of hessians and Lambda the penalty on squared
	// leaves, both in units of 1 ÷ Whole and at least 0.
	MinRows, MinHessian, Lambda int
	// Clip bounds the residuals of a regression, in units of 1 ÷ Whole: 1 … MaxClip. A small one makes the loss Huber's.
	Clip int
	// RowShare and ColumnShare are how much of the rows each round and of the features each tree sees, in parts of Whole: 1 … Whole.
	RowShare, ColumnShare int
	// Key is the random key of the samples.
	Key rng.Key
}

// MaxClip is the greatest Clip: 16.
const MaxClip = 16 * Whole

// DefaultConfig returns the defaults for so many classes (0: regression); the key is zero.
func DefaultConfig(classes int) Config {
	return Config{
		Classes: classes, Rounds: 300, Patience: 25, Rate: Whole / 16, Leaves: 16, Depth: 8, Bins: 128, MinRows: 5,
		Lambda: Whole, Clip: MaxClip, RowShare: Whole * 4 / 5, ColumnShare: Whole * 4 / 5,
	}
}

// Outputs is the number of trees of a round.
func (c *Config) Outputs() int {
	if c.Classes > 2 {
		return c.Classes
	}
	return 1
}

// Validate reports every problem at once, joined; nil means c is usable. Its errors wrap ErrConfig.
func (c *Config) Validate() error {
	var errs []error
	in := func(name string, v, low, high int) {
		if v < low || v > high {
			errs = append(errs, fmt.Errorf("%w: %s %d: must be in [%d, %d]", ErrConfig, name, v, low, high))
		}
	}
	if c.Classes != 0 {
		in("classes", c.Classes, 2, MaxClasses)
	}
	in("rounds", c.Rounds, 1, MaxTrees/max(1, min(c.Outputs(), MaxClasses)))
	in("patience", c.Patience, 0, MaxTrees)
	in("rate", c.Rate, 1, Whole)
	in("leaves", c.Leaves, 2, MaxLeaves)
	in("depth", c.Depth, 1, MaxDepth)
	in("bins", c.Bins, 2, MaxBins)
	in("min_rows", c.MinRows, 1, MaxRows)
	in("min_hessian", c.MinHessian, 0, math.MaxInt32)
	in("lambda", c.Lambda, 0, math.MaxInt32)
	in("clip", c.Clip, 1, MaxClip)
	in("row_share", c.RowShare, 1, Whole)
	in("column_share", c.ColumnShare, 1, Whole)
	return errors.Join(errs...)
}

// Memory is at least what a fit allocates, in bytes, on tables of so many rows together.
func (c *Config) Memory(rows, features int) int {
	perRow := features + 8*c.Outputs() + 64
	return rows*perRow + (c.Leaves+2)*features*(c.Bins+1)*sumBytes + c.Rounds*c.Outputs()*2*c.Leaves*nodeBytes
}

// check refuses folds that a configuration cannot be fitted on.
func (c *Config) check(folds []Fold) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if n := len(folds); n < 1 || n > MaxFolds {
		return fmt.Errorf("%w: %d folds: must be in [1, %d]", ErrData, n, MaxFolds)
	}
	need := 0
	for _, f := range folds {
		if err := f.check(c.Classes); err != nil {
			return err
		}
		if (f.Validation == nil) != (folds[0].Validation == nil) {
			return fmt.Errorf("%w: some folds have no validation", ErrData)
		}
		rows := f.Train.Len()
		if f.Validation != nil {
			rows += f.Validation.Len()
		}
		need += c.Memory(rows, f.Train.Features)
	}
	if need > MaxMemory {
		return fmt.Errorf("%w: needs %d bytes: at most %d are allowed", ErrConfig, need, MaxMemory)
	}
	return nil
}

func (f *Fold) check(classes int) error {
	if err := f.Train.check(classes); err != nil || f.Validation == nil {
		return err
	}
	if f.Validation.Features != f.Train.Features {
		return fmt.Errorf("%w: %d features in validation, %d in training", ErrData, f.Validation.Features, f.Train.Features)
	}
	return f.Validation.check(classes)
}

// Table is rows with known targets. A fit only reads it.
type Table struct {
	Features int
	// Values are [rows][Features]; NaN is missing, infinities are numbers.
	Values []float32
	// Targets are those of a regression, finite; Labels those of a classification, in [0, Classes).
	Targets []float32
	Labels  []int32
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.Values) / max(1, t.Features) }

func (t *Table) check(classes int) error {
	switch n := t.Len(); {
	case t.Features < 1 || t.Features > MaxFeatures:
		return fmt.Errorf("%w: %d features: must be in [1, %d]", ErrData, t.Features, MaxFeatures)
	case n < 1 || n > MaxRows || n*t.Features != len(t.Values):
		return fmt.Errorf("%w: %d values of %d features: must be whole rows, 1 to %d", ErrData, len(t.Values), t.Features, MaxRows)
	case classes == 0 && len(t.Targets) != n || classes > 0 && len(t.Labels) != n:
		return fmt.Errorf("%w: %d rows with %d targets and %d labels", ErrData, n, len(t.Targets), len(t.Labels))
	}
	if classes == 0 {
		for i, y := range t.Targets {
			if y-y != 0 {
				return fmt.Errorf("%w: row %d: target %v", ErrData, i, y)
			}
		}
		return nil
	}
	for i, k := range t.Labels {
		if k < 0 || int(k) >= classes {
			return fmt.Errorf("%w: row %d: label %d of %d classes", ErrData, i, k, classes)
		}
	}
	return nil
}
