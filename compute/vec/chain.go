package vec

import "math"

// Constants for rounding a float64 bit pattern to the 24 bits of a float32 and for recognizing the sums that may not be
// rounded that way.
const (
	roundHalf = 1 << 28   // half a unit of the last float32 place
	roundMask = 1<<29 - 1 // the bits below that place
	// normalSpan is the length of the range of doubled patterns of normal float32 values below 2¹²⁷, from tinyFloat64 on.
	normalSpan = 0x47e0000000000000<<1 - tinyFloat64
)

// chain4 continues four neighbouring chains of fused multiply-adds: for t = 0 … n−1,
// acc[j] = fma(a[t·aStride], b[t·bStride+j], acc[j]).
//
// It is FMA32 with the fast path written out, because the compiler does not inline it, and with the chains kept in
// registers as float64 patterns: a sum that is neither a tie nor outside the normal range is rounded to float32 by
// adding half a unit of the last place and clearing what lies below. Anything else goes through FMA32.
func chain4(acc *[4]float32, a []float32, aStride int, b []float32, bStride, n int) {
	c0, c1, c2, c3 := float64(acc[0]), float64(acc[1]), float64(acc[2]), float64(acc[3])
	for t := range n {
		x := float64(a[t*aStride])
		y := (*[4]float32)(b[t*bStride:])
		u0 := math.Float64bits(float64(x*float64(y[0]))+c0) + roundHalf
		u1 := math.Float64bits(float64(x*float64(y[1]))+c1) + roundHalf
		u2 := math.Float64bits(float64(x*float64(y[2]))+c2) + roundHalf
		u3 := math.Float64bits(float64(x*float64(y[3]))+c3) + roundHalf
		l0, l1, l2, l3 := u0&roundMask, u1&roundMask, u2&roundMask, u3&roundMask
		if l0 == 0 || l1 == 0 || l2 == 0 || l3 == 0 ||
			u0<<1-tinyFloat64 >= normalSpan || u1<<1-tinyFloat64 >= normalSpan ||
			u2<<1-tinyFloat64 >= normalSpan || u3<<1-tinyFloat64 >= normalSpan {
			c0 = float64(FMA32(float32(x), y[0], float32(c0)))
			c1 = float64(FMA32(float32(x), y[1], float32(c1)))
			c2 = float64(FMA32(float32(x), y[2], float32(c2)))
			c3 = float64(FMA32(float32(x), y[3], float32(c3)))
			continue
		}
		c0, c1 = math.Float64frombits(u0^l0), math.Float64frombits(u1^l1)
		c2, c3 = math.Float64frombits(u2^l2), math.Float64frombits(u3^l3)
	}
	acc[0], acc[1], acc[2], acc[3] = float32(c0), float32(c1), float32(c2), float32(c3)
}

// chain1 is chain4 for a single chain: it returns acc after fma(a[t·aStride], b[t·bStride], acc) for t = 0 … n−1.
func chain1(acc float32, a []float32, aStride int, b []float32, bStride, n int) float32 {
	for t := range n {
		x, y := a[t*aStride], b[t*bStride]
		s := float64(float64(x)*float64(y)) + float64(acc)
		if roundsTwice(s) {
			acc = fmaExact(x, y, acc)
			continue
		}
		acc = float32(s)
	}
	return acc
}

// chains continues len(acc) neighbouring chains: for t = 0 … n−1, acc[j] = fma(a[t·aStride], b[t·bStride+j], acc[j]).
func chains(acc, a []float32, aStride int, b []float32, bStride, n int) {
	j := 0
	for ; j+4 <= len(acc); j += 4 {
		chain4((*[4]float32)(acc[j:]), a, aStride, b[j:], bStride, n)
	}
	for ; j < len(acc); j++ {
		acc[j] = chain1(acc[j], a, aStride, b[j:], bStride, n)
	}
}
