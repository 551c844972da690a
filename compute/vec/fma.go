package vec

import "math"

// tinyFloat64 is twice the bit pattern of 0x1p-126 as a float64, the smallest normal float32: comparing doubled
// patterns ignores the sign.
const tinyFloat64 = 0x3810000000000000 << 1

// roundsTwice reports whether rounding s, a float64 sum that has been rounded once, to float32 may differ from
// rounding the exact sum. It can only where s lies exactly half way between two float32 values: in the normal range
// that is a low part of 1 followed by 28 zeros. Below the normal range the half-way points lie elsewhere, so
// everything there is reported, except zero, which is always exact.
func roundsTwice(s float64) bool {
	u := math.Float64bits(s)
	return u<<35 == 1<<63 || u<<1-1 < tinyFloat64-1
}

// FMA32 returns a·b + c rounded once to float32: the operation fma of the contract.
//
// Go has no such function, and float32(math.FMA(float64(a), float64(b), float64(c))) rounds twice. The product of
// two float32 is exact in float64, so one rounding happens in the float64 sum; rounding that once more is harmless
// unless it is a tie. Ties and tiny results take the exact path.
func FMA32(a, b, c float32) float32 {
	s := float64(float64(a)*float64(b)) + float64(c)
	if roundsTwice(s) {
		return fmaExact(a, b, c)
	}
	return float32(s)
}

// fmaExact is FMA32 by rounding to odd: the float64 sum and its exact error (TwoSum) give the sum truncated to 53
// bits whose last bit is set when anything was lost. Such a value is never a false tie, and 53 ≥ 24 + 2 bits, so the
// last conversion rounds the exact sum. No step under- or overflows in float64: products of float32 lie between
// 2⁻²⁹⁸ and 2²⁵⁶.
func fmaExact(a, b, c float32) float32 {
	p, q := float64(float64(a)*float64(b)), float64(c)
	s := p + q
	if s-s != 0 { // ±Inf or NaN
		return float32(s)
	}
	t := s - p
	e := (p - (s - t)) + (q - t)
	if e == 0 {
		return float32(s)
	}
	u := math.Float64bits(s)
	if (e < 0) != (s < 0) { // the exact sum is nearer to zero than s
		u--
	}
	return float32(math.Float64frombits(u | 1))
}
