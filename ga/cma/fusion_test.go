package cma

import (
	"testing"

	"doin.network/node/internal/fusion"
)

// TestCompilerFusesNothing: one float64(…) forgotten would be another search.
func TestCompilerFusesNothing(t *testing.T) { fusion.None(t, "doin.network/node/ga/cma", ".", 60) }
