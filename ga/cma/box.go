package cma

import (
	"math"
	"slices"

	"doin.network/node/compute/f64"
)

// inside returns the point of the unit cube nearest to x.
func inside(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = min(max(v, 0), 1)
	}
	return out
}

// penalties returns what each told point's distance from the cube costs in the ranking: Σ γ_i × distance² ÷ ξ_i, ξ the shape of the
// distribution. The weights γ come from the spread of values when a mean first lies outside, and grow where it stays far outside.
func (r *Run) penalties() []float64 {
	r.weigh()
	out := make([]float64, len(r.Told))
	if r.Gamma == nil {
		return out
	}
	n, logs := r.N, make([]float64, r.N)
	mean := 0.0
	for i := range logs {
		logs[i] = f64.Log(max(r.C[i*n+i], 1e-300))
		mean += logs[i] / float64(n)
	}
	for k := range r.Told {
		for i, x := range r.Told[k].X {
			if d := x - min(max(x, 0), 1); d != 0 {
				out[k] += float64(r.Gamma[i]*float64(d*d)) / f64.Exp(0.9*(logs[i]-mean))
			}
		}
	}
	return out
}

// weigh brings the weights up to the mean.
func (r *Run) weigh() {
	n, outside := r.N, false
	trace := 0.0
	for i, m := range r.Mean {
		outside = outside || m < 0 || m > 1
		trace += r.C[i*n+i] / float64(n)
	}
	if !outside || len(r.Spreads) == 0 {
		return
	}
	if r.Gamma == nil {
		spreads := slices.Clone(r.Spreads)
		slices.Sort(spreads)
		w := 2 * spreads[len(spreads)/2] / max(float64(r.Sigma*r.Sigma)*trace, 1e-300)
		r.Gamma = make([]float64, n)
		for i := range r.Gamma {
			r.Gamma[i] = min(w, 1e300)
		}
	}
	grow := f64.Pow(1.1, min(1, r.rates.muEff/(10*float64(n))))
	for i, m := range r.Mean {
		far := 3 * r.Sigma * math.Sqrt(r.C[i*n+i]) * max(1, math.Sqrt(float64(n))/r.rates.muEff)
		if math.Abs(m-min(max(m, 0), 1)) > far {
			r.Gamma[i] = min(r.Gamma[i]*grow, 1e300)
		}
	}
}
