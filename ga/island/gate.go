package island

import (
	"cmp"
	"slices"
)

// maxWaiting bounds the champions of one source that wait for an opening.
const maxWaiting = 64

// maxSources bounds the sources whose champions wait.
const maxSources = 1024

// Migrant is a champion of another island.
type Migrant[T any] struct {
	// From is the id of the island that announced it.
	From string
	// Fitness is its verified one, higher is better, finite.
	Fitness float64
	// Value is whatever the search takes.
	Value T
}

// Gate is what stands before one island. Make one by NewGate; it is not safe for concurrent use.
type Gate[T any] struct {
	config  Config
	waiting map[string][]Migrant[T] // by source, the best first, of equal ones the earlier
}

// NewGate returns an empty gate. It panics for a configuration that Validate refuses.
func NewGate[T any](c Config) *Gate[T] {
	if err := c.Validate(); err != nil {
		panic(err)
	}
	return &Gate[T]{config: c, waiting: map[string][]Migrant[T]{}}
}

// Offer leaves a champion before the gate. Of one source the best 64 wait; of more than 1024 sources further ones are
// turned away until some have been let in.
func (g *Gate[T]) Offer(m Migrant[T]) {
	list, known := g.waiting[m.From]
	if !known && len(g.waiting) >= maxSources {
		return
	}
	i, _ := slices.BinarySearchFunc(list, m, func(a, b Migrant[T]) int {
		if a.Fitness >= b.Fitness {
			return -1
		}
		return 1
	})
	if list = slices.Insert(list, i, m); len(list) > maxWaiting {
		list = list[:maxWaiting]
	}
	g.waiting[m.From] = list
}

// Open returns whom the island self lets in at the end of a round, rounds counting from 1, and in which order. Between two
// openings it returns nothing and everybody waits. What was eligible at an opening has gone after it, let in or
// not; champions of islands that are no source this time go on waiting. For members see Config.Sources; under Full they
// do not matter: whoever announces is a source.
func (g *Gate[T]) Open(round int64, self string, members []string) []Migrant[T] {
	interval := int64(g.config.Interval)
	if round%interval != 0 || len(g.waiting) == 0 {
		return nil
	}
	opening := round / interval
	eligible := g.take(self, members, opening)
	slices.SortStableFunc(eligible, func(a, b Migrant[T]) int {
		return cmp.Or(cmp.Compare(b.Fitness, a.Fitness), cmp.Compare(a.From, b.From))
	})
	switch {
	case len(eligible) == 0:
		return nil
	case g.config.Policy == All:
		return eligible[:min(len(eligible), g.config.Number)]
	case g.config.Policy == Draw:
		i := draw(min(g.config.Top, len(eligible)), self, opening)
		return eligible[i : i+1]
	}
	return eligible[:1]
}

// take removes the champions of this opening's sources and returns them.
func (g *Gate[T]) take(self string, members []string, opening int64) (out []Migrant[T]) {
	if g.config.Topology == Full {
		for from, list := range g.waiting {
			if from != self {
				out = append(out, list...) // in any order: Open sorts by fitness and source
			}
		}
		clear(g.waiting)
		return out
	}
	for _, from := range g.config.Sources(self, members, opening) {
		out = append(out, g.waiting[from]...)
		delete(g.waiting, from)
	}
	return out
}
