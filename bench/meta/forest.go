package meta

import (
	"math"
	"slices"

	"doin.network/node/compute/rng"
)

// The forest of RF-EI, as SMAC's: trees on bootstrap samples, splits drawn from a few features, leaves of a few trials.
const (
	trees = 30
	leaf  = 3
)

// node is a split, or a leaf where feature is −1.
type node struct {
	feature     int
	at, mean    float64
	left, right *node
}

// grow makes a tree of the lines listed.
func grow(q *rng.Seq, x [][]float64, y []float64, lines []int) *node {
	n := &node{feature: -1}
	for _, i := range lines {
		n.mean += y[i] / float64(len(lines))
	}
	if len(lines) < 2*leaf {
		return n
	}
	best := math.Inf(1)
	d := len(x[0])
	for range (5*d + 5) / 6 {
		f := q.Intn(d)
		slices.SortFunc(lines, func(a, b int) int {
			if x[a][f] != x[b][f] {
				return int(math.Copysign(1, x[a][f]-x[b][f]))
			}
			return a - b
		})
		for c := leaf; c <= len(lines)-leaf; c++ {
			low, high := x[lines[c-1]][f], x[lines[c]][f]
			if low == high {
				continue
			}
			if e := spread(y, lines[:c]) + spread(y, lines[c:]); e < best {
				best, n.feature, n.at = e, f, low+float64(q.Uniform())*(high-low)
			}
		}
	}
	if n.feature < 0 {
		return n
	}
	var left, right []int
	for _, i := range lines {
		if x[i][n.feature] <= n.at {
			left = append(left, i)
		} else {
			right = append(right, i)
		}
	}
	n.left, n.right = grow(q, x, y, left), grow(q, x, y, right)
	return n
}

// spread is the sum of squared deviations from the mean.
func spread(y []float64, lines []int) float64 {
	sum, square := 0.0, 0.0
	for _, i := range lines {
		sum += y[i]
		square += y[i] * y[i]
	}
	return square - sum*sum/float64(len(lines))
}

// forest grows the trees.
func forest(q *rng.Seq, x [][]float64, y []float64) []*node {
	out := make([]*node, trees)
	for t := range out {
		lines := make([]int, len(y))
		for i := range lines {
			lines[i] = q.Intn(len(y))
		}
		out[t] = grow(q, x, y, lines)
	}
	return out
}

// guess returns mean and standard deviation of the trees' predictions.
func guess(forest []*node, x []float64) (mean, deviation float64) {
	square := 0.0
	for _, n := range forest {
		for n.feature >= 0 {
			if x[n.feature] <= n.at {
				n = n.left
			} else {
				n = n.right
			}
		}
		mean += n.mean / trees
		square += n.mean * n.mean / trees
	}
	return mean, math.Sqrt(max(square-mean*mean, 1e-6))
}
