package domain

import "doin.network/node/internal/canon"

// Synthetic is the data an evaluator made from a seed. It is immutable once made.
type Synthetic struct {
	// Hash identifies the data bit for bit, in hex.
	Hash string
	// Series is a synthetic time series in the data's unit but for a power of ten (forecast), or the encoded rows of a synthetic table one after
	// another (tabular); nil otherwise.
	Series []float64
	// Target is a synthetic target vector (quadratic); nil otherwise.
	Target []float64
	// NoiseStd is the standard deviation of the noise that was added to Target.
	NoiseStd float64
}

// Object returns the data as JSON, in the form the reference gives it: {"target", "synthetic", "noise_std"} or
// {"series", "synthetic"}.
func (s *Synthetic) Object() *canon.Object {
	if s.Target != nil {
		return canon.NewObject("target", s.Target, "synthetic", true, "noise_std", s.NoiseStd)
	}
	return canon.NewObject("series", s.Series, "synthetic", true)
}
