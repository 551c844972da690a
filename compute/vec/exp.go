package vec

import "math"

// Constants of Exp. expP2 … expP6 are a minimax fit of (e^r − 1 − r)/r² on |r| ≤ ½·ln 2, weighted for the relative error
// of e^r and rounded to float32 one at a time, the later ones refitted.
const (
	expMin   = -0x1.cp+6      // −112: e^−112 is far below the smallest subnormal
	expMax   = 0x1.64p+6      // 89: e^89 is above the largest float32
	log2E    = 0x1.715476p+0  // log₂ e
	roundInt = 0x1.8p+23      // adding it rounds to an integer, held in the low bits of the sum
	ln2High  = 0x1.62e4p-1    // the leading 15 bits of ln 2: n·ln2High is exact for |n| < 2⁹
	ln2Low   = 0x1.7f7d1cp-20 // ln 2 − ln2High
	expP2    = 0x1.fffffcp-2
	expP3    = 0x1.55548cp-3
	expP4    = 0x1.555858p-5
	expP5    = 0x1.123dep-7
	expP6    = 0x1.6ac74ap-10
)

// Exp returns e^x. Exp(NaN) = NaN, Exp(−Inf) = +0, Exp(+Inf) = +Inf; subnormal results are kept.
// Worst error over all inputs: 0.892 ulp.
func Exp(x float32) float32 {
	p, s, t := expParts(x)
	return float32(float32(p*s) * t)
}

// expParts returns e^x as the product p·s·t of a float32 p in [0.7, 1.42] and two powers of two, so that a caller can
// go on computing with p and round only once where the result is subnormal. x is clamped to [expMin, expMax] first;
// NaN gives p = NaN.
func expParts(x float32) (p, s, t float32) {
	if x < expMin {
		x = expMin
	}
	if x > expMax {
		x = expMax
	}
	j := FMA32(x, log2E, roundInt)
	n := j - roundInt
	r := FMA32(n, -ln2High, x)
	r = FMA32(n, -ln2Low, r)
	p = float32(expP6)
	p = FMA32(p, r, expP5)
	p = FMA32(p, r, expP4)
	p = FMA32(p, r, expP3)
	p = FMA32(p, r, expP2)
	p = FMA32(p, r, 1)
	p = FMA32(p, r, 1)
	i := int32(math.Float32bits(j) - 0x4b400000) // n as an integer, −162 … 128
	h := i >> 1
	return p, powerOfTwo(h), powerOfTwo(i - h)
}

// powerOfTwo returns 2^n for −126 ≤ n ≤ 127. (The n that a NaN leads to is outside; its product is NaN all the same.)
func powerOfTwo(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }
