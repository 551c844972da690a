package domain

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"doin.network/node/internal/canon"
)

// MaxSeeds bounds the seeds of a claim.
const MaxSeeds = 64

// Trial is what a search has trained: a recipe with one seed on some of the folds, to its end or to a rung.
type Trial struct {
	Parameters *canon.Object
	Seed       uint64
	// Folds are the folds to train on, ascending; empty: all of them.
	Folds []int
	// Rung is 0 for whole trainings; rung r ≥ 1 pauses each after 3^r epochs of its full schedule. Domains without epochs
	// take no notice of it.
	Rung int
}

// MaxRung bounds the rung of a trial.
const MaxRung = 16

// Validate checks the trial against the number of folds. The error wraps ErrRecipe.
func (t *Trial) Validate(folds int) error {
	before := -1
	for _, f := range t.Folds {
		if f <= before || f >= folds {
			return fmt.Errorf("%w: folds %v: must ascend and be below %d", ErrRecipe, t.Folds, folds)
		}
		before = f
	}
	if t.Rung < 0 || t.Rung > MaxRung {
		return fmt.Errorf("%w: rung %d: must be in [0, %d]", ErrRecipe, t.Rung, MaxRung)
	}
	return nil
}

// Tried is the outcome of a trial.
type Tried struct {
	// Performance is that of the recipe over the cases of the trial's folds; NaN for a run that diverged. It is comparable
	// among trials of the same folds.
	Performance float64
	// Status is "completed", "stopped", "paused" (at a rung) or "diverged".
	Status string
	// Metrics is a fresh object, all finite.
	Metrics *canon.Object
	// Curve is the learning curve of the training on the first fold, at most MaxCurve points; nil where none is kept.
	Curve []Point
	// Seconds is how long the trainings took, without waiting for a place, all of them added; 0 where nobody has measured.
	Seconds float64
}

// MaxCurve bounds the points of a learning curve.
const MaxCurve = 64

// Point is where a training stood after a validation.
type Point struct {
	Step              int // optimizer steps since the start
	Train, Validation float64
}

// Curve thins a learning curve while it is made: of the validations 1, 2, 3, … it keeps those whose number is a multiple of k, the
// smallest power of two with which no more than MaxCurve are left. The zero value is empty.
type Curve struct {
	points []Point
	seen   int
	every  int
	last   int // step
}

// Add takes in the next validation. One of no later step than the last begins the curve anew: the training was.
func (c *Curve) Add(p Point) {
	if p.Step <= c.last {
		*c = Curve{}
	}
	c.last = p.Step
	c.seen++
	if c.every = max(c.every, 1); c.seen%c.every != 0 {
		return
	}
	if len(c.points) == MaxCurve {
		for i := range MaxCurve / 2 {
			c.points[i] = c.points[2*i+1]
		}
		c.points, c.every = c.points[:MaxCurve/2], 2*c.every
		if c.seen%c.every != 0 {
			return
		}
	}
	c.points = append(c.points, p)
}

// Points returns what is kept. It belongs to the curve.
func (c *Curve) Points() []Point { return c.points }

// CheckSeeds refuses what can be no seeds of a claim. The error wraps ErrRecipe.
func CheckSeeds(seeds []uint64) error {
	if len(seeds) < 1 || len(seeds) > MaxSeeds {
		return fmt.Errorf("%w: %d seeds: must be 1 to %d", ErrRecipe, len(seeds), MaxSeeds)
	}
	return nil
}

// Each calls do for 0 … n−1, as many at once as its owner allows, and returns when all calls have. After an error the
// context of the others ends; the first error is returned. A call of do must not call the same Each.
type Each func(ctx context.Context, n int, do func(ctx context.Context, i int) error) error

// AtOnce is an Each of GOMAXPROCS calls at a time.
func AtOnce(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}

// Or returns e, or AtOnce for nil.
func (e Each) Or() Each {
	if e == nil {
		return AtOnce
	}
	return e
}

// Once calls do alone.
func (e Each) Once(ctx context.Context, do func(ctx context.Context) error) error {
	return e.Or()(ctx, 1, func(ctx context.Context, _ int) error { return do(ctx) })
}
