package ga

import (
	"cmp"
	"slices"

	"doin.network/node/compute/rng"
)

// race is what a search that races knows besides its population. All of it follows from the population at a few moments of a
// generation, its end among them, so that no state needs to hold it.
type race struct {
	noise noise
	// queue holds who is to be trained again, the most promising first; some may have left the population.
	queue []*Individual
	// pending is how many trials under way train somebody again.
	pending int
}

// rethinkings is how many times a generation the noise is estimated anew, in a population of as many individuals or more; in
// a smaller one, with every result.
const rethinkings = 16

// races reports whether individuals are trained again.
func (g *GA) races() bool { return g.noisy && g.config.RacingSeeds > 1 }

// expect sets what is expected of an individual.
func (g *GA) expect(x *Individual) { g.race.noise.expect(x) }

// due reports whether the noise is to be estimated after as many results of a generation.
func (g *GA) due() bool { return g.told%max(g.config.Population/rethinkings, 1) == 0 || g.Complete() }

// rethink estimates the noise, what is expected of everybody, who the elites are and who is to be trained again.
func (g *GA) rethink() {
	g.race.noise = estimate(g.pool.list)
	for _, x := range g.pool.list {
		g.expect(x)
	}
	if g.best != nil {
		g.expect(g.best) // who may have left
	}
	g.pool.reorder()
	g.choose()
	g.race.queue = g.contenders()
}

// contenders returns the individuals that could matter and are not known well: the elites, and whoever would be one if it is
// better than expected by half its error. The most promising come first, of equals the oldest.
func (g *GA) contenders() (out []*Individual) {
	if g.best == nil {
		return nil
	}
	bar := g.best.Expected
	if n := len(g.pool.elites); n > 0 {
		bar = g.pool.elites[n-1].Expected
	}
	for _, x := range g.pool.list {
		if x.Origin != OriginImmigrant && !x.pending && finite(x.Fitness) && g.unsure(x) && !better(bar, promise(x)) {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b *Individual) int { return cmp.Compare(promise(b), promise(a)) })
	return out
}

// promise is how good an individual could well be: what is expected and half an error.
func promise(x *Individual) float64 { return x.Expected + x.Error/2 }

// unsure reports whether more seeds would tell anything of an individual: whether the variance of its error is above
// 1/16 of that between individuals.
func (g *GA) unsure(x *Individual) bool {
	return x.Seeds < g.config.RacingSeeds && float64(x.Error*x.Error)*16 > g.race.noise.between
}

// again makes the next trial one that trains somebody again, at every second place at most. Half of those who are no elites
// may be under way so, since they do not age meanwhile.
func (g *GA) again(generation, place int) bool {
	r := &g.race
	if place%2 == 0 || r.pending >= (g.config.Population-g.config.Elites)/2 {
		return false
	}
	for len(r.queue) > 0 {
		x := r.queue[0]
		if r.queue = r.queue[1:]; x.pending || !slices.Contains(g.pool.list, x) {
			continue
		}
		x.pending = true
		r.pending++
		g.open = append(g.open, &Individual{Genome: x.Genome, Origin: OriginAgain, Generation: generation,
			Seed: rng.SearchSeed(g.state.Seed, generation, place), Of: x.Seed, Trial: g.bred(), Parents: known(x.Trial)})
		return true
	}
	return false
}

// known is the list of a trial's number, empty where nobody knows it.
func known(trial int64) []int64 {
	if trial < 0 {
		return nil
	}
	return []int64{trial}
}

// subject returns who is trained again by a trial; nil: a state that was resumed lacks it.
func (g *GA) subject(trial *Individual) *Individual {
	for _, x := range g.pool.list {
		if x.Seed == trial.Of && x.Origin != OriginImmigrant {
			return x
		}
	}
	return nil
}

// rescore takes the score of somebody who was trained again.
func (g *GA) rescore(trial *Individual, fitness float64) {
	x := g.subject(trial)
	if x == nil || !x.pending {
		return
	}
	x.pending = false
	g.race.pending--
	x.score(Training{Seed: trial.Seed, Fitness: fitness})
	g.tell(x.Trial, x)
	g.expect(x)
	g.pool.update(x)
	g.choose()
}

// choose takes for the best whom the most is expected of, among the search's own and the best until now.
func (g *GA) choose() {
	for _, x := range g.pool.list {
		if x.Origin != OriginImmigrant && (g.best == nil || better(x.Expected, g.best.Expected)) {
			g.best = x
		}
	}
}

// measure compares the population of a complete generation with the leader: it has risen where the best is better by more
// than its error. After patience generations without that, the search is on a plateau: what it may still gain is below the
// noise of its scores.
func (g *GA) measure() {
	s := &g.state
	x := g.pool.list[0]
	for _, y := range g.pool.list[1:] {
		if better(y.Expected, x.Expected) {
			x = y
		}
	}
	if !s.HasLeader || better(x.Expected-x.Error, s.Leader) {
		s.Leader, s.HasLeader, s.NoImprove, s.Plateau = x.Expected, true, -1, false
	} else if g.config.Patience > 0 && s.NoImprove+1 >= g.config.Patience {
		s.Plateau = true
	}
}

// settle prepares a resumed search for racing. Individuals of a search that did not race have one training.
func (g *GA) settle() {
	for _, x := range g.pool.list {
		if x.Seeds = max(x.Seeds, 1); x.Origin != OriginImmigrant && len(x.Trainings) == 0 {
			x.score(Training{Seed: x.Seed, Fitness: x.Fitness})
		}
	}
	if b := g.best; b != nil && len(b.Trainings) == 0 {
		b.score(Training{Seed: b.Seed, Fitness: b.Fitness})
	}
	for _, t := range g.open {
		if t.Origin == OriginAgain {
			if x := g.subject(t); x != nil && !x.pending {
				x.pending = true
				g.race.pending++
			}
		}
	}
	g.rethink()
}
