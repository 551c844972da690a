package islands

import (
	"context"
	"runtime"
	"sync"

	"doin.network/node/compute/domain"
)

// Simulate measures under a virtual clock. The report is a function of the configuration.
func Simulate(ctx context.Context, c Config) (*Report, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	p, err := newProblem(c.Domain, c.Path)
	if err != nil {
		return nil, err
	}
	c.Endpoints, c.Parallel = nil, 0
	if !c.Compare {
		c.CompareSeeds = 0
	}
	open := p.open
	if p.shared() { // its data are read once
		d, err := p.open(0)
		if err != nil {
			return nil, err
		}
		open = func(uint64) (domain.Domain, error) { return d, nil }
	}
	r := newReport(Simulated, c)
	all, err := measure(ctx, &c, plan(&c, Simulated), runtime.GOMAXPROCS(0), func(ctx context.Context, a *arrangement, seed uint64) (outcome, error) {
		s := &scenario{nodes: a.running(), lag: a.lag, migration: a.migration, settings: a.settings(&c, p),
			increment: p.minIncrement(), maxRounds: c.MaxRounds, goals: c.Goals}
		return simulate(ctx, p, func() (domain.Domain, error) { return open(seed) }, s, seed)
	})
	if err != nil {
		return nil, err
	}
	r.Rows = rows(&c, Simulated, all)
	return r, nil
}

// measure makes every run of a plan, parallel at once, each by a call of one.
func measure(ctx context.Context, c *Config, plan []arrangement, parallel int, one func(context.Context, *arrangement, uint64) (outcome, error)) ([]*runs, error) {
	var all []*runs
	alone := map[string]*runs{} // of one node, by strategy
	for _, a := range plan {
		if a.derived() {
			all = append(all, faster(alone[a.strategy], a))
			continue
		}
		n := c.Seeds
		if a.compared {
			n = min(n, c.CompareSeeds)
		}
		r := &runs{arrangement: a, list: make([]outcome, n)}
		err := each(ctx, n, parallel, func(ctx context.Context, i int) (err error) {
			r.list[i], err = one(ctx, &a, uint64(c.FirstSeed)+uint64(i))
			return err
		})
		if err != nil {
			return nil, err
		}
		if a.kind == One {
			alone[a.strategy] = r
		}
		all = append(all, r)
		c.progress("%s, %s, %d nodes, lag %d, %s/%s/%d %s: %.2f rounds", a.strategy, a.kind, a.nodes, a.lag, a.migration.Topology,
			a.migration.Policy, a.migration.Interval, a.placement, mean(r.figures(0, rounds)))
	}
	return all, nil
}

// each calls f for 0 … n−1, parallel at once, and returns the first error, after which no further call begins.
func each(ctx context.Context, n, parallel int, f func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(parallel, n) {
		wg.Go(func() {
			for i := range next {
				if err := f(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
