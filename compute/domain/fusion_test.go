package domain_test

import (
	"testing"

	"doin.network/node/internal/fusion"
)

// TestCompilerFusesNothing: one float64(…) forgotten in scales, members or measures would be another result.
func TestCompilerFusesNothing(t *testing.T) {
	fusion.None(t, "doin.network/node/compute/domain/...", "./...", 400)
}
