package vec

// Constants of Tanh. tanhP3 … tanhP11 are a minimax fit of (tanh(x)/x − 1)/x², as a function of x², for |x| ≤ tanhSplit.
const (
	tanhSplit = 0x1.19999ap-1 // 0.55
	tanhMax   = 0x1.4p+3      // 10: from 9.02 on the result is 1
	tanhP3    = -0x1.55554ap-2
	tanhP5    = 0x1.110ceep-3
	tanhP7    = -0x1.b91e7ep-5
	tanhP9    = 0x1.58e518p-6
	tanhP11   = -0x1.9921a2p-8
)

// Tanh returns the hyperbolic tangent: an odd polynomial below tanhSplit, else 1 − 2/(e^2|x| + 1), with the sign of x.
// Tanh(±Inf) = ±1, Tanh(NaN) = NaN, Tanh(±0) = ±0. Worst error over all inputs: 1.590 ulp.
func Tanh(x float32) float32 {
	a := Abs(x)
	if a < tanhSplit {
		q := a * a
		p := float32(tanhP11)
		p = FMA32(p, q, tanhP9)
		p = FMA32(p, q, tanhP7)
		p = FMA32(p, q, tanhP5)
		p = FMA32(p, q, tanhP3)
		return withSign(FMA32(float32(a*q), p, a), x)
	}
	if a > tanhMax {
		a = tanhMax
	}
	return withSign(1-2/(Exp(a+a)+1), x)
}

// TanhGrad returns the derivative of Tanh from its value y: fma(−y, y, 1).
func TanhGrad(y float32) float32 { return FMA32(-y, y, 1) }
