package search

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// bareKey is the record's extra member that counts the rounds made without a best.
const bareKey = "rounds_without_best"

// maxReplay bounds the rounds that resuming repeats.
const maxReplay = 1 << 24

// climber runs a domain's own steps: a generation is one candidate. Its best is
// what the last step returned, which may be an immigrant that the candidate did
// not beat.
type climber struct {
	pool    worker.Pool
	stepper domain.Stepper
	seed    uint64
	rounds  int // made so far
	bare    int // of them, before there was a best
	best    *canon.Object
	fitness float64
	// noImprove counts the rounds since fitness last rose.
	noImprove int
}

func newClimber(spec worker.SearchSpec, settings *canon.Object) (worker.Searcher, error) {
	stepper, ok := spec.Domain.(domain.Stepper)
	if !ok {
		return nil, refused(fmt.Errorf("domain %q has no %s", spec.Domain.Describe().Plugin, domain.StrategyHillClimber))
	}
	for _, k := range settings.Keys() {
		if !strings.HasPrefix(k, "$") {
			return nil, refused(fmt.Errorf("unknown key %.80q: a %s has no settings", k, domain.StrategyHillClimber))
		}
	}
	stepper.Seed(spec.Seed)
	c := &climber{pool: spec.Pool, stepper: stepper, seed: spec.Seed}
	if spec.Resume != nil {
		if err := c.resume(spec.Resume); err != nil {
			return nil, refused(err)
		}
	}
	return c, nil
}

// resume repeats the draws of the rounds behind r, so that the domain's generators
// stand where they stood. The steps' results do not matter for that.
func (c *climber) resume(r *worker.Record) error {
	bare, err := strconv.Atoi(r.Extra[bareKey])
	if err != nil {
		return fmt.Errorf("record: %s: %w", bareKey, err)
	}
	c.rounds, c.bare, c.noImprove = r.Generation+1, bare, r.NoImprove
	if r.Best == nil || bare < 0 || bare > c.rounds || c.rounds > maxReplay {
		return errors.New("record: no best, or counts out of range")
	}
	c.best, c.fitness = r.Best.Parameters, r.Best.Fitness
	for i := range c.rounds {
		if _, _, err := c.stepper.Step(c.best, c.fitness, i >= bare); err != nil {
			return fmt.Errorf("record: round %d: %w", i, err)
		}
	}
	return nil
}

// Generation implements worker.Searcher: one step from the best of what was found
// here and what arrived.
func (c *climber) Generation(ctx context.Context, immigrants []worker.Immigrant) (*worker.Record, error) {
	best, fitness := c.best, c.fitness
	for _, m := range immigrants {
		if best == nil || m.Performance > fitness {
			best, fitness = m.Parameters, m.Performance
		}
	}
	bare := best == nil
	err := c.pool.Do(ctx, func() error {
		x, f, err := c.stepper.Step(best, fitness, best != nil)
		if err == nil {
			best, fitness = x, f
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if bare {
		c.bare++
	}
	if c.rounds == 0 || fitness > c.fitness {
		c.noImprove = 0
	} else {
		c.noImprove++
	}
	c.rounds++
	c.best, c.fitness = best, fitness
	return c.record(), nil
}

func (c *climber) record() *worker.Record {
	row := worker.Row{Parameters: c.best, Fitness: c.fitness, Generation: c.rounds - 1, Seed: c.seed,
		Status: "completed", Origin: "step", Metrics: canon.NewObject(), Made: worker.Made{Known: true, Trial: int64(c.rounds - 1)}}
	best := row
	return &worker.Record{Strategy: domain.StrategyHillClimber, Seed: c.seed, Generation: c.rounds - 1,
		Evaluations: int64(c.rounds), NoImprove: c.noImprove, Leader: c.fitness, HasLeader: true, Average: c.fitness,
		Extra: map[string]string{bareKey: strconv.Itoa(c.bare)}, Rows: []worker.Row{row}, Best: &best}
}
