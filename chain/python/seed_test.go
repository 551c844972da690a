package python

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorSeedValidation(t *testing.T, c golden.Case) {
	var declared *int64
	if v := val(c.Inputs, "declared_seed"); v != nil {
		n := must(canon.AsInt(v))
		declared = &n
	}
	valid, reason := SeedPolicy{Required: flag(c.Inputs, "require_seed")}.Check(
		str(c.Inputs, "commitment_hash"), str(c.Inputs, "domain_id"), declared)
	same(t, "verdict", canon.NewObject("valid", valid, "reason", reason), c.Expected)
}

func TestSeedSalts(t *testing.T) {
	f := func(got uint32, salt string) {
		t.Helper()
		if want := chain.DeterministicSeed("c", "d", salt); got != want {
			t.Errorf("seed = %d, want %d of salt %q", got, want, salt)
		}
	}
	f(OptimizerSeed("c", "d"), "")
	f(EvaluationSeed("c", "d", 12), "12")
	f(SyntheticSeed("c", "d", "e", "tip"), "e:tip")
}
