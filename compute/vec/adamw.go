package vec

// AdamW holds the scalars of one optimizer step; Rate is the learning rate of that step, and Correct1 and Correct2 are
// its bias corrections 1/(1−β₁ᵗ) and 1/(1−β₂ᵗ).
type AdamW struct {
	Beta1, Beta2, Epsilon, WeightDecay float32
	Rate, Correct1, Correct2           float32
}

// Step applies one AdamW update to every parameter, in the contract's order:
//
//	m = fma(β₁, m, (1−β₁)·g)
//	v = fma(β₂, v, ((1−β₂)·g)·g)
//	u = (m·c₁) / (√(v·c₂) + ε)
//	w = fma(−lr, u, fma(−(lr·wd), w, w))
//
// Shapes: w, m, v, g [n]. The decay is decoupled from the gradient (Loshchilov & Hutter) and scaled by the rate.
func (a AdamW) Step(w, m, v, g []float32) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	rest1, rest2 := 1-a.Beta1, 1-a.Beta2
	decay := -(a.Rate * a.WeightDecay)
	for i, gi := range g {
		mi := FMA32(a.Beta1, m[i], rest1*gi)
		vi := FMA32(a.Beta2, v[i], float32(rest2*gi)*gi)
		u := float32(mi*a.Correct1) / (Sqrt(float32(vi*a.Correct2)) + a.Epsilon)
		w[i] = FMA32(-a.Rate, u, FMA32(decay, w[i], w[i]))
		m[i], v[i] = mi, vi
	}
}
