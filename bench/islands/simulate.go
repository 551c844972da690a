package islands

import (
	"context"
	"math"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
)

// scenario is one network to simulate.
type scenario struct {
	nodes     int
	lag       int // in rounds: what is announced in round t can be let in before round t + lag; 1 is the next
	migration island.Config
	settings  *canon.Object // the strategy's
	increment float64       // improvement of the best that is known, in units of the performance, below which nothing is announced
	maxRounds int
	goals     []float64
}

// outcome is one run of a network.
type outcome struct {
	hits []hit // by goal
}

// hit is when a goal was reached by a training of any island, or, unless reached, what was spent without.
type hit struct {
	reached     bool
	rounds      int
	evaluations int64   // of all islands, confirming runs included
	seconds     float64 // of wall clock; real networks only
}

// announcement is a champion on its way.
type announcement struct {
	due   int // the round whose end it reaches the others in
	from  string
	claim *island.Nomination[*canon.Object]
}

// simulate runs one network until every goal is reached or the rounds are over. It starts no goroutine and reads no clock:
// a round is one generation of every island, in the order of the islands, and announcements take lag rounds.
func simulate(ctx context.Context, p *problem, d func() (domain.Domain, error), s *scenario, seed uint64) (outcome, error) {
	out := outcome{hits: make([]hit, len(s.goals))}
	nodes := make([]*node, s.nodes)
	members := make([]string, s.nodes)
	for i := range nodes {
		var err error
		if nodes[i], err = newNode(p, d, s, seed, i); err != nil {
			return out, err
		}
		members[i] = nodes[i].id
	}
	slices.Sort(members)
	trainer, err := d()
	if err != nil {
		return out, err
	}
	var flying []announcement
	for round := 1; round <= s.maxRounds; round++ {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		var announced []announcement
		for _, n := range nodes {
			claim, err := n.round(ctx, round, members, s, trainer)
			if err != nil {
				return out, err
			}
			if claim != nil {
				announced = append(announced, announcement{due: round + s.lag - 1, from: n.id, claim: claim})
			}
		}
		flying = deliver(append(flying, announced...), nodes, round)
		if out.count(nodes, s.goals, round) {
			break
		}
	}
	out.close(nodes, s.maxRounds)
	return out, nil
}

// close gives the goals that were not reached what was spent on them.
func (o *outcome) close(nodes []*node, maxRounds int) {
	spent := int64(0)
	for _, n := range nodes {
		spent += n.trained + n.confirms
	}
	for i := range o.hits {
		if h := &o.hits[i]; !h.reached {
			h.rounds, h.evaluations = maxRounds, spent
		}
	}
}

// deliver offers what is due at the end of a round to everybody, ends it for its author and returns the rest.
func deliver(flying []announcement, nodes []*node, round int) []announcement {
	return slices.DeleteFunc(flying, func(a announcement) bool {
		if a.due > round {
			return false
		}
		for _, n := range nodes {
			if n.id == a.from {
				n.close(a.claim)
				continue
			}
			n.hear(island.Migrant[*canon.Object]{From: a.from, Fitness: a.claim.Performance, Value: a.claim.Value})
		}
		return true
	})
}

// count notes the goals reached in a round and reports whether none is left.
func (o *outcome) count(nodes []*node, goals []float64, round int) (all bool) {
	best, evaluations := math.Inf(-1), int64(0)
	for _, n := range nodes {
		best = max(best, n.best)
		evaluations += n.trained + n.confirms
	}
	all = true
	for i, goal := range goals {
		if h := &o.hits[i]; !h.reached && best >= goal {
			*h = hit{reached: true, rounds: round, evaluations: evaluations}
		}
		all = all && o.hits[i].reached
	}
	return all
}
