package f64

import (
	"testing"

	"doin.network/node/internal/fusion"
)

// TestCompilerFusesNothing: one float64(…) forgotten, also across an inlined call, would be another result.
func TestCompilerFusesNothing(t *testing.T) { fusion.None(t, "doin.network/node/compute/f64", ".", 15) }
