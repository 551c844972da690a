package vec

import "math"

// The update's constants: below momentFloor a moment is zero, and rootSeed begins the reciprocal square root.
const (
	momentFloor = 0x1p-100
	rootSeed    = 0x5f3759df
)

// AdamW holds the scalars of one optimizer step; Rate is the learning rate of that step, and Correct1 and Correct2 are
// its bias corrections 1/(1−β₁ᵗ) and 1/(1−β₂ᵗ). Epsilon is at least 2⁻⁵⁰.
type AdamW struct {
	Beta1, Beta2, Epsilon, WeightDecay float32
	Rate, Correct1, Correct2           float32
}

// Step applies one AdamW update to every parameter, in the contract's order:
//
//	m = fma(β₁, m, (1−β₁)·g)         then +0 where |m| < 2⁻¹⁰⁰
//	v = fma(β₂, v, ((1−β₂)·g)·g)     then +0 where v < 2⁻¹⁰⁰
//	y = inverseRoot(fma(v, c₂, ε²))
//	w = fma(−lr, (m·c₁)·y, fma(−(lr·wd), w, w))
//
// Shapes: w, m, v, g [n]. The decay is decoupled from the gradient (Loshchilov & Hutter) and scaled by the rate. ε stands
// inside of the root, and moments never become subnormal: both are our own, for speed.
func (a AdamW) Step(w, m, v, g []float32) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	rest1, rest2 := 1-a.Beta1, 1-a.Beta2
	decay := -(a.Rate * a.WeightDecay)
	square := EpsilonSquare(a.Epsilon)
	for i, gi := range g {
		mi := FMA32(a.Beta1, m[i], rest1*gi)
		if Abs(mi) < momentFloor {
			mi = 0
		}
		vi := FMA32(a.Beta2, v[i], float32(rest2*gi)*gi)
		if vi < momentFloor {
			vi = 0
		}
		y := inverseRoot(FMA32(vi, a.Correct2, square))
		w[i] = FMA32(-a.Rate, float32(mi*a.Correct1)*y, FMA32(decay, w[i], w[i]))
		m[i], v[i] = mi, vi
	}
}

// EpsilonSquare returns the ε² that an update adds: the product in binary64, which is exact, rounded once.
func EpsilonSquare(epsilon float32) float32 {
	return float32(float64(epsilon) * float64(epsilon))
}

// inverseRoot is about 1/√x for finite x ≥ 2⁻¹⁰⁰: three of Newton's steps from a number made of x's bits, which halves the
// exponent and changes its sign,
//
//	y = the number with the bits rootSeed − (bits(x) >> 1), mod 2³²;   h = −0.5 × x
//	three times: t = h × y;  r = fma(t, y, 0.5);  y = fma(y, r, y)
//
// Any other x gives what the sequence gives.
func inverseRoot(x float32) float32 {
	y := math.Float32frombits(rootSeed - math.Float32bits(x)>>1)
	h := -0.5 * x
	for range 3 {
		r := FMA32(h*y, y, 0.5)
		y = FMA32(y, r, y)
	}
	return y
}
