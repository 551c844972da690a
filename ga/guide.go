package ga

import (
	"slices"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
)

// Guide advises a search: it offers genomes for a trial, and picks one of several. Package meta has one. What it answers is a
// function of what it was told and asked, in that order, so that the search stays one.
type Guide interface {
	// Offer returns genomes for a trial, and of how many of the search's own it wants to choose: one of all these is trained.
	// first says that the trial belongs to the first population, whose own genomes are drawn. Genomes that are taken already are
	// passed over; where none is left, the search takes one of its own.
	Offer(trial int64, first bool) (offered []genome.Genome, own int)
	// Choose returns which of two or more genomes is trained.
	Choose(list []genome.Genome) int
	// Tell takes what a trial's genome scored; of a trial told before, what it is taken for now. NaN is the worst.
	Tell(trial int64, x genome.Genome, fitness float64)
}

// WithGuide has a guide advise the search. The guide is the search's from here on, and told of every trial; one that is to go on
// from a state has been restored to the same moment.
func WithGuide(guide Guide) Option {
	return func(g *GA) { g.guide = guide }
}

// Origins of a guided search.
const (
	OriginOffered Origin = "offered" // a genome that the guide offered
)

// advised makes x by the guide's choice. own returns the search's own genome number n, on a copy of x.
func (g *GA) advised(x *Individual, first bool, own func(n int) *Individual) {
	offered, n := g.guide.Offer(x.Trial, first)
	var list []*Individual
	for _, o := range offered {
		if o = g.repair(o); g.taken[g.space.Hash(o)] == 0 {
			y := *x
			y.Genome, y.Origin = o, OriginOffered
			list = append(list, &y)
		}
	}
	if n == 0 && len(list) > 0 { // offered to be taken, in this order
		list = list[:1]
	}
	if len(list) == 0 {
		n = max(n, 1)
	}
	seen := map[string]bool{}
	for i := range n {
		y := own(i)
		if h := g.space.Hash(y.Genome); !seen[h] {
			seen[h] = true
			list = append(list, y)
		}
	}
	at := 0
	if len(list) > 1 {
		genomes := make([]genome.Genome, len(list))
		for i := range list {
			genomes[i] = list[i].Genome
		}
		at = g.guide.Choose(genomes)
	}
	*x = *list[at]
}

// tell passes a score on to the guide, if there is one.
func (g *GA) tell(trial int64, x *Individual) {
	if g.guide != nil && trial >= 0 {
		g.guide.Tell(trial, x.Genome, x.Fitness)
	}
}

// drawn is the random genome number n for a place.
func (g *GA) drawn(x *Individual, generation, place, n int) *Individual {
	y := *x
	y.Genome = g.fresh(g.draws(rng.GAInitialize, generation, place, n), g.config.Retries+1)
	return &y
}

// bornAs is child number n for a place.
func (g *GA) bornAs(x *Individual, generation, place, n int) *Individual {
	y := *x
	y.Parents = slices.Clone(x.Parents)
	g.child(&y, generation, place, n)
	return &y
}
