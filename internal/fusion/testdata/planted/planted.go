// Package planted has one product that a compiler may fuse with a sum, and one that it may not.
package planted

// Fused is rounded once where the target can.
func Fused(a, b, c float64) float64 { return a*b + c }

// Rounded is rounded twice everywhere.
func Rounded(a, b, c float64) float64 { return float64(a*b) + c }
