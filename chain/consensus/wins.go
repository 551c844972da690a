package consensus

import (
	"fmt"
	"math/big"

	"doin.network/node/chain"
	"doin.network/node/internal/ratio"
)

// Wins reports whether a claim beats its base, and by how much; nil means it does. known is whether the base is a champion whose
// performance is old; otherwise it is the domain's baseline, whose performance the chain does not know.
//
// A claim wins if new − old ≥ min_increment × performance_scale and its comparison with the base is beyond noise: where the
// domain has cases, S1 > 0 and (n−1)·S1² ≥ z²·(n·S2 − S1²), which says that the mean difference is z of its standard errors above
// 0. Over the baseline only the second is asked. Where the domain's agreement is not exact nobody's sums are another's, and the first
// alone decides. Everything is exact. The performances must be finite, the sums valid.
func (r *DomainRules) Wins(old, now float64, known bool, s chain.Sums) (raw int64, err error) {
	raw = FirstIncrement
	if known {
		if now <= old {
			return 0, fmt.Errorf("%w: %v is not above %v", ErrLoses, now, old)
		}
		if raw = RawIncrement(old, now, r.PerformanceScale); raw < r.MinIncrement {
			return 0, fmt.Errorf("%w: %v is above %v by less than the minimum increment", ErrLoses, now, old)
		}
	}
	if r.Agreement.Exact() && !beyondNoise(s, r.NoiseZ2) {
		return 0, fmt.Errorf("%w: %s", ErrLoses, noise(s))
	}
	return raw, nil
}

// beyondNoise is the rule about the sums; see Wins.
func beyondNoise(s chain.Sums, z2 ratio.Ratio) bool {
	if s.N == 0 {
		return true
	}
	if s.S1 <= 0 {
		return false
	}
	left := big.NewInt(s.S1)
	left.Mul(left, left).Mul(left, big.NewInt(s.N-1)).Mul(left, big.NewInt(z2.Den))
	right := s.Variance()
	right.Mul(right, big.NewInt(z2.Num))
	return left.Cmp(right) >= 0
}

// noise says in words why the sums are not beyond noise.
func noise(s chain.Sums) string {
	if z, ok := s.Z(); ok {
		return fmt.Sprintf("within the noise: z = %.3g over %d cases", z, s.N)
	}
	return fmt.Sprintf("worse than its base on every one of %d cases, or no better", s.N)
}
