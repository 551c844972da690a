package cma

import (
	"math"

	"doin.network/node/compute/f64"
)

// rates are the constants of one run: those of the tutorial's table 1.
type rates struct {
	weights        []float64 // of the λ ranks, the first μ positive with sum 1, the others negative
	mu             int
	muEff          float64
	cSigma, dSigma float64
	cc, c1, cMu    float64
	expected       float64 // length of a standard normal vector
	longest        float64 // of a step that was not drawn from the distribution, in standard deviations
	eigenEvery     int     // generations
	weightsSum     float64
}

func newRates(n, lambda int) rates {
	dim := float64(n)
	r := rates{mu: lambda / 2, weights: make([]float64, lambda)}
	half := f64.Log((float64(lambda) + 1) / 2)
	var plus, plus2, minus, minus2 float64
	for i := range r.weights {
		w := half - f64.Log(float64(i+1))
		if i < r.mu {
			r.weights[i] = w
			plus, plus2 = plus+w, plus2+float64(w*w)
			continue
		}
		w = min(w, 0)
		r.weights[i] = w
		minus, minus2 = minus-w, minus2+float64(w*w)
	}
	r.muEff = plus * plus / plus2
	r.cSigma = (r.muEff + 2) / (dim + r.muEff + 5)
	r.dSigma = 1 + 2*max(0, math.Sqrt((r.muEff-1)/(dim+1))-1) + r.cSigma
	r.cc = (4 + r.muEff/dim) / (dim + 4 + 2*r.muEff/dim)
	r.c1 = 2 / (float64((dim+1.3)*(dim+1.3)) + r.muEff)
	r.cMu = min(1-r.c1, 2*(0.25+r.muEff+1/r.muEff-2)/(float64((dim+2)*(dim+2))+r.muEff))
	muEffMinus := 0.0
	if minus2 > 0 {
		muEffMinus = minus * minus / minus2
	}
	negative := min(1+r.c1/r.cMu, 1+2*muEffMinus/(r.muEff+2), (1-r.c1-r.cMu)/(dim*r.cMu))
	for i := range r.weights {
		if i < r.mu {
			r.weights[i] /= plus
		} else if minus > 0 {
			r.weights[i] *= negative / minus
		}
		r.weightsSum += r.weights[i]
	}
	r.expected = math.Sqrt(dim) * (1 - 1/(4*dim) + 1/float64(21*dim*dim))
	r.longest = math.Sqrt(dim) + 2*dim/(dim+2)
	r.eigenEvery = max(1, int(1/(10*dim*(r.c1+r.cMu))))
	return r
}

// DefaultLambda is the population of the first run in n dimensions: 4 + ⌊3 ln n⌋.
func DefaultLambda(n int) int { return 4 + int(3*f64.Log(float64(n))) }
