// Package archipelago makes one search of several islands that share a worker. An [Archipelago] is a [ga.Engine] like each of them.
//
// Trials go to the islands in turn: trial n is trial n ÷ K of island n mod K, and a generation is one of every island. Between
// generations the best of an island visits others, as package ga/island's topology and interval say. What comes from other nodes
// goes to one island after the other, so that it spreads as what is found here does. The islands may be different searches of the same
// space; their populations have one size.
//
// The terms are those of Cantú-Paz, "A survey of parallel genetic algorithms" (1998). Deliberately absent: which searches the islands
// are, and any state of its own: all of it is that of the islands.
package archipelago

import (
	"fmt"
	"slices"

	"doin.network/node/ga"
	"doin.network/node/ga/island"
	"doin.network/node/ga/op"
)

// MaxIslands bounds the islands of an archipelago.
const MaxIslands = 16

// Archipelago is a search by islands. Make one by New or Resume; it is not safe for concurrent use.
type Archipelago struct {
	islands    []ga.Engine
	population int64
	migration  island.Config
	state      ga.State // Pool, Open and Best aside
	asked      int64
	told       int64 // of the generation
}

var _ ga.Engine = (*Archipelago)(nil)

// Window is the window of each of count islands that have a window together.
func Window(window, count int) int { return (window + count - 1) / count }

// Migration is one best individual from each source of a topology at every interval generations, at most one let in.
func Migration(topology island.Topology, interval int) island.Config {
	c := island.DefaultConfig()
	c.Topology, c.Degree, c.Number, c.Interval = topology, 2, 1, interval
	return c
}

// New starts a search by islands that have just been made with this population and Window(window, len(islands)).
func New(islands []ga.Engine, population, window int, seed uint64, migration island.Config) (*Archipelago, error) {
	a, err := prepare(islands, population, migration)
	if err != nil {
		return nil, err
	}
	if window < 1 || window > ga.MaxWindow {
		return nil, fmt.Errorf("archipelago: window %d: must be in [1, %d]", window, ga.MaxWindow)
	}
	a.state = ga.State{Seed: seed, Window: window}
	return a, nil
}

func prepare(islands []ga.Engine, population int, migration island.Config) (*Archipelago, error) {
	if len(islands) < 1 || len(islands) > MaxIslands || population < 1 {
		return nil, fmt.Errorf("archipelago: %d islands, population %d: must be in [1, %d] and positive", len(islands), population, MaxIslands)
	}
	if err := migration.Validate(); err != nil {
		return nil, fmt.Errorf("archipelago: %w", err)
	}
	return &Archipelago{islands: islands, population: int64(population), migration: migration}, nil
}

// Resume continues from what State returned, with islands that are resumed alike.
func Resume(islands []ga.Engine, population int, state ga.State, migration island.Config) (*Archipelago, error) {
	a, err := prepare(islands, population, migration)
	if err != nil {
		return nil, err
	}
	for k, e := range islands {
		if e.Told()*int64(len(islands)) != state.Evaluations {
			return nil, fmt.Errorf("archipelago: state: island %d has had %d of %d trials of %d islands", k, e.Told(), state.Evaluations, len(islands))
		}
	}
	a.state, a.told = state, a.size()
	a.state.Pool, a.state.Open, a.state.Best, a.state.HasBest = nil, nil, ga.Individual{}, false
	return a, nil
}

// Island returns the individuals of island k of count in a state, numbered as it does.
func Island(state ga.State, k, count int) (pool, open []ga.Individual) {
	pick := func(list []ga.Individual) (out []ga.Individual) {
		for _, x := range list {
			if x.Island != k {
				continue
			}
			if x.Island = 0; x.Trial >= 0 {
				x.Trial /= int64(count)
			}
			x.Parents = slices.Clone(x.Parents)
			for i := range x.Parents {
				x.Parents[i] /= int64(count)
			}
			out = append(out, x)
		}
		return out
	}
	return pick(state.Pool), pick(state.Open)
}

// outward numbers an individual of island k as the archipelago does.
func (a *Archipelago) outward(k int, x *ga.Individual) {
	n := int64(len(a.islands))
	if x.Island = k; x.Trial >= 0 {
		x.Trial = x.Trial*n + int64(k)
	}
	x.Parents = slices.Clone(x.Parents)
	for i := range x.Parents {
		x.Parents[i] = x.Parents[i]*n + int64(k)
	}
}

// size is how many trials make a generation.
func (a *Archipelago) size() int64 { return a.population * int64(len(a.islands)) }

// at is whose trial a number is.
func (a *Archipelago) at(trial int64) int { return int(trial % int64(len(a.islands))) }

// Ask implements ga.Strategy.
func (a *Archipelago) Ask() (c ga.Candidate, ok bool) {
	number := a.state.Evaluations + a.asked
	if c, ok = a.islands[a.at(number)].Ask(); ok {
		c.Trial = number
		a.asked++
	}
	return c, ok
}

// Due implements ga.Engine.
func (a *Archipelago) Due() (x ga.Individual, ok bool) {
	if a.asked == 0 {
		return x, false
	}
	k := a.at(a.state.Evaluations)
	if x, ok = a.islands[k].Due(); ok {
		a.outward(k, &x)
	}
	return x, ok
}

// Told implements ga.Engine.
func (a *Archipelago) Told() int64 { return a.state.Evaluations }

// Plateau is true where every island is on one.
func (a *Archipelago) Plateau() bool {
	return !slices.ContainsFunc(a.islands, func(e ga.Engine) bool { return !e.Plateau() })
}

// Complete implements ga.Strategy.
func (a *Archipelago) Complete() bool { return a.told >= a.size() }

// Tell implements ga.Strategy.
func (a *Archipelago) Tell(r ga.Result) error {
	if a.Complete() || a.asked == 0 || r.Trial != a.state.Evaluations {
		return fmt.Errorf("%w: result of trial %d, %d is next", ga.ErrOrder, r.Trial, a.state.Evaluations)
	}
	e := a.islands[a.at(r.Trial)]
	r.Trial = e.Told()
	if err := e.Tell(r); err != nil {
		return err
	}
	a.asked--
	a.told++
	a.state.Evaluations++
	if a.state.Lead(r.Fitness) {
		a.state.NoImprove = -1 // this generation does not count
	}
	if !a.Complete() {
		return nil
	}
	a.state.NoImprove++
	for k, e := range a.islands {
		if !e.Complete() {
			return fmt.Errorf("archipelago: island %d has another population than %d", k, a.population)
		}
	}
	return nil
}

// Immigrants implements ga.Strategy: one after the other goes to the next island.
func (a *Archipelago) Immigrants(list []ga.Immigrant) (taken int, err error) {
	if !a.Complete() {
		return 0, ga.ErrOrder
	}
	for i := range list {
		n, err := a.islands[(a.state.Generation+i)%len(a.islands)].Immigrants(list[i : i+1])
		if err != nil {
			return taken, err
		}
		if taken += n; n > 0 && a.state.Lead(list[i].Fitness) {
			a.state.NoImprove = 0
		}
	}
	return taken, nil
}

// Advance implements ga.Strategy. First those migrate whose turn it is.
func (a *Archipelago) Advance() error {
	if !a.Complete() {
		return ga.ErrOrder
	}
	if err := a.migrate(int64(a.state.Generation) + 1); err != nil {
		return err
	}
	a.state.Generation++
	a.told = 0
	for _, e := range a.islands {
		if err := e.Advance(); err != nil {
			return err
		}
	}
	return nil
}

// migrate lets the best of each island into those that have it for a source, if a round, from 1, opens the gates.
func (a *Archipelago) migrate(round int64) error {
	if round%int64(a.migration.Interval) != 0 || len(a.islands) == 1 {
		return nil
	}
	names := make([]string, len(a.islands))
	best := make([]ga.Immigrant, len(a.islands))
	for k, e := range a.islands {
		names[k] = fmt.Sprintf("%02d", k)
		if x, ok := e.Best(); ok {
			best[k] = ga.Immigrant{Genome: x.Genome, Fitness: x.Fitness, Seeds: x.Seeds, Metrics: x.Metrics}
		}
	}
	for k, e := range a.islands {
		gate := island.NewGate[ga.Immigrant](a.migration)
		for from := range best {
			if f := best[from].Fitness; from != k && best[from].Genome != nil && f-f == 0 {
				gate.Offer(island.Migrant[ga.Immigrant]{From: names[from], Fitness: f, Value: best[from]})
			}
		}
		var visitors []ga.Immigrant
		for _, m := range gate.Open(round, names[k], names) {
			visitors = append(visitors, m.Value)
		}
		if _, err := e.Immigrants(visitors); err != nil {
			return err
		}
	}
	return nil
}

// SetWindow implements ga.Engine.
func (a *Archipelago) SetWindow(n int) error {
	if !a.Complete() {
		return ga.ErrOrder
	}
	if n < 1 || n > ga.MaxWindow {
		return fmt.Errorf("archipelago: window %d: must be in [1, %d]", n, ga.MaxWindow)
	}
	a.state.Window = n
	for _, e := range a.islands {
		if err := e.SetWindow(Window(n, len(a.islands))); err != nil {
			return err
		}
	}
	return nil
}

// Islands returns the engines of the islands, fresh.
func (a *Archipelago) Islands() []ga.Engine { return slices.Clone(a.islands) }

// Best implements ga.Strategy: of whom most is expected.
func (a *Archipelago) Best() (best ga.Individual, ok bool) {
	at := 0
	for k, e := range a.islands {
		if x, has := e.Best(); has && (!ok || op.Better(x.Expected, best.Expected)) {
			best, ok, at = x, true, k
		}
	}
	if ok {
		a.outward(at, &best)
	}
	return best, ok
}

// State implements ga.Engine: the individuals of all islands, one island after the other.
func (a *Archipelago) State() ga.State {
	out := a.state
	out.Best, out.HasBest = a.Best()
	for k, e := range a.islands {
		s := e.State()
		for _, list := range [][]ga.Individual{s.Pool, s.Open} {
			for i := range list {
				a.outward(k, &list[i])
			}
		}
		out.Pool, out.Open = append(out.Pool, s.Pool...), append(out.Open, s.Open...)
	}
	return out
}
