package meta

import (
	"crypto/sha256"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga/op"
	"doin.network/node/internal/canon"
)

// The defaults of package ga at revision 2f3193e, which everything is compared with: generations, elites that keep their
// fitness, blend crossover.
const (
	population = 32
	elites     = 2
	tournament = 3
	crossover  = 0.8
	mutation   = 0.2
	sigma      = 0.15
)

// frozen is the search of that revision without what fewer than twenty generations never reach: patience and immigrants.
type frozen struct {
	space      genome.Space
	seed       uint64
	generation int
	pool       []genome.Genome // of the last generation
	fitness    []float64
	next       []genome.Genome
	told       []float64
}

func newFrozen(genes int, seed uint64) *frozen {
	g := &frozen{seed: seed}
	for i := range genes {
		g.space = append(g.space, genome.Gene{Name: "x" + string(rune('0'+i%10)) + string(rune('a'+i/10)), Kind: genome.Real, Low: 0, High: 1})
	}
	return g
}

// sequence returns the draws of a purpose for the place that is next; child numbers those that are proposed for it.
func (g *frozen) sequence(p rng.Purpose, child int) *rng.Seq {
	list := []any{"ga", g.seed, len(g.next)}
	if child > 0 {
		list = append(list, child)
	}
	sum := sha256.Sum256(canon.Canonical(list))
	return rng.NewSeq(rng.KeyFromBytes(sum[:8]), p, uint32(g.generation))
}

// first reports whether the first generation is not complete: its genomes are drawn.
func (g *frozen) first() bool { return g.generation == 0 }

// child proposes a genome for the next place.
func (g *frozen) child(n int) genome.Genome {
	if g.first() {
		return g.space.Random(g.sequence(rng.GAInitialize, n).Uniform)
	}
	pick, cross, mutate := g.sequence(rng.GASelect, n), g.sequence(rng.GACross, n), g.sequence(rng.GAMutate, n)
	a := g.pool[op.SelectTournament(pick, g.fitness, tournament)]
	x, single := a, true
	if cross.Uniform() < crossover {
		x, single = op.CrossBlend(cross, g.space, a, g.pool[op.SelectTournament(pick, g.fitness, tournament)]), false
	}
	if single || mutate.Uniform() < mutation {
		x = op.Mutate(mutate, g.space, x, mutation, sigma)
	}
	return x
}

// tell adds a trial, and breeds from the generation when it is complete.
func (g *frozen) tell(x genome.Genome, fitness float64) {
	g.next, g.told = append(g.next, x), append(g.told, fitness)
	if len(g.next) < population {
		return
	}
	g.pool, g.fitness, g.next, g.told = g.next, g.told, nil, nil
	g.generation++
	for _, i := range op.Rank(g.fitness)[:elites] {
		g.next, g.told = append(g.next, g.pool[i]), append(g.told, g.fitness[i])
	}
}
