// Package migration measures what islands are worth on benchmark functions (package compute/domain/bbob): the evaluations that one
// island makes until some island has reached a target, of one island and of K that exchange champions by the rules of package
// ga/island, by topology and interval, beside K that exchange nothing.
//
// Islands are simulated: they take their trials in turn, one generation of each a round, and a champion that is better than all its
// island had is offered to the others at the end of the round. Kinds of islands are ga/cma's strategy, package ga's, or both in
// turn. A run is a function of its configuration and seed; runs of one seed begin alike on island 0. What has been measured is kept
// in a journal and not measured again.
package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"doin.network/node/bench/journal"
	"doin.network/node/compute/domain/bbob"
	"doin.network/node/compute/genome"
	"doin.network/node/ga"
	"doin.network/node/ga/cma"
	"doin.network/node/ga/island"
)

// The kinds of islands.
const (
	CMA   = "cma"
	GA    = "ga"
	Mixed = "mixed" // CMA and GA in turn
)

// Population names in the place of a topology one search with a population K times as large; K islands are K machines to it, which
// share its evaluations. CMA-ES has it as the population of its first run.
const Population island.Topology = "population"

// Config says what to measure.
type Config struct {
	Functions []int // default f15 to f24
	Dimension int   // default 5
	Seeds     int   // runs of each, instance and seed 1 to Seeds; default 15
	Islands   []int // default 2, 4, 8
	// Topologies and Intervals, in generations, are combined. Default: ring, random of degree 2, torus, hypercube, small world; 1,
	// 4, 16.
	Topologies []island.Topology
	Intervals  []int
	Kind       string // default CMA
	// Target is how much above the best value a run ends; default 0.1.
	Target float64
	// Budget is how many evaluations one island makes at most, for each dimension; a run that reaches it counts with it. Default 4000.
	Budget   int
	Parallel int    // default 2
	Journal  string // "" for none
	Progress func(line string)
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{Functions: []int{15, 16, 17, 18, 19, 20, 21, 22, 23, 24}, Dimension: 5, Seeds: 15, Islands: []int{2, 4, 8},
		Topologies: []island.Topology{island.Ring, island.Random, island.Torus, island.Hypercube, island.SmallWorld},
		Intervals:  []int{1, 4, 16}, Kind: CMA, Target: 0.1, Budget: 4000, Parallel: 2}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	for _, id := range c.Functions {
		if _, err := bbob.New(id, c.Dimension, 1); err != nil {
			errs = append(errs, err)
		}
	}
	for _, t := range c.Topologies {
		m := migration(t, 1)
		errs = append(errs, m.Validate())
	}
	for _, n := range slices.Concat(c.Islands, c.Intervals) {
		if n < 1 || n > 1000 {
			errs = append(errs, fmt.Errorf("islands or interval %d: must be in [1, 1000]", n))
		}
	}
	if !slices.Contains([]string{CMA, GA, Mixed}, c.Kind) || c.Seeds < 1 || c.Budget < 1 || c.Parallel < 1 || !(c.Target > 0) {
		errs = append(errs, fmt.Errorf("kind %q, %d seeds, budget %d, %d at once, target %v: out of range", c.Kind, c.Seeds, c.Budget, c.Parallel, c.Target))
	}
	return errors.Join(errs...)
}

// migration is what the islands of a topology follow: one migrant at an opening, the best.
func migration(t island.Topology, interval int) island.Config {
	m := island.DefaultConfig()
	m.Topology, m.Degree, m.Policy, m.Interval = t, 2, island.Best, interval
	return m
}

// Run is one network until the target: a line of the journal.
type Run struct {
	Kind     string          `json:"kind"`
	Topology island.Topology `json:"topology"` // Isolated for one island
	Interval int             `json:"interval"` // 0 without migration
	Islands  int             `json:"islands"`
	Function int             `json:"function"`
	Seed     int             `json:"seed"`
	// Evaluations are those of one island until some island had reached the target, all of them unless Solved.
	Evaluations int  `json:"evaluations"`
	Solved      bool `json:"solved"`
}

// Measure runs what the journal does not have. A context that ends ends the measurement early: the report is of what is whole.
func Measure(ctx context.Context, c Config) (*Report, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	j, err := journal.Open[Run](c.Journal, map[string]any{"dimension": c.Dimension, "target": c.Target, "budget": c.Budget, "version": 1})
	if err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	defer j.Close()
	for _, seed := range upTo(c.Seeds) {
		g, inner := errgroup.WithContext(ctx)
		g.SetLimit(c.Parallel)
		for _, r := range c.runs(seed) {
			g.Go(func() error { return one(inner, &c, j, r) })
		}
		if err := g.Wait(); err != nil && ctx.Err() == nil {
			return nil, err
		}
		if ctx.Err() != nil {
			break
		}
		if c.Progress != nil {
			c.Progress(fmt.Sprintf("seed %d is done", seed))
		}
	}
	return report(&c, j.Lines()), nil
}

func upTo(n int) (out []int) {
	for i := 1; i <= n; i++ {
		out = append(out, i)
	}
	return out
}

// runs are those of a seed.
func (c *Config) runs(seed int) (out []*Run) {
	for _, id := range c.Functions {
		add := func(t island.Topology, interval, islands int) {
			out = append(out, &Run{Kind: c.Kind, Topology: t, Interval: interval, Islands: islands, Function: id, Seed: seed})
		}
		add(island.Isolated, 0, 1)
		for _, k := range c.Islands {
			add(island.Isolated, 0, k)
			if c.Kind != Mixed {
				add(Population, 0, k)
			}
			for _, t := range c.Topologies {
				for _, interval := range c.Intervals {
					add(t, interval, k)
				}
			}
		}
	}
	return out
}

// one makes a run, unless the journal has it.
func one(ctx context.Context, c *Config, j *journal.Journal[Run], r *Run) error {
	same := func(o *Run) bool {
		a, b := *o, *r
		a.Evaluations, a.Solved, b.Evaluations, b.Solved = 0, false, 0, false
		return a == b
	}
	if j.Find(same) != nil {
		return nil
	}
	var err error
	if r.Topology == Population {
		r.Evaluations, r.Solved, err = large(ctx, c, r)
	} else if n, wrong := newNetwork(c, r); wrong != nil {
		err = wrong
	} else {
		r.Evaluations, r.Solved, err = n.run(ctx, c.Budget*c.Dimension)
	}
	if err != nil {
		return err
	}
	return j.Add(r)
}

// large runs one search with a population r.Islands times as large, as far as as many islands may go. Evaluations are those of one of
// as many machines.
func large(ctx context.Context, c *Config, r *Run) (evaluations int, solved bool, err error) {
	n, err := newNetwork(c, &Run{Kind: r.Kind, Topology: island.Isolated, Islands: 1, Function: r.Function, Seed: r.Seed})
	if err != nil {
		return 0, false, err
	}
	most, spent := c.Budget*c.Dimension*r.Islands, 0
	ask, tell, err := searcher(c, r)
	if err != nil {
		return 0, false, err
	}
	for spent < most {
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		x, number := ask()
		f := n.function.Excess(x)
		if spent++; f <= c.Target {
			return (spent + r.Islands - 1) / r.Islands, true, nil
		}
		if err := tell(number, f); err != nil {
			return 0, false, err
		}
	}
	return c.Budget * c.Dimension, false, nil
}

// searcher makes the search of large, as what asks for a point and takes its value.
func searcher(c *Config, r *Run) (ask func() ([]float64, int64), tell func(number int64, f float64) error, err error) {
	seed := uint64(1000 * r.Seed)
	if r.Kind == GA {
		config := geneticConfig()
		config.Population *= r.Islands
		g, err := ga.New(space(c.Dimension), config, 1, seed)
		if err != nil {
			return nil, nil, err
		}
		ask = func() ([]float64, int64) { x, _ := g.Ask(); return x.Genome, x.Trial }
		tell = func(number int64, f float64) error {
			if err := g.Tell(ga.Result{Trial: number, Fitness: 0 - f, Status: "completed"}); err != nil || !g.Complete() {
				return err
			}
			return g.Advance()
		}
		return ask, tell, nil
	}
	config := cma.DefaultConfig()
	config.Lambda = r.Islands * cma.DefaultLambda(c.Dimension)
	s, err := cma.New(c.Dimension, config, 1, seed)
	if err != nil {
		return nil, nil, err
	}
	ask = func() ([]float64, int64) {
		t, _ := s.Ask()
		x := make([]float64, len(t.X))
		for i, v := range t.X {
			x[i] = bbob.Low + (bbob.High-bbob.Low)*v
		}
		return x, t.Number
	}
	return ask, s.Tell, nil
}

// space is that of a function.
func space(dimension int) genome.Space {
	out := make(genome.Space, dimension)
	for i := range out {
		out[i] = genome.Gene{Name: fmt.Sprintf("x_%d", i), Kind: genome.Real, Low: bbob.Low, High: bbob.High}
	}
	return out
}

// geneticConfig is that of a genetic search over reals.
func geneticConfig() ga.Config {
	c := ga.DefaultConfig()
	c.Crossover, c.CrossoverRate, c.MutationRate = ga.Differential, 0.9, 0.1
	return c
}

// network is some islands of one function.
type network struct {
	function *bbob.Function
	target   float64
	islands  []*member
	names    []string
}

// member is one island.
type member struct {
	name   string
	search ga.Strategy
	gate   *island.Gate[genome.Genome]
	best   float64 // fitness that it has announced
	spent  int
}

func newNetwork(c *Config, r *Run) (*network, error) {
	f, err := bbob.New(r.Function, c.Dimension, r.Seed)
	if err != nil {
		return nil, err
	}
	space, config := space(c.Dimension), geneticConfig()
	n := &network{function: f, target: c.Target}
	m := migration(r.Topology, max(r.Interval, 1))
	for i := range r.Islands {
		x := &member{name: fmt.Sprintf("%03d", i), gate: island.NewGate[genome.Genome](m)}
		seed := uint64(1000*r.Seed + i)
		if r.Kind == GA || r.Kind == Mixed && i%2 == 1 {
			x.search, err = ga.New(space, config, 1, seed)
		} else {
			x.search, err = cma.NewStrategy(space, config, 1, seed, nil)
		}
		if err != nil {
			return nil, err
		}
		n.islands, n.names = append(n.islands, x), append(n.names, x.name)
	}
	return n, nil
}

// run goes on until an island reaches the target or each has made most evaluations.
func (n *network) run(ctx context.Context, most int) (evaluations int, solved bool, err error) {
	for round := int64(1); ; round++ {
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		best := most
		for _, x := range n.islands {
			at, err := x.generation(n, best)
			if err != nil {
				return 0, false, err
			}
			if at > 0 && at <= best {
				best, solved = at, true
			}
		}
		if solved || n.islands[0].spent >= most {
			return best, solved, nil
		}
		n.exchange()
		for _, x := range n.islands {
			if err := x.advance(round, n.names); err != nil {
				return 0, false, err
			}
		}
	}
}

// generation makes one of the island's, most evaluations in all at most; it returns at which one the target was reached, 0: at none.
func (x *member) generation(n *network, most int) (at int, err error) {
	for !x.search.Complete() && x.spent < most {
		c, _ := x.search.Ask()
		x.spent++
		f := n.function.Excess(c.Genome)
		if f <= n.target {
			return x.spent, nil
		}
		if err := x.search.Tell(ga.Result{Trial: c.Trial, Fitness: 0 - f, Status: "completed"}); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// exchange offers every island's champion, if it is a new one, to the others.
func (n *network) exchange() {
	for _, x := range n.islands {
		b, ok := x.search.Best()
		if !ok || x.best != 0 && b.Fitness <= x.best {
			continue
		}
		x.best = b.Fitness
		for _, y := range n.islands {
			if y != x {
				y.gate.Offer(island.Migrant[genome.Genome]{From: x.name, Fitness: b.Fitness, Value: b.Genome})
			}
		}
	}
}

// advance lets in whom the gate lets in.
func (x *member) advance(round int64, names []string) error {
	var list []ga.Immigrant
	for _, m := range x.gate.Open(round, x.name, names) {
		list = append(list, ga.Immigrant{Genome: m.Value, Fitness: m.Fitness})
	}
	if _, err := x.search.Immigrants(list); err != nil {
		return err
	}
	return x.search.Advance()
}
