package quality

import (
	"math"
	"math/big"

	"doin.network/node/compute/domain"
)

// Rule says which claim replaces a champion, as the chain has it.
type Rule struct {
	// MinIncrement is the least improvement, in units of the performance.
	MinIncrement float64 `json:"min_increment"`
	// Z2 is z², a number or a fraction: the mean of the cases' improvements has to be z of its standard errors above 0.
	Z2 string `json:"z2"`
}

// DefaultRule returns a thousandth and 4.
func DefaultRule() Rule { return Rule{MinIncrement: 0.001, Z2: "4"} }

// Improves reports whether a performance beats another by the minimum increment.
func (r Rule) Improves(performance, over float64) bool { return performance-over >= r.MinIncrement }

// Accepts reports whether a claim of a performance replaces what has another, given the sums over the cases. Without cases
// the minimum increment alone counts. z2 must be the text of a rational, else nothing is accepted.
func (r Rule) Accepts(performance, over float64, p domain.Paired) bool {
	return !math.IsNaN(performance) && r.Improves(performance, over) && (p.N == 0 || r.beyondNoise(p))
}

// beyondNoise is S1 > 0 and (n−1)·S1² ≥ z²·(n·S2 − S1²), exactly.
func (r Rule) beyondNoise(p domain.Paired) bool {
	z2, ok := new(big.Rat).SetString(r.Z2)
	if !ok || p.S1 <= 0 {
		return false
	}
	square := new(big.Int).Mul(big.NewInt(p.S1), big.NewInt(p.S1))
	spread := new(big.Int).Mul(big.NewInt(int64(p.N)), p.S2)
	spread.Sub(spread, square)
	left := new(big.Int).Mul(big.NewInt(int64(p.N-1)), square)
	right := z2.Mul(z2, new(big.Rat).SetInt(spread))
	return new(big.Rat).SetInt(left).Cmp(right) >= 0
}
