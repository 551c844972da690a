package ga

import (
	"slices"

	"doin.network/node/ga/op"
)

// pool is the population: the oldest individual first, with what is expected of them beside them for selection. The best
// few, its elites, do not age, nor does who is being trained again.
type pool struct {
	list     []*Individual
	expected []float64 // of list
	elites   []*Individual
	most     int // elites at most
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
	p.list, p.expected = append(p.list, x), append(p.expected, x.Expected)
	p.rank(x)
}

// rank makes the youngest, or one that is no elite, an elite if it is good enough.
func (p *pool) rank(x *Individual) {
	at := len(p.elites)
	for at > 0 && op.Better(x.Expected, p.elites[at-1].Expected) { // among equals the older one goes first
		at--
	}
	if at < p.most {
		p.elites = slices.Insert(p.elites, at, x)
		p.elites = p.elites[:min(len(p.elites), p.most)]
	}
}

// update takes over what is expected of one individual now.
func (p *pool) update(x *Individual) {
	at := slices.Index(p.list, x)
	p.expected[at] = x.Expected
	if e := slices.Index(p.elites, x); e >= 0 {
		p.elites = slices.Delete(p.elites, e, e+1)
		for i, y := range p.list {
			if op.Better(p.expected[i], p.expected[at]) && !slices.Contains(p.elites, y) {
				x, at = y, i
			}
		}
	}
	p.rank(x)
}

// age removes the oldest that may go. ok is false if there is none: a population that was made smaller waits for those who
// are being trained again.
func (p *pool) age() (x *Individual, ok bool) {
	for i, x := range p.list {
		if p.mayGo(x) {
			p.remove(i)
			return x, true
		}
	}
	return nil, false
}

func (p *pool) mayGo(x *Individual) bool { return !x.pending && !slices.Contains(p.elites, x) }

// reorder takes over what is expected of the individuals now, and chooses the elites by it.
func (p *pool) reorder() {
	for i, x := range p.list {
		p.expected[i] = x.Expected
	}
	p.elites = p.elites[:0]
	for _, i := range op.Rank(p.expected)[:min(p.most, len(p.list))] {
		p.elites = append(p.elites, p.list[i])
	}
}

// remove takes out the individual at i, no elite. Old ones cost little.
func (p *pool) remove(i int) {
	copy(p.list[1:i+1], p.list[:i])
	copy(p.expected[1:i+1], p.expected[:i])
	p.list[0] = nil
	p.list, p.expected = p.list[1:], p.expected[1:]
}

// replaceable returns the individuals that may go, the worst first.
func (p *pool) replaceable() []*Individual {
	var out []*Individual
	for _, i := range op.Rank(p.expected) {
		if x := p.list[i]; p.mayGo(x) {
			out = append(out, x)
		}
	}
	slices.Reverse(out)
	return out
}
