package vec

// SGD holds the scalars of one step of stochastic gradient descent with momentum.
type SGD struct {
	Rate, Momentum, WeightDecay float32
}

// Step applies one update to every parameter, in this order:
//
//	h = fma(wd, w, g)
//	v = fma(μ, v, h)
//	w = fma(−lr, v, w)
//
// Shapes: w, v, g [n]. v starts as +0. The decay is part of the gradient (ℓ₂ regularization), unlike AdamW's.
func (s SGD) Step(w, v, g []float32) {
	v, g = v[:len(w)], g[:len(w)]
	for i, gi := range g {
		h := FMA32(s.WeightDecay, w[i], gi)
		v[i] = FMA32(s.Momentum, v[i], h)
		w[i] = FMA32(-s.Rate, v[i], w[i])
	}
}
