package boost

import (
	"math"

	"doin.network/node/compute/vec"
)

// Units: scores and errors are integers of 2^-scoreBits, gradients and hessians of 2^-gradientBits.
const (
	scoreBits    = 24
	gradientBits = 16
	one          = 1 << gradientBits
	// maxTarget bounds targets and starts, maxStep the value of a leaf: 2^10 and 2^3.
	maxTarget = 1 << (scoreBits + 10)
	maxStep   = 1 << (scoreBits + 3)
	// maxError bounds the error of a row: 2^12.
	maxError = 1 << (scoreBits + 12)
	// leastHessian is what a row of a classification has at least.
	leastHessian = 1 << 6
)

// The probabilities within which one is taken for the error of a classification.
const leastProbability, mostProbability float32 = 0.001, 0.999

// fixed returns round(x·2^bits), halves to even, of |x| ≤ 2^30.
func fixed(x float32, bits uint) int64 {
	return int64(math.RoundToEven(float64(x) * float64(int64(1)<<bits)))
}

// real is a score as binary32.
func real(score int64) float32 { return float32(float64(score) / (1 << scoreBits)) }

// number is a target as a score.
func number(y float32) int64 {
	return min(max(fixed(min(max(y, -1<<11), 1<<11), scoreBits), -maxTarget), maxTarget)
}

// start returns the scores before any tree: the mean target, rounded down; the log odds of the second of two classes; the logarithms
// of the frequencies. One row more is counted of each class.
func (c *Config) start(t *Table) []int64 {
	n := int64(t.Len())
	if c.Classes == 0 {
		var sum int64
		for _, y := range t.Targets {
			sum += number(y)
		}
		mean := sum / n
		if sum%n < 0 {
			mean--
		}
		return []int64{mean}
	}
	counts := make([]int, c.Classes)
	for _, k := range t.Labels {
		counts[k]++
	}
	of := func(a, b int) int64 { return fixed(vec.Log(float32(a)/float32(b)), scoreBits) }
	if c.Classes == 2 {
		return []int64{of(counts[1]+1, counts[0]+1)}
	}
	out := make([]int64, c.Classes)
	for k, count := range counts {
		out[k] = of(count+1, int(n)+c.Classes)
	}
	return out
}

// probabilities writes those of all classes for the scores of one row, classes as they are numbered.
func probabilities(scores []int64, p []float32) {
	if len(scores) == 1 {
		p[1] = vec.Sigmoid(real(scores[0]))
		p[0] = 1 - p[1]
		return
	}
	top := scores[0]
	for _, s := range scores {
		top = max(top, s)
	}
	for k, s := range scores {
		p[k] = vec.Exp(real(s - top))
	}
	sum := vec.Sum(p)
	for k := range p {
		p[k] /= sum
	}
}

// sum is what a row, or many, have: the gradient, and hessian + 2^countShift × number of rows.
type sum struct{ g, hn int64 }

const (
	countShift = 40
	hessians   = 1<<countShift - 1
	sumBytes   = 16
)

func (s sum) rows() int      { return int(s.hn >> countShift) }
func (s sum) hessian() int64 { return s.hn & hessians }

// slopes writes gradient and hessian of each row for each output: out [outputs][rows], scores [rows][outputs].
func (c *Config) slopes(t *Table, scores []int64, out [][]sum) {
	if c.Classes == 0 {
		clip := int64(c.Clip) << gradientBits / Whole
		for i, y := range t.Targets {
			const down = scoreBits - gradientBits
			g := (scores[i] - number(y) + 1<<(down-1)) >> down
			out[0][i] = sum{min(max(g, -clip), clip), one + 1<<countShift}
		}
		return
	}
	k := c.Outputs()
	p := make([]float32, c.Classes)
	for i, label := range t.Labels {
		probabilities(scores[i*k:][:k], p)
		for j := range k {
			class := j
			if k == 1 {
				class = 1
			}
			q := fixed(p[class], gradientBits)
			g := q
			if int(label) == class {
				g -= one
			}
			out[j][i] = sum{g, max(q*(one-q)>>gradientBits, leastHessian) + 1<<countShift}
		}
	}
}

// loss returns the sum of the errors of all rows: |score − target|, or −log of the probability of the class, within the bounds.
func (c *Config) loss(t *Table, scores []int64) (total int64) {
	if c.Classes == 0 {
		for i, y := range t.Targets {
			e := scores[i] - number(y)
			total += min(max(e, -e), maxError)
		}
		return total
	}
	k := c.Outputs()
	p := make([]float32, c.Classes)
	for i, label := range t.Labels {
		probabilities(scores[i*k:][:k], p)
		q := min(max(p[label], leastProbability), mostProbability)
		total += fixed(-vec.Log(q), scoreBits)
	}
	return total
}
