package cma

import (
	"encoding/json"
	"errors"
	"fmt"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga"
	"doin.network/node/ga/op"
)

// Origins of a strategy's individuals.
const (
	OriginLines  ga.Origin = "lines"  // of a search along one coordinate, or a check of it
	OriginSample ga.Origin = "sample" // drawn from the distribution
)

// Strategy is a Search over a space of genomes. It maximises: what a Search is told of is the fitness with its sign changed. Spaces
// with integers, categories or conditional genes are searched by the mixed form, see Mixed; what is inactive is drawn all the same
// and moves nothing. A generation is as many told trials as configured. Of the configuration of package ga it takes Population and
// ImmigrantLimit; it trains a genome with one seed. It is not safe for concurrent use.
type Strategy struct {
	coding coding
	config ga.Config
	repair func(genome.Genome) genome.Genome

	search *Search
	open   []*ga.Individual // of the search's, in its order
	state  ga.State         // Open and Pool aside
	pool   []ga.Individual  // the last trials told, and immigrants
	told   int              // of the generation
}

var _ ga.Engine = (*Strategy)(nil)

// NewStrategy starts a search of space with at most window trials under way; repair may be nil.
func NewStrategy(space genome.Space, config ga.Config, window int, seed uint64, repair func(genome.Genome) genome.Genome) (*Strategy, error) {
	s, err := prepareStrategy(space, config, repair)
	if err != nil {
		return nil, err
	}
	s.state = ga.State{Seed: seed, Window: window}
	if s.search, err = prepare(s.coding.n, s.options(), window, seed, s.coding.layout); err != nil {
		return nil, err
	}
	s.fill()
	return s, nil
}

func prepareStrategy(space genome.Space, config ga.Config, repair func(genome.Genome) genome.Genome) (*Strategy, error) {
	if err := space.Validate(); err != nil {
		return nil, fmt.Errorf("cma: %w", err)
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("cma: configuration: %w", err)
	}
	if repair == nil {
		repair = func(g genome.Genome) genome.Genome { return g }
	}
	return &Strategy{coding: newCoding(space), config: config, repair: repair}, nil
}

// options are the search's: lines are for spaces of reals alone.
func (s *Strategy) options() Config {
	c := DefaultConfig()
	if s.coding.layout != nil {
		c.Lines = 0
	}
	return c
}

// ResumeStrategy continues from what State and Search returned under the same space and configuration.
func ResumeStrategy(space genome.Space, config ga.Config, state ga.State, search string, repair func(genome.Genome) genome.Genome) (*Strategy, error) {
	s, err := prepareStrategy(space, config, repair)
	if err != nil {
		return nil, err
	}
	if err := checkState(&state, space); err != nil {
		return nil, err
	}
	var inner State
	if err := json.Unmarshal([]byte(search), &inner); err != nil {
		return nil, fmt.Errorf("cma: state: %w", err)
	}
	if s.search, err = restore(s.options(), inner); err != nil {
		return nil, err
	}
	l := inner.Layout
	if inner.N != s.coding.n || len(inner.Open) != len(state.Open) || inner.Told != state.Evaluations || inner.Seed != state.Seed || !sameLayout(l, s.coding.layout) {
		return nil, errors.New("cma: state: the search is of another space, or of other trials")
	}
	s.pool = state.Pool
	for i := range state.Open {
		x := state.Open[i]
		x.Trial = state.Evaluations + int64(i)
		s.open = append(s.open, &x)
	}
	state.Pool, state.Open = nil, nil
	s.state, s.told = state, config.Population
	return s, nil
}

func sameLayout(a, b *Layout) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// checkState is what package ga demands of a state; the population may be of one here.
func checkState(s *ga.State, space genome.Space) error {
	if len(s.Pool) == 1 {
		twice := *s
		twice.Pool = append(twice.Pool, twice.Pool[0])
		return twice.Validate(space)
	}
	return s.Validate(space)
}

// fill draws until as many trials are under way as the window allows.
func (s *Strategy) fill() {
	s.search.fill()
	for len(s.open) < len(s.search.state.Open) {
		o := &s.search.state.Open[len(s.open)]
		number := s.state.Evaluations + int64(len(s.open))
		generation, place := int(number/int64(s.config.Population)), int(number%int64(s.config.Population))
		x := &ga.Individual{Genome: s.repair(s.coding.genome(inside(o.X), o.Choices)), Origin: OriginSample, Generation: generation,
			Seed: rng.SearchSeed(s.state.Seed, generation, place), Trial: number, Operator: fmt.Sprintf("run %d", o.Run)}
		if o.Lines {
			x.Origin, x.Operator = OriginLines, ""
		}
		s.open = append(s.open, x)
	}
}

// Ask implements ga.Strategy.
func (s *Strategy) Ask() (c ga.Candidate, ok bool) {
	t, ok := s.search.Ask()
	if !ok {
		return c, false
	}
	x := s.open[s.search.handed-1]
	return ga.Candidate{Trial: t.Number, Genome: x.Genome, Seed: x.Seed}, true
}

// Due returns the oldest trial under way; ok is false where there is none. It shares nothing with the search.
func (s *Strategy) Due() (x ga.Individual, ok bool) {
	if s.search.handed == 0 {
		return x, false
	}
	return copied(s.open[0]), true
}

func copied(x *ga.Individual) ga.Individual {
	out := *x
	out.Genome = x.Genome.Clone()
	return out
}

// Told returns how many trials have been told.
func (s *Strategy) Told() int64 { return s.state.Evaluations }

// Complete implements ga.Strategy.
func (s *Strategy) Complete() bool { return s.told >= s.config.Population }

// Plateau is false: restarts never end.
func (s *Strategy) Plateau() bool { return false }

// Tell implements ga.Strategy.
func (s *Strategy) Tell(r ga.Result) error {
	if s.Complete() || s.search.handed == 0 || r.Trial != s.state.Evaluations {
		return fmt.Errorf("%w: result of trial %d, %d is next", ga.ErrOrder, r.Trial, s.state.Evaluations)
	}
	x := s.open[0]
	masked, off := s.coding.active(x.Genome, s.search.state.Open[0].Choices)
	if err := s.search.take(r.Trial, 0-r.Fitness, masked, off); err != nil {
		return err
	}
	s.open = s.open[1:]
	x.Fitness, x.Status, x.Metrics, x.Expected = r.Fitness, r.Status, r.Metrics, r.Fitness
	s.state.Evaluations++
	s.told++
	s.join(*x)
	if !s.state.HasBest || op.Better(x.Fitness, s.state.Best.Fitness) {
		s.state.Best, s.state.HasBest = copied(x), true
	}
	if s.state.Lead(x.Fitness) {
		s.state.NoImprove = -1 // this generation does not count
	}
	if s.Complete() {
		s.state.NoImprove++
	} else {
		s.fill()
	}
	return nil
}

// join takes in the youngest; the oldest leaves.
func (s *Strategy) join(x ga.Individual) {
	if s.pool = append(s.pool, x); len(s.pool) > s.config.Population {
		s.pool = append([]ga.Individual(nil), s.pool[1:]...)
	}
}

// Immigrants implements ga.Strategy. The best of the list moves the mean of the run under way, by a step that is clipped, if it is
// better than everything this search has found; the others, as many as configured, join the population alone, which no draw
// depends on.
func (s *Strategy) Immigrants(list []ga.Immigrant) (taken int, err error) {
	if !s.Complete() {
		return 0, ga.ErrOrder
	}
	for i := range list {
		if err := s.coding.space.Check(list[i].Genome); err != nil {
			return 0, fmt.Errorf("cma: immigrant %d: %w", i, err)
		}
	}
	var best *ga.Immigrant
	for i := range list {
		m := &list[i]
		if taken == s.config.ImmigrantLimit || m.Fitness-m.Fitness != 0 {
			continue
		}
		taken++
		s.join(ga.Individual{Genome: m.Genome.Clone(), Origin: ga.OriginImmigrant, Generation: s.state.Generation, Trial: -1,
			Fitness: m.Fitness, Status: "verified", Metrics: m.Metrics, Expected: m.Fitness})
		if best == nil || m.Fitness > best.Fitness {
			best = m
		}
	}
	if best != nil && (!s.state.HasBest || op.Better(best.Fitness, s.state.Best.Fitness)) {
		s.search.Inject(s.coding.point(best.Genome))
	}
	if best != nil && s.state.Lead(best.Fitness) {
		s.state.NoImprove = 0
	}
	return taken, nil
}

// Advance implements ga.Strategy.
func (s *Strategy) Advance() error {
	if !s.Complete() {
		return ga.ErrOrder
	}
	s.state.Generation++
	s.told = 0
	s.fill()
	return nil
}

// SetWindow changes the window of a complete generation for what is drawn from here on.
func (s *Strategy) SetWindow(n int) error {
	if !s.Complete() {
		return ga.ErrOrder
	}
	if n < 1 || n > MaxWindow {
		return fmt.Errorf("cma: window %d: must be in [1, %d]", n, MaxWindow)
	}
	s.state.Window, s.search.state.Window = n, n
	return nil
}

// Best implements ga.Strategy.
func (s *Strategy) Best() (ga.Individual, bool) {
	if !s.state.HasBest {
		return ga.Individual{}, false
	}
	return copied(&s.state.Best), true
}

// State returns the population's part of the search after a complete generation; Search returns the rest.
func (s *Strategy) State() ga.State {
	out := s.state
	out.Best, out.HasBest = s.Best()
	for i := range s.pool {
		out.Pool = append(out.Pool, copied(&s.pool[i]))
	}
	for _, x := range s.open {
		out.Open = append(out.Open, copied(x))
	}
	return out
}

// Search returns the inner search as JSON.
func (s *Strategy) Search() string {
	data, err := json.Marshal(&s.search.state)
	if err != nil {
		panic(err) // numbers are finite
	}
	return string(data)
}
