package vec

// Sigmoid returns 1/(1+e^−x). Sigmoid(−Inf) = +0, Sigmoid(+Inf) = 1, Sigmoid(NaN) = NaN; subnormal results are kept.
// Worst error over all inputs: 2.402 ulp.
func Sigmoid(x float32) float32 { return gate(1, x) }

// SiLU returns x·Sigmoid(x). SiLU(−Inf) = −0, SiLU(+Inf) = +Inf, SiLU(NaN) = NaN. Worst error over all
// inputs: 3.345 ulp.
func SiLU(x float32) float32 {
	if x < expMin {
		x = expMin
	}
	return gate(x, x)
}

// gate returns v/(1+e^−z). For z < 0 it is evaluated as v·e^z/(1+e^z), the power of two of e^z multiplied last, so
// that a tiny result is rounded once.
func gate(v, z float32) float32 {
	p, s, t := expParts(-Abs(z))
	d := 1 + float32(float32(p*s)*t)
	if z < 0 {
		return float32(float32(float32(v*p)/d*s) * t)
	}
	return v / d
}

// gateSlope returns s = 1/(1+e^−z) and its derivative e^−|z|/(1+e^−|z|)². Unlike s·(1−s) this keeps its digits where s is
// near 1.
func gateSlope(z float32) (s, slope float32) {
	t := Exp(-Abs(z))
	d := 1 + t
	q := t / d
	if z < 0 {
		return q, q / d
	}
	return 1 / d, q / d
}

// SiLUGrad returns the derivative of SiLU at x clamped to ±112: fma(x, s′, s) with s = Sigmoid(x) and s′ its derivative
// as gateSlope computes them. Worst absolute error over all inputs: 2.887·2⁻²⁴.
func SiLUGrad(x float32) float32 {
	x = clamp(x, expMin, -expMin)
	s, slope := gateSlope(x)
	return FMA32(x, slope, s)
}

// SigmoidGrad returns the derivative of Sigmoid from its value y: y·(1−y).
func SigmoidGrad(y float32) float32 { return float32(y * (1 - y)) }

// clamp returns x limited to [lo, hi] by two selections, lower bound first; NaN stays NaN.
func clamp(x, lo, hi float32) float32 {
	if x < lo {
		x = lo
	}
	if x > hi {
		x = hi
	}
	return x
}
