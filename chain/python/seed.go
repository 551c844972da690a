package python

import (
	"strconv"

	"doin.network/node/chain"
)

// OptimizerSeed is the seed of an optimizer's run.
func OptimizerSeed(commitment, domain string) uint32 {
	return chain.DeterministicSeed(commitment, domain, "")
}

// EvaluationSeed is the seed of evaluation round n.
func EvaluationSeed(commitment, domain string, round int64) uint32 {
	return chain.DeterministicSeed(commitment, domain, strconv.FormatInt(round, 10))
}

// SyntheticSeed is the seed of the synthetic data of one evaluator, whose tip is tip.
func SyntheticSeed(commitment, domain, evaluator, tip string) uint32 {
	return chain.DeterministicSeed(commitment, domain, chain.SyntheticSalt(evaluator, tip))
}

// SeedPolicy says whether a submission must declare its seed. The unified node does not ask.
type SeedPolicy struct{ Required bool }

// Check judges a declared seed, nil if there is none; reason is empty if it is valid.
func (p SeedPolicy) Check(commitment, domain string, declared *int64) (valid bool, reason string) {
	if !p.Required {
		return true, ""
	}
	if declared == nil {
		return false, "Seed not declared (deterministic seed required)"
	}
	want := int64(OptimizerSeed(commitment, domain))
	if *declared == want {
		return true, ""
	}
	short := []rune(commitment)
	return false, "Declared seed " + strconv.FormatInt(*declared, 10) + " does not match expected " +
		strconv.FormatInt(want, 10) + " for commitment " + string(short[:min(16, len(short))]) + "..."
}
