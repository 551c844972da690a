package island

import (
	"math"
	"slices"
)

// maxGains is how many of the latest confirming runs tell what a claim gains.
const maxGains = 5

// gains are by how much the latest confirming runs exceeded what their genomes had promised, the latest last. A promise is of one
// training, a claim the average of several, which is better; and a promise that was chosen among many is a little lucky.
type gains []float64

// add notes one more.
func (g *gains) add(gain float64) {
	if math.IsNaN(gain) || math.IsInf(gain, 0) {
		return
	}
	if *g = append(*g, gain); len(*g) > maxGains {
		*g = slices.Delete(*g, 0, 1)
	}
}

// expected is the upper median: one claim that came out badly does not end all claims. 0 before there is any.
func (g gains) expected() float64 {
	if len(g) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(g))
	return sorted[len(sorted)/2]
}

// Gain is what a claim is expected to give above the promise of its genome, by what the nominator's own claims gave. It is 0
// where a claim is no average.
func (n *Nominator[T]) Gain(k Known) float64 {
	if k.Cost <= 1 {
		return 0
	}
	return n.gains.expected()
}

// Expects is what the claim of a candidate is expected to give.
func (n *Nominator[T]) Expects(c Candidate[T], k Known) float64 {
	if c.Measured {
		return c.Fitness
	}
	return c.Fitness + n.Gain(k)
}
