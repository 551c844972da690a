package supervised

import "math"

// MaxScaled bounds the magnitude of a scaled number, so that binary32 still resolves an eighth of a unit.
const MaxScaled = 1 << 20

// Scale maps numbers in the units of a file to multiples of Unit from Offset.
type Scale struct{ Offset, Unit float64 }

// To scales a number; ok is false where it is not finite or too far away.
func (s Scale) To(y float64) (v float32, ok bool) {
	x := (y - s.Offset) / s.Unit
	return float32(x), math.Abs(x) <= MaxScaled
}

// From is the inverse of To, in binary64.
func (s Scale) From(x float64) float64 { return s.Offset + float64(x*s.Unit) }
