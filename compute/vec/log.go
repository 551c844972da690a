package vec

import "math"

// Constants of Log. logP2 … logP10 are a minimax fit of (ln(1+f) − f)/f² on [−⅓, ⅓], the first held at −½, weighted for
// the relative error of ln(1+f).
const (
	minNormal = 0x1p-126
	logSplit  = 0x3f2aaaab   // bits of ⅔: the significand is taken from [⅔, 4⁄3)
	ln2       = 0x1.62e43p-1 // ln 2
	logP2     = -0x1p-1
	logP3     = 0x1.555506p-2
	logP4     = -0x1.fffef2p-3
	logP5     = 0x1.99d03cp-3
	logP6     = -0x1.559d8p-3
	logP7     = 0x1.1ed5bep-3
	logP8     = -0x1.f31a78p-4
	logP9     = 0x1.1e6dc6p-3
	logP10    = -0x1.07ef34p-3
)

// Log returns ln x. Log(0) = −Inf, Log(x < 0) = NaN, Log(+Inf) = +Inf, Log(NaN) = NaN; subnormal x are exact inputs.
// Worst error over all inputs: 0.941 ulp.
func Log(x float32) float32 {
	if !(x > 0) {
		if x == 0 {
			return math.Float32frombits(signBit | infBits)
		}
		return math.Float32frombits(nanBits)
	}
	if math.Float32bits(x) == infBits {
		return x
	}
	var e float32
	if x < minNormal {
		x *= 0x1p+23
		e = -23
	}
	u := math.Float32bits(x)
	i := int32(u-logSplit) >> 23
	f := math.Float32frombits(u-uint32(i)<<23) - 1
	e += float32(i)
	p := float32(logP10)
	p = FMA32(p, f, logP9)
	p = FMA32(p, f, logP8)
	p = FMA32(p, f, logP7)
	p = FMA32(p, f, logP6)
	p = FMA32(p, f, logP5)
	p = FMA32(p, f, logP4)
	p = FMA32(p, f, logP3)
	p = FMA32(p, f, logP2)
	r := FMA32(f*f, p, f)
	return FMA32(e, ln2, r)
}
