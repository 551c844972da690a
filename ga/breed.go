package ga

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga/op"
	"doin.network/node/internal/canon"
)

// key returns the stream key of an individual's place: the first 8 bytes of the
// SHA-256 of the canonical JSON ["ga", run seed, index], with the number behind for all but the first of several that are made for
// it. Purpose is the operation and step the generation.
func key(seed uint64, index, number int) rng.Key {
	list := []any{"ga", seed, index}
	if number > 0 {
		list = append(list, number)
	}
	sum := sha256.Sum256(canon.Canonical(list))
	return rng.KeyFromBytes(sum[:8])
}

// MemberSeed returns the seed of search k, from 0, of several that make one, like islands that share a worker: the first 8 bytes,
// little-endian, of the SHA-256 of the canonical JSON [of, run seed, k].
func MemberSeed(of string, runSeed uint64, k int) uint64 {
	sum := sha256.Sum256(canon.Canonical([]any{of, runSeed, k}))
	return binary.LittleEndian.Uint64(sum[:8])
}

func better(a, b float64) bool { return op.Better(a, b) }

// fill breeds until as many trials are under way as the window allows.
func (g *GA) fill() {
	for len(g.open) < g.state.Window {
		g.breed()
	}
}

// breed makes the next trial from the pool as it is. The first ones, and those after patience ran out, are random; so are
// those due before there is anybody to select.
func (g *GA) breed() {
	s := &g.state
	generation, place := s.NextGeneration, s.NextPlace
	if s.NextPlace++; s.NextPlace >= g.config.Population {
		s.NextGeneration, s.NextPlace = generation+1, 0
	}
	guided := g.guide != nil
	if g.races() && !(guided && generation == 0) && g.again(generation, place) {
		return
	}
	x := &Individual{Generation: generation, Seed: rng.SearchSeed(s.Seed, generation, place), Trial: g.bred()}
	own := func(n int) *Individual { return g.bornAs(x, generation, place, n) }
	switch {
	case g.random || generation == 0 || len(g.pool.list) < g.config.TournamentSize:
		x.Origin = OriginRandom
		own = func(n int) *Individual { return g.drawn(x, generation, place, n) }
	case s.Fresh > 0:
		s.Fresh--
		x.Origin = OriginRestart
		own = func(n int) *Individual { return g.drawn(x, generation, place, n) }
		guided = false
	}
	if guided {
		g.advised(x, x.Origin == OriginRandom, own)
	} else {
		*x = *own(0)
	}
	g.taken[g.space.Hash(x.Genome)]++
	g.open = append(g.open, x)
}

// bred returns the number of the trial that is bred next.
func (g *GA) bred() int64 { return g.state.Evaluations + int64(len(g.open)) }

// child makes x, an individual of one or two parents, one that is neither in the pool nor under way, or,
// if the configured attempts do not find one, whatever came last.
func (g *GA) child(x *Individual, generation, place, number int) {
	pick := g.draws(rng.GASelect, generation, place, number)
	cross := g.draws(rng.GACross, generation, place, number)
	mutate := g.draws(rng.GAMutate, generation, place, number)
	rate, sigma := float32(g.config.MutationRate), float32(g.config.MutationSigma)

	size := g.tournament()
	parent := func() genome.Genome {
		p := g.pool.list[op.SelectTournament(pick, g.pool.expected, size)]
		if p.Trial >= 0 && !slices.Contains(x.Parents, p.Trial) {
			x.Parents = append(x.Parents, p.Trial)
		}
		return p.Genome
	}
	a := parent()
	child, origin := a, OriginMutation
	if cross.Uniform() < float32(g.config.CrossoverRate) {
		child, origin, x.Operator = g.cross(cross, a, parent), OriginCrossover, string(g.config.Crossover)
	}
	// A child of two parents may stay as it is; a copy of one may not.
	if origin == OriginMutation || mutate.Uniform() < rate {
		child = op.Mutate(mutate, g.space, child, rate, sigma)
		if x.Operator != "" {
			x.Operator += "+"
		}
		x.Operator += "mutate"
	}
	x.Origin = origin
	child = g.repair(child)
	for attempt := range g.config.Retries {
		if g.taken[g.space.Hash(child)] == 0 {
			break
		}
		if attempt >= g.config.Retries/2 {
			// Near copies are exhausted: small spaces, or a repair that undoes changes.
			x.Genome, x.Origin, x.Operator, x.Parents = g.fresh(mutate, g.config.Retries-attempt), OriginRandom, "instead of a copy", nil
			return
		}
		child = g.repair(op.Mutate(mutate, g.space, child, rate, sigma))
	}
	x.Genome = child
}

// tournament is how many contestants a selection has. The more trials are under way, the older is what a child is bred from
// and the fewer are the cycles of selection in as many trials; each selects more sharply for it. With a window as large as
// the population that makes up for the lag.
func (g *GA) tournament() int {
	size := g.config.TournamentSize
	return size + 2*size*(g.state.Window-1)/g.config.Population
}

// differentialShare is how many of a Differential's children are made by differences, the others being blends: alone they follow a
// valley fastest, and leave the many valleys of other functions too early.
const differentialShare = 0.5

// cross joins a with another parent, or moves it by the difference of two others. All are selected: a population that ages keeps
// what random steps have spoilt, and differences between anybody would not shrink.
func (g *GA) cross(q *rng.Seq, a genome.Genome, parent func() genome.Genome) genome.Genome {
	b := parent()
	switch g.config.Crossover {
	case Uniform:
		return op.CrossUniform(q, a, b)
	case TwoPoint:
		return op.CrossTwoPoint(q, a, b)
	case Differential:
		if q.Uniform() < differentialShare {
			return op.CrossDifferential(q, g.space, a, b, parent())
		}
	}
	return op.CrossBlend(q, g.space, a, b)
}

// fresh draws a random genome that is not taken, or the last of attempts ≥ 1.
func (g *GA) fresh(q *rng.Seq, attempts int) (out genome.Genome) {
	for range attempts {
		out = g.repair(g.space.Random(q.Uniform))
		if g.taken[g.space.Hash(out)] == 0 {
			break
		}
	}
	return out
}
