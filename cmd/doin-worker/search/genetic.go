package search

import (
	"context"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker"
	"doin.network/node/ga"
	"doin.network/node/internal/canon"
)

// genetic runs a ga.GA on a domain.
type genetic struct {
	domain domain.Domain
	pool   worker.Pool
	ga     *ga.GA
	// evaluated: the population is, and the next generation starts with Advance.
	evaluated bool
	// early holds immigrants that came before there was an evaluated population.
	early []worker.Immigrant
}

func newGenetic(spec worker.SearchSpec, settings *canon.Object) (worker.Searcher, error) {
	config, err := ga.ParseConfig(settings)
	if err != nil {
		return nil, refused(err)
	}
	var options []ga.Option
	if r, ok := spec.Domain.(domain.Repairer); ok {
		options = append(options, ga.WithRepair(r.Repair))
	}
	space := spec.Domain.Describe().Space
	g := &genetic{domain: spec.Domain, pool: spec.Pool}
	if spec.Resume == nil {
		g.ga, err = ga.New(space, config, spec.Seed, options...)
	} else {
		g.ga, err = ga.Resume(space, config, stateOf(spec.Resume), options...)
		g.evaluated = true
	}
	if err != nil {
		return nil, refused(err)
	}
	return g, nil
}

// Generation implements worker.Searcher.
func (g *genetic) Generation(ctx context.Context, immigrants []worker.Immigrant) (*worker.Record, error) {
	immigrants = append(g.early, immigrants...)
	g.early = nil
	if !g.evaluated {
		g.early = immigrants
	} else {
		if _, err := g.ga.Immigrants(g.genomes(immigrants)); err != nil {
			return nil, err
		}
		if err := g.ga.Advance(); err != nil {
			return nil, err
		}
	}
	candidates := g.ga.Ask()
	list := make([]worker.Training, len(candidates))
	for i, c := range candidates {
		list[i] = worker.Training{Parameters: g.domain.Parameters(c.Genome), Seed: c.Seed}
	}
	trained, err := g.pool.Train(ctx, list)
	if err != nil {
		return nil, err
	}
	results := make([]ga.Result, len(candidates))
	for i, t := range trained {
		results[i] = ga.Result{Index: candidates[i].Index, Fitness: t.Performance, Status: t.Status, Metrics: t.Metrics}
	}
	if err := g.ga.Tell(results); err != nil {
		return nil, err
	}
	g.evaluated = true
	return g.record(), nil
}

// genomes reads immigrants; a recipe that is none of this domain's is passed over.
func (g *genetic) genomes(list []worker.Immigrant) (out []ga.Immigrant) {
	space := g.domain.Describe().Space
	for _, m := range list {
		x, err := g.domain.Genome(m.Parameters)
		if err == nil && space.Check(x) == nil {
			out = append(out, ga.Immigrant{Genome: x, Fitness: m.Performance})
		}
	}
	return out
}

// record is the evaluated population as the protocol has it.
func (g *genetic) record() *worker.Record {
	s := g.ga.State()
	r := &worker.Record{Strategy: domain.StrategyGA, Seed: s.Seed, Generation: s.Generation, Evaluations: s.Evaluations,
		NoImprove: s.NoImprove, Leader: s.Leader, HasLeader: s.HasLeader, Average: average(s.Individuals)}
	for i := range s.Individuals {
		r.Rows = append(r.Rows, g.row(i, &s.Individuals[i]))
	}
	if s.HasBest {
		best := g.row(0, &s.Best)
		r.Best = &best
	}
	return r
}

func (g *genetic) row(index int, i *ga.Individual) worker.Row {
	return worker.Row{Index: index, Genome: i.Genome, Parameters: g.domain.Parameters(i.Genome), Fitness: i.Fitness,
		Generation: i.Generation, Seed: i.Seed, Status: i.Status, Origin: string(i.Origin), Metrics: object(i.Metrics)}
}

// average is the mean fitness of the runs that neither failed nor diverged, 0 if
// there are none.
func average(list []ga.Individual) float64 {
	mean, n := 0.0, 0.0
	for i := range list {
		if f := list[i].Fitness; f > domain.Penalty && f-f == 0 {
			n++
			mean += (f - mean) / n
		}
	}
	return mean
}

// stateOf is the inverse of record.
func stateOf(r *worker.Record) ga.State {
	s := ga.State{Seed: r.Seed, Generation: r.Generation, Evaluations: r.Evaluations,
		NoImprove: r.NoImprove, Leader: r.Leader, HasLeader: r.HasLeader}
	for i := range r.Rows {
		s.Individuals = append(s.Individuals, individual(&r.Rows[i]))
	}
	if r.Best != nil {
		s.Best, s.HasBest = individual(r.Best), true
	}
	return s
}

func individual(r *worker.Row) ga.Individual {
	return ga.Individual{Genome: r.Genome, Origin: ga.Origin(r.Origin), Generation: r.Generation, Seed: r.Seed,
		Evaluated: true, Fitness: r.Fitness, Status: r.Status, Metrics: r.Metrics}
}
