package nn

import (
	"testing"

	"doin.network/node/internal/fusion"
)

// TestCompilerFusesNothing: one float32(…) forgotten in the engine, also across an inlined call, would be another result.
func TestCompilerFusesNothing(t *testing.T) {
	fusion.None(t, "doin.network/node/compute/...", ".", 400)
}
