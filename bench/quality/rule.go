package quality

import (
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/compute/domain"
	"doin.network/node/internal/ratio"
)

// Rule is what a genesis file says of when a claim replaces a champion.
type Rule struct {
	// MinIncrement is the least improvement, in units of the performance.
	MinIncrement float64 `json:"min_increment"`
	// Z2 is z², a number or a fraction.
	Z2 string `json:"noise_z2"`
}

// DefaultRule returns a thousandth and 4.
func DefaultRule() Rule { return Rule{MinIncrement: 0.001, Z2: "4"} }

// rules returns the chain's form.
func (r Rule) rules() (d consensus.DomainRules, err error) {
	d.PerformanceScale = 1
	if d.MinIncrement, err = chain.Micro(r.MinIncrement); err != nil || d.MinIncrement < 0 {
		return d, fmt.Errorf("min increment %v: must be 0 or more", r.MinIncrement)
	}
	d.NoiseZ2, err = ratio.Parse(r.Z2)
	return d, err
}

// sums are the comparison of a claim with its base as the chain has it.
func sums(p domain.Paired) (chain.Sums, error) { return chain.NewSums(p.S1, p.S2, int64(p.N)) }
