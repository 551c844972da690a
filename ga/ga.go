package ga

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
)

// ErrOrder is returned by Tell for a result that is not due, and by Immigrants and Advance before a generation is complete.
var ErrOrder = errors.New("ga: out of order")

// GA is one population evolving. It is not safe for concurrent use.
type GA struct {
	space  genome.Space
	config Config
	repair func(genome.Genome) genome.Genome

	noisy  bool // see WithNoise
	random bool // see WithoutBreeding
	race   race
	guide  Guide // nil: nobody advises

	state State // Pool, Open and Best aside
	best  *Individual
	pool  *pool
	open  []*Individual
	asked int // of open, handed out by Ask
	told  int // trials of the generation
	// taken counts the genomes of pool and open by their hash.
	taken map[string]int
}

var _ Engine = (*GA)(nil)

// Option changes how a GA is made.
type Option func(*GA)

// WithRepair sets a pure function that brings every genome the search makes
// under limits that single genes cannot express. It returns its argument or a
// changed copy, inside the space.
func WithRepair(f func(genome.Genome) genome.Genome) Option {
	return func(g *GA) { g.repair = f }
}

// WithNoise says that a genome scores differently with another seed. The search then races, after Maron and Moore, "Hoeffding
// races" (NIPS 1993), and Birattari and others, "A racing algorithm for configuring metaheuristics" (GECCO 2002), but with
// shrunk means for bounds and tests: a new genome is trained with one seed; the elites, and who could be one as far as its
// error allows, with one after the other, at most RacingSeeds. Selection, elites and Best go by what is expected of an
// individual, not by what it scored.
func WithNoise() Option {
	return func(g *GA) { g.noisy = true }
}

// WithoutBreeding draws every trial uniformly from the space: random search, for who compares or has nothing better.
func WithoutBreeding() Option {
	return func(g *GA) { g.random = true }
}

// New starts a search that has at most window trials under way, 1 to MaxWindow. It keeps space.
func New(space genome.Space, config Config, window int, seed uint64, options ...Option) (*GA, error) {
	g, err := prepare(space, config, options)
	if err != nil {
		return nil, err
	}
	if window < 1 || window > MaxWindow {
		return nil, fmt.Errorf("ga: window %d: must be in [1, %d]", window, MaxWindow)
	}
	g.state = State{Seed: seed, Window: window}
	g.pool = newPool(nil, config.Elites)
	g.fill()
	return g, nil
}

// Resume continues from a state that State returned under the same space and
// configuration: what follows is what would have followed there. A population
// of another size than configured ages, or grows, to that size.
func Resume(space genome.Space, config Config, state State, options ...Option) (*GA, error) {
	g, err := prepare(space, config, options)
	if err != nil {
		return nil, err
	}
	if err := state.Validate(space); err != nil {
		return nil, err
	}
	list := clones(state.Pool)
	for i := range list {
		list[i].Expected = list[i].Fitness
	}
	g.pool = newPool(list, config.Elites)
	open := clones(state.Open)
	for i := range open {
		open[i].Trial = state.Evaluations + int64(i)
		g.open = append(g.open, &open[i])
		if open[i].Origin != OriginAgain {
			g.taken[space.Hash(open[i].Genome)]++
		}
	}
	for _, x := range g.pool.list {
		g.taken[space.Hash(x.Genome)]++
	}
	if state.HasBest {
		g.best = g.find(state.Best)
	}
	state.Pool, state.Open, state.Best = nil, nil, Individual{}
	g.state, g.told = state, config.Population
	if g.races() {
		g.settle()
	}
	return g, nil
}

// find returns the individual of the pool that is x, or, if it has left, a copy.
func (g *GA) find(x Individual) *Individual {
	for _, y := range g.pool.list {
		if y.Origin == x.Origin && y.Generation == x.Generation && y.Seed == x.Seed && slices.Equal(y.Genome, x.Genome) {
			return y
		}
	}
	x = x.clone()
	x.Expected = x.Fitness
	return &x
}

func prepare(space genome.Space, config Config, options []Option) (*GA, error) {
	if err := space.Validate(); err != nil {
		return nil, fmt.Errorf("ga: %w", err)
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("ga: configuration: %w", err)
	}
	g := &GA{space: space, config: config, repair: func(g genome.Genome) genome.Genome { return g }, taken: map[string]int{}}
	for _, o := range options {
		o(g)
	}
	return g, nil
}

// Window returns how many trials are under way at most.
func (g *GA) Window() int { return g.state.Window }

// SetWindow changes the window of a complete generation for what is bred from here on, 1 to MaxWindow.
func (g *GA) SetWindow(n int) error {
	if !g.Complete() {
		return ErrOrder
	}
	if n < 1 || n > MaxWindow {
		return fmt.Errorf("ga: window %d: must be in [1, %d]", n, MaxWindow)
	}
	g.state.Window = n
	return nil
}

// Ask implements Strategy.
func (g *GA) Ask() (c Candidate, ok bool) {
	if g.asked == len(g.open) {
		return c, false
	}
	x := g.open[g.asked]
	c = Candidate{Trial: g.state.Evaluations + int64(g.asked), Genome: x.Genome, Seed: x.Seed}
	g.asked++
	return c, true
}

// Due returns the oldest trial under way, the one whose result Tell takes next; ok is false where there is none. It shares
// nothing with the search.
func (g *GA) Due() (x Individual, ok bool) {
	if g.asked == 0 {
		return x, false
	}
	return g.open[0].clone(), true
}

// Told returns how many trials have been told: the trial that is due.
func (g *GA) Told() int64 { return g.state.Evaluations }

// Plateau reports whether what the search may still gain is below the noise of its scores; see State.
func (g *GA) Plateau() bool { return g.state.Plateau }

// Complete implements Strategy.
func (g *GA) Complete() bool { return g.told >= g.config.Population }

// Tell implements Strategy.
func (g *GA) Tell(r Result) error {
	if g.Complete() || g.asked == 0 || r.Trial != g.state.Evaluations {
		return fmt.Errorf("%w: result of trial %d, %d is next, %d are under way", ErrOrder, r.Trial, g.state.Evaluations, g.asked)
	}
	x := g.open[0]
	g.open[0] = nil
	g.open = g.open[1:]
	g.asked--
	g.told++
	s := &g.state
	s.Evaluations++
	if x.Origin == OriginAgain {
		g.rescore(x, r.Fitness)
	} else {
		g.join(x, r)
	}
	if g.races() && g.due() {
		g.rethink()
	}
	if g.Complete() {
		g.close()
	} else {
		g.fill()
	}
	return nil
}

// join takes a trained individual into the population.
func (g *GA) join(x *Individual, r Result) {
	x.Fitness, x.Status, x.Metrics, x.Expected = r.Fitness, r.Status, r.Metrics, r.Fitness
	if g.races() {
		x.score(Training{Seed: x.Seed, Fitness: r.Fitness})
		g.expect(x)
	}
	g.tell(x.Trial, x)
	g.pool.add(x)
	for len(g.pool.list) > g.config.Population {
		old, ok := g.pool.age()
		if !ok {
			break
		}
		g.release(old.Genome)
	}
	if g.best == nil || better(x.Expected, g.best.Expected) {
		g.best = x
	}
	if !g.races() && g.state.Lead(x.Fitness) {
		g.state.NoImprove = -1 // this generation does not count
	}
}

// close ends a generation.
func (g *GA) close() {
	if g.races() {
		g.measure()
	}
	if g.state.NoImprove++; g.config.Patience > 0 && g.state.NoImprove >= g.config.Patience {
		g.state.NoImprove, g.state.Fresh = 0, g.config.Population-g.config.Elites
	}
}

// Advance implements Strategy.
func (g *GA) Advance() error {
	if !g.Complete() {
		return ErrOrder
	}
	g.state.Generation++
	g.told = 0
	g.fill()
	return nil
}

// Immigrants implements Strategy. In order of the list, an immigrant takes the place, as Config.Placement says, of an
// individual that is neither an elite nor an immigrant of this call, until ImmigrantLimit is reached. A genome that the
// population holds or that is under way already, and a fitness that is not finite, are passed over; a genome outside the
// space is an error, before which nothing changes.
func (g *GA) Immigrants(list []Immigrant) (taken int, err error) {
	if !g.Complete() {
		return 0, ErrOrder
	}
	for i, m := range list {
		if err := g.space.Check(m.Genome); err != nil {
			return 0, fmt.Errorf("ga: immigrant %d: %w", i, err)
		}
	}
	places := g.places()
	for _, m := range list {
		if taken == min(g.config.ImmigrantLimit, len(places)) {
			break
		}
		hash := g.space.Hash(m.Genome)
		if g.taken[hash] > 0 || m.Fitness-m.Fitness != 0 {
			continue
		}
		g.taken[hash]++
		g.evict(places[taken])
		g.pool.add(g.immigrant(&m))
		taken++
		if !g.races() && g.state.Lead(m.Fitness) {
			g.state.NoImprove = 0
		}
	}
	if g.races() && taken > 0 {
		g.rethink()
	}
	return taken, nil
}

// immigrant makes the individual of one who comes in.
func (g *GA) immigrant(m *Immigrant) *Individual {
	x := &Individual{Genome: m.Genome.Clone(), Origin: OriginImmigrant, Generation: g.state.Generation, Trial: -1,
		Fitness: m.Fitness, Status: "verified", Metrics: m.Metrics, Expected: m.Fitness}
	if g.races() {
		x.Seeds = min(max(m.Seeds, 1), MaxSeeds)
		g.expect(x)
	}
	return x
}

// places returns whose places immigrants may take, in the order in which they are taken: the worst first, or in an order
// that is drawn for the generation.
func (g *GA) places() []*Individual {
	out := g.pool.replaceable()
	if g.config.Placement == PlaceRandom {
		order := make([]*Individual, len(out))
		for i, j := range g.draws(rng.GAImmigrate, g.state.Generation, 0, 0).Perm(len(out)) {
			order[i] = out[j]
		}
		return order
	}
	return out
}

// evict takes an individual out of the pool.
func (g *GA) evict(x *Individual) {
	for i := range g.pool.list {
		if g.pool.list[i] == x {
			g.pool.remove(i)
			break
		}
	}
	g.release(x.Genome)
}

// release forgets that a genome is taken.
func (g *GA) release(x genome.Genome) {
	hash := g.space.Hash(x)
	if g.taken[hash]--; g.taken[hash] <= 0 {
		delete(g.taken, hash)
	}
}

// Best implements Strategy.
func (g *GA) Best() (Individual, bool) {
	if g.best == nil {
		return Individual{}, false
	}
	b := g.best.clone()
	b.pending = false
	return b, true
}

// State returns the search after a complete generation; in the midst of one, Resume would not go on from it. It shares
// with the search only metrics objects, which are never changed.
func (g *GA) State() State {
	s := g.state
	s.Best, s.HasBest = g.Best()
	s.Pool, s.Open = copies(g.pool.list), copies(g.open)
	return s
}

// Summary returns the figures of the population.
func (g *GA) Summary() Summary {
	s := g.State()
	return s.Summary()
}

func copies(list []*Individual) []Individual {
	out := make([]Individual, len(list))
	for i, x := range list {
		out[i] = x.clone()
		out[i].pending = false
	}
	return out
}

func clones(list []Individual) []Individual {
	out := append([]Individual(nil), list...)
	for i := range out {
		out[i] = out[i].clone()
	}
	return out
}

// draws returns those of one operation for one place of a generation, and one of several genomes that are made for it.
func (g *GA) draws(purpose rng.Purpose, generation, place, number int) *rng.Seq {
	return rng.NewSeq(key(g.state.Seed, place, number), purpose, uint32(generation))
}
