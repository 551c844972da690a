package optimae

import "math"

func sqrt(v float64) float64 { return math.Sqrt(v) }

// coalitionName is the author of draw i: one of the coalition of peers 0 to bad−1, or of the others where there is none.
func coalitionName(n, bad, i int) string { return name(i % max(1, min(bad, n))) }

// hypergeometric is the chance of at least least marked ones among k drawn of n, marked of which are.
func hypergeometric(n, marked, k, least int) (p float64) {
	choose := func(n, k int) float64 {
		if k < 0 || k > n {
			return math.Inf(-1)
		}
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c
	}
	for i := least; i <= min(k, marked); i++ {
		p += math.Exp(choose(marked, i) + choose(n-marked, k-i) - choose(n, k))
	}
	return min(1, p)
}
