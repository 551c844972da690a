package vec

import "math"

// Sqrt returns √x correctly rounded; NaN for x < 0, −0 for −0. A float64 root of a float32 has enough bits for the
// second rounding to be harmless.
func Sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// Abs returns x with its sign bit cleared.
func Abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ signBit) }

// IsFinite reports whether x is neither NaN nor ±Inf.
func IsFinite(x float32) bool { return math.Float32bits(x)&infBits != infBits }

// AllFinite reports whether every element of x is finite.
func AllFinite(x []float32) bool {
	for _, v := range x {
		if !IsFinite(v) {
			return false
		}
	}
	return true
}

// CanonicalBits returns the bits of x, and 7fc00000 for any NaN: the form in which the contract hashes a value.
func CanonicalBits(x float32) uint32 {
	if x != x {
		return nanBits
	}
	return math.Float32bits(x)
}

const (
	signBit = 0x80000000
	infBits = 0x7f800000
	nanBits = 0x7fc00000
)

// withSign returns |x| with the sign bit of s.
func withSign(x, s float32) float32 {
	return math.Float32frombits(math.Float32bits(x)&^signBit | math.Float32bits(s)&signBit)
}
