package ga

import (
	"crypto/sha256"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga/op"
	"doin.network/node/internal/canon"
)

// key returns the stream key of an individual's place: the first 8 bytes of the
// SHA-256 of the canonical JSON ["ga", run seed, index]. Purpose is the operation
// and step the generation.
func key(seed uint64, index int) rng.Key {
	sum := sha256.Sum256(canon.Canonical([]any{"ga", seed, index}))
	return rng.KeyFromBytes(sum[:8])
}

// Advance implements Strategy: the elites first, in order of rank, then children,
// or, when patience has run out, random genomes.
func (g *GA) Advance() error {
	if g.waiting() > 0 {
		return ErrOrder
	}
	s := &g.state
	parents := s.Individuals
	fitness := g.fitness()
	next := make([]Individual, g.config.Population)
	elites := min(g.config.Elites, len(parents))
	for i, j := range op.Rank(fitness)[:elites] {
		next[i] = parents[j]
	}
	s.Individuals = next
	s.Generation++
	g.settled = false
	if g.config.Patience > 0 && s.NoImprove >= g.config.Patience {
		s.NoImprove = 0
		g.renew(elites, OriginRestart)
		return nil
	}
	taken := make(map[string]bool, len(parents)+len(next))
	for i := range parents {
		taken[g.space.Hash(parents[i].Genome)] = true
	}
	for i := elites; i < len(next); i++ {
		child, origin := g.child(parents, fitness, i, taken)
		g.place(i, child, origin, taken)
	}
	return nil
}

// child makes an individual of one or two parents that is not in taken, or,
// if the configured attempts do not find one, whatever came last.
func (g *GA) child(parents []Individual, fitness []float64, index int, taken map[string]bool) (genome.Genome, Origin) {
	pick := g.seq(rng.GASelect, index)
	cross := g.seq(rng.GACross, index)
	mutate := g.seq(rng.GAMutate, index)
	rate, sigma := float32(g.config.MutationRate), float32(g.config.MutationSigma)

	a := parents[op.SelectTournament(pick, fitness, g.config.TournamentSize)].Genome
	child, origin := a, OriginMutation
	if cross.Uniform() < float32(g.config.CrossoverRate) {
		b := parents[op.SelectTournament(pick, fitness, g.config.TournamentSize)].Genome
		child, origin = g.cross(cross, a, b), OriginCrossover
	}
	// A child of two parents may stay as it is; a copy of one may not.
	if origin == OriginMutation || mutate.Uniform() < rate {
		child = op.Mutate(mutate, g.space, child, rate, sigma)
	}
	child = g.repair(child)
	for attempt := range g.config.Retries {
		if !taken[g.space.Hash(child)] {
			break
		}
		if attempt >= g.config.Retries/2 {
			// Near copies are exhausted: small spaces, or a repair that undoes changes.
			return g.fresh(mutate, taken, g.config.Retries-attempt), OriginRandom
		}
		child = g.repair(op.Mutate(mutate, g.space, child, rate, sigma))
	}
	return child, origin
}

func (g *GA) cross(q *rng.Seq, a, b genome.Genome) genome.Genome {
	switch g.config.Crossover {
	case Uniform:
		return op.CrossUniform(q, a, b)
	case TwoPoint:
		return op.CrossTwoPoint(q, a, b)
	}
	return op.CrossBlend(q, g.space, a, b)
}

// renew fills the population from place first on with random genomes.
func (g *GA) renew(first int, origin Origin) {
	taken := make(map[string]bool, len(g.state.Individuals))
	for i := range first {
		taken[g.space.Hash(g.state.Individuals[i].Genome)] = true
	}
	for i := first; i < len(g.state.Individuals); i++ {
		q := g.seq(rng.GAInitialize, i)
		g.place(i, g.fresh(q, taken, g.config.Retries+1), origin, taken)
	}
}

// fresh draws a random genome that is not in taken, or the last of attempts ≥ 1.
func (g *GA) fresh(q *rng.Seq, taken map[string]bool, attempts int) (out genome.Genome) {
	for range attempts {
		out = g.repair(g.space.Random(q.Uniform))
		if !taken[g.space.Hash(out)] {
			break
		}
	}
	return out
}

// place puts a genome that waits for its training at index i.
func (g *GA) place(i int, x genome.Genome, origin Origin, taken map[string]bool) {
	taken[g.space.Hash(x)] = true
	g.state.Individuals[i] = Individual{
		Genome: x, Origin: origin, Generation: g.state.Generation,
		Seed: rng.SearchSeed(g.state.Seed, g.state.Generation, i),
	}
}
