package islands

import (
	"math/rand/v2"
	"slices"
)

// resamples is how often a bootstrap draws.
const resamples = 2000

// Ratio is a ratio of means with its 95 % interval.
type Ratio struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func mean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// quartiles returns the quartiles, interpolated linearly between the order statistics.
func quartiles(x []float64) (q1, median, q3 float64) {
	s := slices.Sorted(slices.Values(x))
	return quantile(s, 0.25), quantile(s, 0.5), quantile(s, 0.75)
}

// quantile is that of sorted values, 0 of none.
func quantile(s []float64, p float64) float64 {
	if len(s) == 0 {
		return 0
	}
	at := p * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// bootstrap returns the 95 % percentile interval of a statistic of n runs; the draws are the same in every call.
func bootstrap(n int, statistic func(drawn []int) float64) (low, high float64) {
	if n < 2 {
		v := statistic(make([]int, n))
		return v, v
	}
	random := rand.New(rand.NewPCG(20250101, uint64(n)))
	drawn, values := make([]int, n), make([]float64, resamples)
	for r := range values {
		for i := range drawn {
			drawn[i] = random.IntN(n)
		}
		values[r] = statistic(drawn)
	}
	slices.Sort(values)
	return quantile(values, 0.025), quantile(values, 0.975)
}

func meanInterval(x []float64) (low, high float64) {
	return bootstrap(len(x), func(drawn []int) float64 { return meanOf(x, drawn) })
}

// ratio is the mean of over divided by that of under, pairs drawn together; nil if under has the mean 0.
func ratio(over, under []float64) *Ratio {
	if mean(under) == 0 {
		return nil
	}
	r := &Ratio{Value: mean(over) / mean(under)}
	r.Low, r.High = bootstrap(len(over), func(drawn []int) float64 { return meanOf(over, drawn) / meanOf(under, drawn) })
	return r
}

func meanOf(x []float64, drawn []int) float64 {
	s := 0.0
	for _, i := range drawn {
		s += x[i]
	}
	return s / float64(len(drawn))
}
