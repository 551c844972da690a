package ga

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga/op"
)

// ErrOrder is returned by Immigrants and Advance while candidates wait for
// their results.
var ErrOrder = errors.New("ga: generation not evaluated")

// GA is one population evolving. It is not safe for concurrent use.
type GA struct {
	space  genome.Space
	config Config
	repair func(genome.Genome) genome.Genome
	state  State
	// settled: the leader and NoImprove count this generation already.
	settled bool
}

var _ Strategy = (*GA)(nil)

// Option changes how a GA is made.
type Option func(*GA)

// WithRepair sets a pure function that brings every genome the search makes
// under limits that single genes cannot express. It returns its argument or a
// changed copy, inside the space.
func WithRepair(f func(genome.Genome) genome.Genome) Option {
	return func(g *GA) { g.repair = f }
}

// New starts a search with a random first generation. It keeps space.
func New(space genome.Space, config Config, seed uint64, options ...Option) (*GA, error) {
	g, err := prepare(space, config, options)
	if err != nil {
		return nil, err
	}
	g.state = State{Seed: seed, Individuals: make([]Individual, config.Population)}
	g.renew(0, OriginRandom)
	return g, nil
}

// Resume continues from a state that State returned under the same space and
// configuration: what follows is what would have followed there. A population
// of another size than configured is bred to that size at the next Advance.
func Resume(space genome.Space, config Config, state State, options ...Option) (*GA, error) {
	g, err := prepare(space, config, options)
	if err != nil {
		return nil, err
	}
	if err := state.Validate(space); err != nil {
		return nil, err
	}
	g.state = state.Clone()
	g.settled = g.waiting() == 0
	return g, nil
}

func prepare(space genome.Space, config Config, options []Option) (*GA, error) {
	if err := space.Validate(); err != nil {
		return nil, fmt.Errorf("ga: %w", err)
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("ga: configuration: %w", err)
	}
	g := &GA{space: space, config: config, repair: func(g genome.Genome) genome.Genome { return g }}
	for _, o := range options {
		o(g)
	}
	return g, nil
}

// Ask implements Strategy.
func (g *GA) Ask() []Candidate {
	var list []Candidate
	for i := range g.state.Individuals {
		if ind := &g.state.Individuals[i]; !ind.Evaluated {
			list = append(list, Candidate{Index: i, Genome: ind.Genome, Seed: ind.Seed})
		}
	}
	return list
}

// Tell implements Strategy. The order of results does not matter.
func (g *GA) Tell(results []Result) error {
	seen := make(map[int]bool, len(results))
	for _, r := range results {
		if r.Index < 0 || r.Index >= len(g.state.Individuals) || g.state.Individuals[r.Index].Evaluated || seen[r.Index] {
			return fmt.Errorf("ga: result for individual %d, which waits for none", r.Index)
		}
		seen[r.Index] = true
	}
	for _, r := range results {
		ind := &g.state.Individuals[r.Index]
		ind.Evaluated, ind.Fitness, ind.Status, ind.Metrics = true, r.Fitness, r.Status, r.Metrics
		g.state.Evaluations++
	}
	if g.waiting() == 0 && !g.settled {
		g.settle()
	}
	return nil
}

// settle brings best, leader and patience up to date with a fully evaluated
// generation, in index order.
func (g *GA) settle() {
	s := &g.state
	for i := range s.Individuals {
		ind := &s.Individuals[i]
		if ind.Origin != OriginImmigrant && (!s.HasBest || op.Better(ind.Fitness, s.Best.Fitness)) {
			s.Best, s.HasBest = *ind, true
			s.Best.Genome = ind.Genome.Clone()
		}
	}
	s.NoImprove++
	for i := range s.Individuals {
		g.lead(s.Individuals[i].Fitness)
	}
	g.settled = true
}

// lead takes fitness for the leader if it is better.
func (g *GA) lead(fitness float64) {
	s := &g.state
	if !s.HasLeader || op.Better(fitness, s.Leader) {
		s.Leader, s.HasLeader, s.NoImprove = fitness, true, 0
	}
}

// waiting counts the individuals without a result.
func (g *GA) waiting() (n int) {
	for i := range g.state.Individuals {
		if !g.state.Individuals[i].Evaluated {
			n++
		}
	}
	return n
}

// Immigrants implements Strategy. In order of the list, an immigrant takes a
// place that is not an immigrant's of this call, as Config.Placement says, until
// ImmigrantLimit is reached. A genome that the population holds already and a
// fitness that is not finite are passed over; a genome outside the space is an
// error, before which nothing changes.
func (g *GA) Immigrants(list []Immigrant) (int, error) {
	if g.waiting() > 0 {
		return 0, ErrOrder
	}
	for i, m := range list {
		if err := g.space.Check(m.Genome); err != nil {
			return 0, fmt.Errorf("ga: immigrant %d: %w", i, err)
		}
	}
	s := &g.state
	present := make(map[string]bool, len(s.Individuals))
	for i := range s.Individuals {
		present[g.space.Hash(s.Individuals[i].Genome)] = true
	}
	places := g.places()
	taken := 0
	for _, m := range list {
		if taken == min(g.config.ImmigrantLimit, len(places)) {
			break
		}
		hash := g.space.Hash(m.Genome)
		if present[hash] || m.Fitness-m.Fitness != 0 {
			continue
		}
		present[hash] = true
		s.Individuals[places[taken]] = Individual{
			Genome: m.Genome.Clone(), Origin: OriginImmigrant, Generation: s.Generation,
			Evaluated: true, Fitness: m.Fitness, Status: "verified", Metrics: m.Metrics,
		}
		taken++
		g.lead(m.Fitness)
	}
	return taken, nil
}

// places returns the places that immigrants may take, in the order in which they are taken: from the worst to the second
// best, or all but the elites in an order that is drawn for the generation.
func (g *GA) places() []int {
	order := op.Rank(g.fitness())
	if g.config.Placement == PlaceRandom {
		rest := order[min(max(g.config.Elites, 1), len(order)):]
		out := make([]int, len(rest))
		for i, j := range g.seq(rng.GAImmigrate, 0).Perm(len(rest)) {
			out[i] = rest[j]
		}
		return out
	}
	slices.Reverse(order)
	return order[:len(order)-1]
}

func (g *GA) fitness() []float64 {
	f := make([]float64, len(g.state.Individuals))
	for i := range f {
		f[i] = g.state.Individuals[i].Fitness
	}
	return f
}

// Best implements Strategy.
func (g *GA) Best() (Individual, bool) {
	b := g.state.Best
	b.Genome = b.Genome.Clone()
	return b, g.state.HasBest
}

// State returns a copy of the whole search.
func (g *GA) State() State { return g.state.Clone() }

// Summary returns the figures of the current generation.
func (g *GA) Summary() Summary { return g.state.Summary() }

// seq returns the draws of one operation for one place of this generation.
func (g *GA) seq(purpose rng.Purpose, index int) *rng.Seq {
	return rng.NewSeq(key(g.state.Seed, index), purpose, uint32(g.state.Generation))
}
