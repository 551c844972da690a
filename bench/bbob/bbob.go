// Package bbob measures searches on the 24 noiseless functions of the Black-Box Optimization Benchmark (package
// compute/domain/bbob): how many are solved to 10⁻⁸ and what that is expected to take, of ga/cma beside goptuna's CMA-ES with a
// population that doubles at every restart, and beside the best that COCO has recorded (best.csv, from COCO's reference data).
//
// The expected running time is that of Hansen and others: the evaluations of all instances, those without success included, over
// the number of successes. Runs are a function of solver, function, dimension, instance and budget: instance i has seed i. What has been
// measured is kept in a journal and not measured again.
package bbob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"doin.network/node/bench/journal"
	"doin.network/node/compute/domain/bbob"
)

// Target is the value above the best at which a function is solved.
const Target = 1e-8

// Config says what to measure.
type Config struct {
	// Dimensions, and instances 1 to Instances, of the functions. Defaults 5 and 20, 15, all functions.
	Dimensions []int
	Instances  int
	Functions  []int
	// Budget is how many evaluations a run has at most for each dimension. Default 10⁴.
	Budget float64
	// Solvers are names of Solvers. Default: all.
	Solvers []string
	// Parallel is how many runs go on at once. Default 2.
	Parallel int
	// Journal is a file of what has been measured; "" for none.
	Journal string
	// Progress, if not nil, gets a line for each function and dimension.
	Progress func(line string)
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	c := Config{Dimensions: []int{5, 20}, Instances: 15, Budget: 1e4, Solvers: Solvers(), Parallel: 2}
	for id := 1; id <= bbob.Count; id++ {
		c.Functions = append(c.Functions, id)
	}
	return c
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	for _, n := range c.Dimensions {
		if n < bbob.MinDimension || n > bbob.MaxDimension {
			errs = append(errs, fmt.Errorf("dimension %d: must be in [%d, %d]", n, bbob.MinDimension, bbob.MaxDimension))
		}
	}
	for _, id := range c.Functions {
		if id < 1 || id > bbob.Count {
			errs = append(errs, fmt.Errorf("function %d: must be in [1, %d]", id, bbob.Count))
		}
	}
	for _, s := range c.Solvers {
		if solvers[s] == nil {
			errs = append(errs, fmt.Errorf("solver %q: must be one of %q", s, Solvers()))
		}
	}
	if c.Instances < 1 || c.Instances > 1000 || c.Parallel < 1 || !(c.Budget >= 1 && c.Budget <= 1e8) {
		errs = append(errs, fmt.Errorf("%d instances, %d at once, budget %v: out of range", c.Instances, c.Parallel, c.Budget))
	}
	return errors.Join(errs...)
}

// Run is one run: a line of the journal.
type Run struct {
	Solver    string `json:"solver"`
	Dimension int    `json:"dim"`
	Function  int    `json:"function"`
	Instance  int    `json:"instance"`
	// Evaluations are those until the target, or, unless Solved, all.
	Evaluations int64   `json:"evaluations"`
	Solved      bool    `json:"solved"`
	Best        float64 `json:"best"` // above the function's own
}

func (r *Run) same(o *Run) bool {
	return r.Solver == o.Solver && r.Dimension == o.Dimension && r.Function == o.Function && r.Instance == o.Instance
}

// Measure runs what the journal does not have. A context that ends ends the measurement early: the report is of the runs that are
// whole.
func Measure(ctx context.Context, c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("bbob: %w", err)
	}
	j, err := journal.Open[Run](c.Journal, map[string]any{"budget": c.Budget, "solvers": versions})
	if err != nil {
		return nil, fmt.Errorf("bbob: %w", err)
	}
	defer j.Close()
	for _, n := range c.Dimensions {
		for _, id := range c.Functions {
			g, inner := errgroup.WithContext(ctx)
			g.SetLimit(c.Parallel)
			for i := 1; i <= c.Instances; i++ {
				for _, s := range c.Solvers {
					g.Go(func() error { return one(inner, &c, j, &Run{Solver: s, Dimension: n, Function: id, Instance: i}) })
				}
			}
			if err := g.Wait(); err != nil {
				if ctx.Err() != nil {
					return report(&c, j.Lines())
				}
				return nil, err
			}
			if c.Progress != nil {
				c.Progress(fmt.Sprintf("f%d in %d dimensions is done", id, n))
			}
		}
	}
	return report(&c, j.Lines())
}

// one makes a run, unless the journal has it.
func one(ctx context.Context, c *Config, j *journal.Journal[Run], r *Run) error {
	if j.Find(r.same) != nil {
		return nil
	}
	f, err := bbob.New(r.Function, r.Dimension, r.Instance)
	if err != nil {
		return err
	}
	e := &evaluator{ctx: ctx, function: f, most: int64(math.Round(c.Budget * float64(r.Dimension))), best: math.MaxFloat64}
	if err := solvers[r.Solver](e, uint64(r.Instance)); err != nil {
		return fmt.Errorf("%s on f%d in %d dimensions, instance %d: %w", r.Solver, r.Function, r.Dimension, r.Instance, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.Evaluations, r.Best, r.Solved = e.spent, e.best, e.best <= Target
	return j.Add(r)
}

// evaluator counts a run's evaluations.
type evaluator struct {
	ctx         context.Context
	function    *bbob.Function
	spent, most int64
	best        float64
}

// value evaluates a point of the unit cube.
func (e *evaluator) value(x []float64) float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = bbob.Low + (bbob.High-bbob.Low)*v
	}
	f := e.function.Excess(y)
	e.spent++
	e.best = min(e.best, f)
	return f
}

// over reports that the run has ended: solved, out of budget, or interrupted.
func (e *evaluator) over() bool {
	return e.best <= Target || e.spent >= e.most || e.spent%1024 == 0 && e.ctx.Err() != nil
}

// sorted puts runs into the order of a report.
func sorted(runs []*Run) {
	slices.SortStableFunc(runs, func(a, b *Run) int {
		return cmp.Or(cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Function, b.Function), cmp.Compare(a.Instance, b.Instance))
	})
}
