package python

import "math"

// IncentiveConfig is the reward rule of one domain.
type IncentiveConfig struct {
	// HigherIsBetter is separate from the domain's own flag of that name. Default true.
	HigherIsBetter bool
	// Tolerance is the largest relative gap that still earns something. Default 0.10.
	Tolerance float64
	// BonusThreshold is the relative surplus that earns the whole bonus. Default 0.05.
	BonusThreshold float64
	// MinReward is the fraction earned at the tolerance. Default 0.3.
	MinReward float64
	// MaxBonus is the largest multiplier. Default 1.2.
	MaxBonus float64
}

// DefaultIncentives returns the defaults named at the fields.
func DefaultIncentives() IncentiveConfig {
	return IncentiveConfig{HigherIsBetter: true, Tolerance: 0.10, BonusThreshold: 0.05, MinReward: 0.3, MaxBonus: 1.2}
}

// Differences below negligible count as none, and a tolerance has some slack for rounding.
const (
	negligible = 1e-10
	slack      = 1e-9
)

// Incentive is the outcome of comparing a claim with its verification.
type Incentive struct {
	Reward      float64 // 0 rejects, up to MaxBonus
	Gap         float64 // relative; positive when the verified value is worse than the claim
	Within      bool    // Gap is within the tolerance
	Effective   float64 // increment that counts towards a block
	Explanation string  // as it stands on chain
}

// Gap returns how much worse verified is than reported, relative to |reported| unless that
// is negligible; negative when it is better.
func (c IncentiveConfig) Gap(reported, verified float64) float64 {
	gap := reported - verified
	if !c.HigherIsBetter {
		gap = verified - reported
	}
	if r := math.Abs(reported); r > negligible {
		return gap / r
	}
	return gap
}

// Reward returns the reward fraction for a relative gap.
func (c IncentiveConfig) Reward(gap float64) float64 {
	switch {
	case gap < 0 && -gap <= c.BonusThreshold:
		part := 0.0
		if c.BonusThreshold > 0 {
			part = -gap / c.BonusThreshold
		}
		return 1 + float64(part*(c.MaxBonus-1))
	case gap < 0:
		return c.MaxBonus
	case gap <= negligible:
		return 1
	case gap <= c.Tolerance+slack:
		return 1 - float64(gap/c.Tolerance*(1-c.MinReward))
	default:
		return 0
	}
}

// Evaluate compares a claim with its verification. The increment that counts is
// raw × weight × reputation factor × reward.
func (c IncentiveConfig) Evaluate(reported, verified, raw, weight, reputationFactor float64) Incentive {
	gap := c.Gap(reported, verified)
	reward := c.Reward(gap)
	return Incentive{
		Reward: reward, Gap: gap, Within: gap <= c.Tolerance+slack,
		Effective:   float64(raw * weight * reputationFactor * reward),
		Explanation: c.explain(gap, reward),
	}
}

func (c IncentiveConfig) explain(gap, reward float64) string {
	switch {
	case reward == 0:
		return "rejected: gap " + percent(gap, 2) + " exceeds tolerance " + percent(c.Tolerance, 0)
	case reward < 1:
		return "partial reward " + fixed(reward, 2) + ": gap " + percent(gap, 2) + " within tolerance"
	case reward == 1:
		return "full reward: verified matches reported"
	default:
		return "bonus " + fixed(reward, 2) + ": verified exceeds reported by " + percent(math.Abs(gap), 2)
	}
}
