package gpu

import (
	"slices"
	"time"

	"doin.network/node/bench/workload"
)

// cell is one workload at one population.
type cell struct {
	workload.Workload
	population int
	// weight is its part of the time, beside the others'.
	weight float64
	// peers says which are measured beside it.
	peers peerChoice
}

// peerChoice is which peers are measured in a cell.
type peerChoice int

const (
	noPeers   peerChoice = iota
	bestPeers            // those that nobody would do without: a graph of stacked models, and jit(scan(vmap))
	mostPeers            // all but those that take long to compile
	allPeers
)

// Populations are those that are measured, in the order in which time is given to them.
func Populations() []int { return []int{4096, 256, 1024, 64, 16384} }

// digested is the variant of S2 whose results are what a node trains for: with digests, a leaf every digestSegment steps.
const digested workload.Variant = "digests"

const digestSegment = 100

// measured are the workloads that there are, and the digested one.
func measured(steps int) []workload.Workload {
	all := workload.All(steps)
	s2, ok := workload.Find(workload.S2, workload.Fixed, steps)
	if !ok {
		return all
	}
	s2.Variant = digested
	for i := range s2.Models {
		s2.Models[i].Segment = digestSegment
	}
	return append(all, s2)
}

// planCells lists what to measure, that first which is most asked for: S2 at the first two populations, the
// population of a genetic search, then the other variants of both, then the rest. A short run gets less far.
func planCells(workloads []workload.Workload, populations []int) []cell {
	var cells []cell
	rank := func(w workload.Workload, n int) int { // of the population's place in the list
		headline := w.Name == workload.S2 || w.Name == workload.Mixed
		switch {
		case w.Name == workload.S2 && w.Variant == workload.Fixed && n < 2, w.Variant == workload.GA && n == 0:
			return 0
		case headline && n < 2:
			return 1
		case headline:
			return 2
		case n < 2:
			return 3
		}
		return 4
	}
	type ranked struct {
		cell
		rank int
	}
	var list []ranked
	for n, p := range populations {
		for _, w := range workloads {
			if w.Variant == digested && n > 0 {
				continue // what digests cost is asked of the first population
			}
			r := rank(w, n)
			c := cell{Workload: w, population: p, weight: []float64{6, 3, 1.5, 1, 0.7}[r]}
			c.peers = []peerChoice{mostPeers, bestPeers, bestPeers, bestPeers, noPeers}[r]
			switch {
			case w.Name == workload.S2 && w.Variant == workload.Fixed && n == 0:
				c.peers, c.weight = allPeers, 2*c.weight
			case w.Variant == digested:
				c.peers = noPeers // they have none
			case w.Variant == workload.GA && n == 0:
				c.weight *= 2 // every shape is made ready by itself
			}
			list = append(list, ranked{c, r})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return a.rank - b.rank })
	for _, c := range list {
		cells = append(cells, c.cell)
	}
	return cells
}

// share is the time that the first of some cells may take of what is left: its part by weight. The zero time left is none.
func share(cells []cell, left time.Duration) time.Duration {
	var sum float64
	for _, c := range cells {
		sum += c.weight
	}
	if len(cells) == 0 || left <= 0 {
		return 0
	}
	return time.Duration(float64(left) * cells[0].weight / sum)
}
