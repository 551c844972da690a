package f64

import "math"

// Constants of Exp and Log. ln2High holds the leading 32 bits of ln 2, so that n·ln2High is exact for |n| < 2²¹.
const (
	expMin   = -0x1.75p+9 // −746: e^−746 is below half of the smallest subnormal
	expMax   = 0x1.63p+9  // 710: e^710 is above the largest binary64
	log2E    = 0x1.71547652b82fep+0
	roundInt = 0x1.8p+52 // adding it rounds to an integer, held in the low bits of the sum
	ln2High  = 0x1.62e42feep-1
	ln2Low   = 0x1.a39ef35793c76p-33
)

// expP are 1/2!, 1/3!, … 1/14!: what follows 1 + r in the series of e^r, cut where it is below 2⁻⁵⁹ for |r| ≤ ½·ln 2.
var expP = [...]float64{
	0x1p-1, 0x1.5555555555555p-3, 0x1.5555555555555p-5, 0x1.1111111111111p-7, 0x1.6c16c16c16c17p-10,
	0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-16, 0x1.71de3a556c734p-19, 0x1.27e4fb7789f5cp-22, 0x1.ae64567f544e4p-26,
	0x1.1eed8eff8d898p-29, 0x1.6124613a86d09p-33, 0x1.93974a8c07c9dp-37,
}

// Exp returns e^x. Exp(NaN) = NaN, Exp(−Inf) = +0, Exp(+Inf) = +Inf; subnormal results are kept.
// Worst error found over 10⁶ arguments of both signs: below 1 ulp.
func Exp(x float64) float64 {
	if x != x {
		return x
	}
	if x < expMin {
		x = expMin
	}
	if x > expMax {
		x = expMax
	}
	j := float64(x*log2E) + roundInt
	n := j - roundInt
	i := int64(math.Float64bits(j)) - int64(math.Float64bits(roundInt)) // n as an integer
	r := x - float64(n*ln2High)
	r -= float64(n * ln2Low)
	p := horner(expP[:], r)
	p = float64(float64(r*r)*p) + r
	p++
	h := i >> 1
	return float64(float64(p*powerOfTwo(h)) * powerOfTwo(i-h))
}

// horner returns c[0] + x·(c[1] + x·(c[2] + …)), from the last on, product and sum rounded each.
func horner(c []float64, x float64) float64 {
	p := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		p = float64(p*x) + c[i]
	}
	return p
}

// powerOfTwo returns 2^n for −1022 ≤ n ≤ 1023.
func powerOfTwo(n int64) float64 { return math.Float64frombits(uint64(n+1023) << 52) }
