package ga

import (
	"slices"

	"doin.network/node/ga/op"
)

// pool is the population: the oldest individual first, with their fitness beside them for selection. The best few, its
// elites, do not age.
type pool struct {
	list    []*Individual
	fitness []float64 // of list
	elites  []*Individual
	most    int // elites at most
}

func newPool(list []Individual, elites int) *pool {
	p := &pool{most: elites}
	for i := range list {
		p.add(&list[i])
	}
	return p
}

// add joins the youngest.
func (p *pool) add(x *Individual) {
	p.list, p.fitness = append(p.list, x), append(p.fitness, x.Fitness)
	at := len(p.elites)
	for at > 0 && op.Better(x.Fitness, p.elites[at-1].Fitness) { // among equals the older one goes first
		at--
	}
	if at < p.most {
		p.elites = slices.Insert(p.elites, at, x)
		p.elites = p.elites[:min(len(p.elites), p.most)]
	}
}

// age removes the oldest that is no elite. There is one: more are in the pool than elites.
func (p *pool) age() *Individual {
	for i, x := range p.list {
		if !slices.Contains(p.elites, x) {
			p.remove(i)
			return x
		}
	}
	panic("ga: a pool of elites")
}

// remove takes out the individual at i, no elite. Old ones cost little.
func (p *pool) remove(i int) {
	copy(p.list[1:i+1], p.list[:i])
	copy(p.fitness[1:i+1], p.fitness[:i])
	p.list[0] = nil
	p.list, p.fitness = p.list[1:], p.fitness[1:]
}

// replaceable returns the individuals that are no elites, the worst first.
func (p *pool) replaceable() []*Individual {
	var out []*Individual
	for _, i := range op.Rank(p.fitness) {
		if x := p.list[i]; !slices.Contains(p.elites, x) {
			out = append(out, x)
		}
	}
	slices.Reverse(out)
	return out
}
