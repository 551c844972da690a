package ga

import (
	"math"
	"slices"
)

// noise is what the population tells of its scores: how far the individuals lie apart, and how far the seeds of one do. A
// score is taken for quality + luck, both normal, the qualities around middle with the variance between, luck with the
// variance within. It is made in binary64, products rounded, sums in the order of the population: the same on every machine.
type noise struct {
	known  bool // there are enough scores
	middle float64
	// between is at least a sixteenth of within, so that the order of scores counts for something however noisy they are.
	between, within float64
}

// Constants of the estimates.
const (
	// normalQuartiles is the distance of the quartiles of a normal distribution in standard deviations.
	normalQuartiles = 1.3489795003921634
	// guessWeight is the weight, in degrees of freedom, of the first guess that half of the spread is luck.
	guessWeight = 2
	// leastScores is from how many finite individuals on there are estimates.
	leastScores = 4
)

// estimate returns the empirical Bayes estimates of a population (Efron and Morris, "Data analysis using Stein's estimator and
// its generalizations", 1975). The spread is that of the quartiles, since the few recipes that miss by far would hide from a
// variance what distinguishes the good ones; within is pooled over everybody who was trained again.
func estimate(list []*Individual) (n noise) {
	sorted := make([]float64, 0, len(list))
	squares, free, inverse := 0.0, 0, 0.0
	for _, x := range list {
		if !finite(x.Fitness) {
			continue
		}
		sorted = append(sorted, x.Fitness)
		inverse += 1 / float64(max(x.Seeds, 1))
		for _, t := range x.Trainings {
			d := t.Fitness - x.Fitness
			squares += float64(d * d)
		}
		free += max(len(x.Trainings)-1, 0)
	}
	if len(sorted) < leastScores {
		return n
	}
	slices.Sort(sorted)
	count := len(sorted)
	spread := (sorted[count*3/4] - sorted[count/4]) / normalQuartiles
	total := float64(spread * spread)
	n.known, n.middle = true, sorted[count/2]
	n.within = (squares + float64(guessWeight*total)/2) / float64(free+guessWeight)
	n.between = max(total-float64(n.within*inverse)/float64(count), n.within/16)
	return n
}

// expect sets what is expected of an individual, and its error. Without estimates that is what it scored, and no error.
func (n *noise) expect(x *Individual) {
	x.Expected, x.Error = x.Fitness, 0
	if !n.known || n.within == 0 || !finite(x.Fitness) {
		return
	}
	share := n.between / (n.between + n.within/float64(max(x.Seeds, 1)))
	x.Expected = n.middle + float64(share*(x.Fitness-n.middle))
	x.Error = math.Sqrt(float64(n.between * (1 - share)))
}

func finite(f float64) bool { return f-f == 0 }
