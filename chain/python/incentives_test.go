package python

import (
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorIncentives(t *testing.T, c golden.Case) {
	in, cfg := obj(c.Inputs, "config"), DefaultIncentives()
	cfg.HigherIsBetter = must(in.BoolOr("higher_is_better", cfg.HigherIsBetter))
	cfg.Tolerance = must(in.FloatOr("tolerance_margin", cfg.Tolerance))
	cfg.BonusThreshold = must(in.FloatOr("bonus_threshold", cfg.BonusThreshold))
	cfg.MinReward = must(in.FloatOr("min_reward_fraction", cfg.MinReward))
	cfg.MaxBonus = must(in.FloatOr("max_bonus_multiplier", cfg.MaxBonus))
	got := cfg.Evaluate(num(c.Inputs, "reported"), num(c.Inputs, "verified"),
		num(c.Inputs, "raw_increment"), num(c.Inputs, "domain_weight"), num(c.Inputs, "reputation_factor"))
	same(t, "incentive", canon.NewObject("reward_fraction", got.Reward, "relative_gap", got.Gap,
		"within_tolerance", got.Within, "effective_increment", got.Effective, "reason", got.Explanation), c.Expected)
}
