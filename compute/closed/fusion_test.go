package closed

import (
	"testing"

	"doin.network/node/internal/fusion"
)

// TestCompilerFusesNothing: one float64(…) forgotten would be another forecast.
func TestCompilerFusesNothing(t *testing.T) {
	fusion.None(t, "doin.network/node/compute/...", ".", 200)
}
