package op

import (
	"slices"

	"doin.network/node/compute/rng"
)

// Better reports whether fitness a beats b: higher is better, and NaN is worse
// than every number and no better than another NaN.
func Better(a, b float64) bool { return a > b || (a == a && b != b) }

// Rank returns the indices of fitness from best to worst; of equal ones the
// lower index comes first. NaNs come last.
func Rank(fitness []float64) []int {
	order := make([]int, len(fitness))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case Better(fitness[a], fitness[b]):
			return -1
		case Better(fitness[b], fitness[a]):
			return 1
		}
		return 0
	})
	return order
}

// SelectTournament draws size ≥ 1 contestants with replacement (size draws) and
// returns the index of the fittest; of equal ones the one drawn first.
func SelectTournament(q *rng.Seq, fitness []float64, size int) int {
	best := q.Intn(len(fitness))
	for range size - 1 {
		if i := q.Intn(len(fitness)); Better(fitness[i], fitness[best]) {
			best = i
		}
	}
	return best
}
