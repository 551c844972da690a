package vec

// Constants of GELU: the tanh form ½·x·(1+tanh(√(2/π)·(x + 0.044715·x³))) equals x·σ(z) with z = x·(geluC1 + geluC3·x²).
const (
	geluC1    = 0x1.988454p+0 // 2·√(2/π)
	geluC3    = 0x1.2444f2p-4 // 0.044715 · 2·√(2/π)
	geluSlope = 0x1.b6676cp-3 // 3 · 0.044715 · 2·√(2/π)
	geluMin   = -0x1.6p+3     // −11: below, the result is −0
)

// GELU returns the tanh form of the Gaussian error linear unit (D. Hendrycks, K. Gimpel, 2016).
// GELU(−Inf) = −0, GELU(+Inf) = +Inf, GELU(NaN) = NaN. Worst error over all inputs: 214.937 ulp, near −10 where the value is
// about −10⁻³⁷.
func GELU(x float32) float32 {
	if x < geluMin {
		x = geluMin
	}
	return gate(x, float32(x*FMA32(geluC3, float32(x*x), geluC1)))
}

// GELUGrad returns the derivative of GELU at x clamped to ±11. With q = x·x and z = x·fma(geluC3, q, geluC1) it is
// fma(s′, x·fma(geluSlope, q, geluC1), s), s and s′ being the sigmoid of z and its derivative as gateSlope computes them.
// Worst absolute error over all inputs: 3.434·2⁻²⁴.
func GELUGrad(x float32) float32 {
	x = clamp(x, geluMin, -geluMin)
	q := x * x
	s, slope := gateSlope(float32(x * FMA32(geluC3, q, geluC1)))
	return FMA32(slope, float32(x*FMA32(geluSlope, q, geluC1)), s)
}
