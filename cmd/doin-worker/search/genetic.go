package search

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker"
	"doin.network/node/ga"
	"doin.network/node/ga/meta"
	"doin.network/node/internal/canon"
)

// genetic runs an engine on a domain. Trainings that are under way when a generation's record is made go on, and are the next
// one's.
type genetic struct {
	domain domain.Domain
	name   string // of the strategy
	ga     ga.Engine
	crew   *crew
	slots  int
	// advice is the guide of a search that has one, else nil.
	advice *meta.Adviser
	// early holds immigrants that came before there was an evaluated population.
	early []worker.Immigrant
	// told are the trials that were told since the last record, by their number.
	told map[int64]*told
}

// told is a trial with its result.
type told struct {
	trial  ga.Individual // as it was under way
	result ga.Result
	tried  domain.Tried
}

// advised is a domain that knows what suits a search of its space.
type advised interface {
	// Suited returns settings that take the place of package ga's defaults.
	Suited() *canon.Object
}

// withDefaults returns settings with those of suited that they do not have.
func withDefaults(settings, suited *canon.Object) *canon.Object {
	out := settings.Clone()
	for k, v := range suited.All() {
		if !out.Has(k) {
			out.Set(k, v)
		}
	}
	return out
}

func newGenetic(spec worker.SearchSpec, name string, config *canon.Object) (worker.Searcher, error) {
	if a, ok := spec.Domain.(advised); ok {
		config = withDefaults(config, a.Suited())
	}
	g := &genetic{domain: spec.Domain, name: name, slots: spec.Slots, told: map[int64]*told{}}
	// Twice the slots: where a training ends, the next one waits for its slot already.
	g.crew = newCrew(2*spec.Slots, func(ctx context.Context, c ga.Candidate) (outcome, error) { return g.train(ctx, spec.Pool, c) })
	var from *saved
	if spec.Resume != nil {
		state, err := stateOf(spec.Resume)
		if err != nil {
			return nil, refused(err)
		}
		from = &saved{state: state, extra: spec.Resume.Extra}
	}
	var err error
	if g.ga, err = newMaker(&spec).search(name, config, from); err == nil && from != nil && spec.Window > 0 {
		err = g.ga.SetWindow(spec.Window)
	}
	if err != nil {
		return nil, refused(err)
	}
	g.advice = adviceOf(g.ga)
	return g, nil
}

// DefaultWindow is how many trials a search has under way that was told no other number: three for each slot, so that none
// waits for the slowest training of its time (with two, eight slots are busy for 0.90 of the time on examples/co2), but not more than the population has individuals, since the search bred on
// older results would not be worth the slots.
func DefaultWindow(slots, population int) int { return min(3*max(slots, 1), population) }

// SetWindow changes how many trials are under way from the next generation on.
func (g *genetic) SetWindow(n int) error {
	if err := g.ga.SetWindow(n); err != nil {
		return refused(err)
	}
	return nil
}

// Close waits for the trainings under way; their context has ended.
func (g *genetic) Close() { g.crew.wait() }

// Generation implements worker.Searcher.
func (g *genetic) Generation(ctx context.Context, immigrants []worker.Immigrant) (*worker.Record, error) {
	immigrants = append(g.early, immigrants...)
	g.early = nil
	if !g.ga.Complete() {
		g.early = immigrants
	} else {
		if _, err := g.ga.Immigrants(g.genomes(immigrants)); err != nil {
			return nil, err
		}
		if err := g.ga.Advance(); err != nil {
			return nil, err
		}
	}
	g.pace()
	for !g.ga.Complete() {
		for c, ok := g.ga.Ask(); ok; c, ok = g.ga.Ask() {
			g.crew.give(ctx, c)
		}
		o, err := g.crew.result(ctx, g.ga.Told())
		if err != nil {
			return nil, err
		}
		due, _ := g.ga.Due()
		if err := g.ga.Tell(o.result); err != nil {
			return nil, err
		}
		g.told[due.Trial] = &told{trial: due, result: o.result, tried: o.tried}
	}
	r := g.record()
	clear(g.told)
	return r, nil
}

// pace has the crew train one at a time while the search is on a plateau: what it may still gain is not worth more.
func (g *genetic) pace() {
	if g.ga.Plateau() {
		g.crew.resize(min(1, g.slots))
	} else {
		g.crew.resize(2 * g.slots)
	}
}

// train runs one candidate: whole trainings with its seed on every fold.
func (g *genetic) train(ctx context.Context, pool worker.Pool, c ga.Candidate) (outcome, error) {
	out, err := pool.Try(ctx, []domain.Trial{{Parameters: g.domain.Parameters(c.Genome), Seed: c.Seed}})
	if err != nil {
		return outcome{}, err
	}
	return outcome{tried: out[0],
		result: ga.Result{Trial: c.Trial, Fitness: out[0].Performance, Status: out[0].Status, Metrics: out[0].Metrics}}, nil
}

// genomes reads immigrants; a recipe that is none of this domain's is passed over.
func (g *genetic) genomes(list []worker.Immigrant) (out []ga.Immigrant) {
	space := g.domain.Describe().Space
	for _, m := range list {
		x, err := g.domain.Genome(m.Parameters)
		if err == nil && space.Check(x) == nil {
			out = append(out, ga.Immigrant{Genome: x, Fitness: m.Performance, Seeds: m.Seeds})
		}
	}
	return out
}

// frame is a record without rows but the best.
func (g *genetic) frame(s *ga.State) *worker.Record {
	r := &worker.Record{Strategy: g.name, Seed: s.Seed, Generation: s.Generation, Evaluations: s.Evaluations,
		NoImprove: s.NoImprove, Leader: s.Leader, HasLeader: s.HasLeader, Average: average(s.Pool), Plateau: s.Plateau}
	if s.HasBest {
		best := g.row(0, &s.Best)
		r.Best = &best
	}
	return r
}

// record is the population as the protocol has it, the trials under way after it.
func (g *genetic) record() *worker.Record {
	s := g.ga.State()
	r := g.frame(&s)
	r.Plateau = g.ga.Plateau()
	r.Extra = g.extras(g.ga, &s)
	if g.advice != nil {
		r.Advice = g.advice.Report().Object()
	}
	for i := range s.Pool {
		row := g.row(len(r.Rows), &s.Pool[i])
		if t := g.told[row.Trial]; t != nil && row.Trial >= 0 {
			row.Seconds, row.Curve = t.tried.Seconds, t.tried.Curve
			delete(g.told, row.Trial)
		}
		r.Rows = append(r.Rows, row)
	}
	for i := range s.Open {
		row := g.row(len(r.Rows), &s.Open[i])
		row.Fitness, row.Status = math.NaN(), worker.StatusOpen
		r.Rows = append(r.Rows, row)
	}
	for _, n := range slices.Sorted(maps.Keys(g.told)) { // no individuals of the population
		r.Gone = append(r.Gone, g.gone(g.told[n]))
	}
	return r
}

// gone is the row of a trial that is no individual of the population.
func (g *genetic) gone(t *told) worker.Row {
	row := g.row(0, &t.trial)
	row.Fitness, row.Status, row.Metrics, row.Of = t.result.Fitness, t.result.Status, object(t.result.Metrics), t.trial.Of
	row.Seconds, row.Curve = t.tried.Seconds, t.tried.Curve
	return row
}

func (g *genetic) row(index int, i *ga.Individual) worker.Row {
	row := worker.Row{Index: index, Genome: i.Genome, Parameters: g.domain.Parameters(i.Genome), Fitness: i.Fitness,
		Generation: i.Generation, Seed: i.Seed, Status: i.Status, Origin: string(i.Origin), Metrics: object(i.Metrics),
		Raced: worker.Raced{Seeds: i.Seeds, Of: i.Of},
		Made:  worker.Made{Known: true, Trial: i.Trial, Operator: i.Operator, Parents: i.Parents, Island: i.Island}}
	if i.Seeds > 0 {
		row.Expected, row.Error = i.Expected, i.Error
	}
	for _, t := range i.Trainings {
		row.Trainings = append(row.Trainings, worker.Training{Seed: t.Seed, Performance: t.Fitness})
	}
	return row
}

// average is the mean fitness of the runs that neither failed nor diverged, 0 if
// there are none.
func average(list []ga.Individual) float64 {
	mean, n := 0.0, 0.0
	for i := range list {
		if f := list[i].Fitness; f-f == 0 {
			n++
			mean += (f - mean) / n
		}
	}
	return mean
}

// stateOf is the inverse of record. A record of version 1 of the protocol has no extra members: it was made when nothing was
// under way.
func stateOf(r *worker.Record) (s ga.State, err error) {
	s = ga.State{Seed: r.Seed, Generation: r.Generation, Evaluations: r.Evaluations,
		NoImprove: r.NoImprove, Leader: r.Leader, HasLeader: r.HasLeader, Plateau: r.Plateau, Window: 1, NextGeneration: r.Generation + 1}
	for key, to := range map[string]*int{windowKey: &s.Window, nextGenerationKey: &s.NextGeneration, nextPlaceKey: &s.NextPlace,
		freshKey: &s.Fresh} {
		if text, ok := r.Extra[key]; ok {
			if *to, err = strconv.Atoi(text); err != nil {
				return s, fmt.Errorf("record: %s: %w", key, err)
			}
		}
	}
	for i := range r.Rows {
		if x := individual(&r.Rows[i]); x.Status == worker.StatusOpen {
			s.Open = append(s.Open, x)
		} else {
			s.Pool = append(s.Pool, x)
		}
	}
	if r.Best != nil {
		s.Best, s.HasBest = individual(r.Best), true
	}
	return s, nil
}

func individual(r *worker.Row) ga.Individual {
	x := ga.Individual{Genome: r.Genome, Origin: ga.Origin(r.Origin), Generation: r.Generation, Seed: r.Seed,
		Fitness: r.Fitness, Status: r.Status, Metrics: r.Metrics, Seeds: r.Seeds, Of: r.Of, Trial: -1, Expected: r.Promise(), Error: r.Error}
	if r.Made.Known {
		x.Trial, x.Operator, x.Parents, x.Island = r.Trial, r.Operator, r.Parents, r.Island
	}
	for _, t := range r.Trainings {
		x.Trainings = append(x.Trainings, ga.Training{Seed: t.Seed, Fitness: t.Performance})
	}
	return x
}
