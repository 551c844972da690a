package boost

import (
	"testing"

	"doin.network/node/internal/fusion"
)

// TestCompilerFusesNothing: one float64(…) forgotten would be another tree.
func TestCompilerFusesNothing(t *testing.T) {
	fusion.None(t, "doin.network/node/compute/boost", ".", 60)
}
