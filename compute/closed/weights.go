package closed

import (
	"math"

	"doin.network/node/compute/f64"
)

// Loss is the error of a case by its combined prediction.
type Loss int

const (
	// Absolute is the mean over the outputs of |prediction − target|.
	Absolute Loss = iota
	// Logarithmic is −ln of the probability given to the class of the target: its largest output, the first of equals.
	// Probabilities are clamped to [0.001, 0.999].
	Logarithmic
)

// Fold is the validation cases of one origin or fold, with what every member says of them.
type Fold struct {
	Predictions [][]float32 // [member][case · output]: the same members in every fold
	Targets     []float32   // [case · output]
	Outputs     int         // of a case, at least 1
	Scale       float64     // what the fold's error is divided by: the naive error there. 1 where it is not above 0.
}

// Selection is made in bags of members, so that near equals share what one of them alone would get by luck.
const (
	// MaxPicks is the largest sum of weights.
	MaxPicks = bags * bagPicks
	bags     = 4
	bagPicks = 8
)

// inBag reports whether a member is in a bag: the even ones, the odd ones, those of which bit 1 is clear, and set.
func inBag(member, bag int) bool { return member>>(bag/2)&1 == bag&1 }

// tolerated is how far the error of a bag may be above the best bag's: one that lacks every good member has no say.
const tolerated = 1.125

// Weights returns a weight for each member: greedy selection with replacement, bagged (Caruana, Niculescu-Mizil, Crew, Ksikes,
// Ensemble selection from libraries of models, ICML 2004, sections 2.1 and 2.3). In each of four bags of half the members
// eight picks are made. A pick adds the member with which the mean prediction has the least error, the first of equals; the
// error is the sum over the folds of the fold's mean loss by its scale. The picks up to the least error count, the fewest of
// equals. Weights are the counts over all bags of which the error is at most 1.125 times the least, divided by their common
// divisor; with no error that is a number the first member has weight 1, the others 0. nil without a fold.
//
// Errors are computed in DOIN-F64: predictions of picks are summed in their order, the mean is the sum × (1 ÷ count), losses
// are summed case by case. Cost: 16 · members · values of differences, 1 to 2 ms for 12 members of 400 cases with 12 outputs.
//
// The bags, fixed where the paper draws them, are what a single selection of 32 picks lacks on short series: there several
// members are equally good but for luck, and half of the bags leave the luckiest out.
func Weights(folds []Fold, loss Loss) []int {
	if len(folds) == 0 {
		return nil
	}
	members := len(folds[0].Predictions)
	var picks [bags][]int
	var errs [bags]float64
	least := math.Inf(1)
	for bag := range bags {
		var in []int
		for m := range members {
			if inBag(m, bag) {
				in = append(in, m)
			}
		}
		picks[bag], errs[bag] = pick(folds, loss, in)
		if errs[bag] < least {
			least = errs[bag]
		}
	}
	counts := make([]int, members)
	for bag, e := range errs {
		if e <= float64(tolerated*least) {
			for _, m := range picks[bag] {
				counts[m]++
			}
		}
	}
	return Reduced(counts)
}

// pick returns the picks among the members in, and their error: +Inf without any.
func pick(folds []Fold, loss Loss, in []int) ([]int, float64) {
	sums := make([][]float64, len(folds))
	for i, f := range folds {
		sums[i] = make([]float64, len(f.Targets))
	}
	var picks []int
	best, length := math.Inf(1), 0
	for n := 1; n <= bagPicks; n++ {
		next, least := -1, math.Inf(1)
		for _, m := range in {
			var e float64
			for i := range folds {
				e += folds[i].error(sums[i], folds[i].Predictions[m], float64(n), loss)
			}
			if e < least {
				next, least = m, e
			}
		}
		if next < 0 {
			break
		}
		picks = append(picks, next)
		for i := range folds {
			for j, v := range folds[i].Predictions[next] {
				sums[i][j] += float64(v)
			}
		}
		if least < best {
			best, length = least, n
		}
	}
	return picks[:length], best
}

// Reduced returns weights ≥ 0 in lowest terms, in place; 1 for the first where all are 0.
func Reduced(w []int) []int {
	divisor := 0
	for _, v := range w {
		for v != 0 {
			divisor, v = v, divisor%v
		}
	}
	if divisor == 0 {
		w[0], divisor = 1, 1
	}
	for m := range w {
		w[m] /= divisor
	}
	return w
}

// error returns the mean loss of (sums + p) ÷ n, by the fold's scale.
func (f *Fold) error(sums []float64, p []float32, n float64, loss Loss) float64 {
	if len(f.Targets) == 0 {
		return 0
	}
	var sum float64
	if loss == Absolute {
		sum = f.absolute(sums, p, n) / float64(len(f.Targets))
	} else {
		sum = f.logarithmic(sums, p, n) / float64(len(f.Targets)/f.Outputs)
	}
	if f.Scale > 0 {
		sum /= f.Scale
	}
	return sum
}

func (f *Fold) absolute(sums []float64, p []float32, n float64) float64 {
	t := f.Targets
	sums, p = sums[:len(t)], p[:len(t)]
	share := 1 / n
	var sum float64
	for j, target := range t {
		sum += math.Abs(float64((sums[j]+float64(p[j]))*share) - float64(target))
	}
	return sum
}

func (f *Fold) logarithmic(sums []float64, p []float32, n float64) float64 {
	share := 1 / n
	var sum float64
	for at := 0; at < len(f.Targets); at += f.Outputs {
		class := 0
		for c, v := range f.Targets[at : at+f.Outputs] {
			if v > f.Targets[at+class] {
				class = c
			}
		}
		v := float64((sums[at+class] + float64(p[at+class])) * share)
		if v < 0.001 {
			v = 0.001
		}
		if v > 0.999 {
			v = 0.999
		}
		sum -= f64.Log(v)
	}
	return sum
}

// Combine writes the weighted mean of the members' predictions to out: members ascending, those of weight 0 left out, one
// chain of float32 additions of weight × prediction from +0, one division by the sum of the weights. predictions [member]
// [len(out)]; the sum of the weights is above 0.
func Combine(weights []int, predictions [][]float32, out []float32) {
	total := 0
	clear(out)
	for m, w := range weights {
		if w == 0 {
			continue
		}
		total += w
		for j, v := range predictions[m][:len(out)] {
			out[j] += float32(float32(w) * v)
		}
	}
	for j := range out {
		out[j] /= float32(total)
	}
}
