package python

import (
	"math"

	"doin.network/node/chain"
)

// Constants of the coin.
const (
	InitialReward     = 50.0
	HalvingInterval   = 210_000 // blocks
	MaxSupply         = 21_000_000.0
	GeneratorFraction = 0.05
	OptimizerPool     = 0.65
	EvaluatorPool     = 0.30
	SmallestAmount    = 1e-8
	maxHalvings       = 64
)

// BlockReward returns what the block at height mints.
func BlockReward(height int64) float64 {
	if height < 0 || height/HalvingInterval >= maxHalvings {
		return 0
	}
	return epochReward(height / HalvingInterval)
}

// epochReward returns the reward after n halvings, 0 below the smallest amount.
func epochReward(n int64) float64 {
	if r := math.Ldexp(InitialReward, -int(n)); r >= SmallestAmount {
		return r
	}
	return 0
}

// Supply returns what blocks 0 … height mint together.
func Supply(height int64) float64 {
	total, remaining := 0.0, height+1
	for epoch := int64(0); remaining > 0 && epoch < maxHalvings; epoch++ {
		reward := epochReward(epoch)
		if reward == 0 {
			break
		}
		blocks := min(remaining, HalvingInterval)
		total += float64(float64(blocks) * reward)
		remaining -= blocks
	}
	return min(total, MaxSupply)
}

// Roles of a Contribution.
const (
	RoleOptimizer = "optimizer"
	RoleEvaluator = "evaluator"
)

// Contribution is one peer's work towards a block; a peer may have several.
type Contribution struct {
	PeerID, Role, DomainID string

	// Of optimizers: their weight is the product.
	EffectiveIncrement, RewardFraction float64

	// Of evaluators: their weight is Evaluations if Agreed.
	Agreed      bool
	Evaluations int64
}

func (c Contribution) weight() float64 { return float64(c.EffectiveIncrement * c.RewardFraction) }

// Output is one payment of a coinbase.
type Output struct {
	Recipient string
	Amount    float64
	Reason    string // "block_generator", "optimizer" or "evaluator"
	DomainID  string
}

// Coinbase is the distribution of a block's reward.
type Coinbase struct {
	BlockIndex  int64
	BlockReward float64 // minted, without fees
	Outputs     []Output
}

// Total returns what the outputs distribute.
func (c Coinbase) Total() float64 {
	xs := make([]float64, len(c.Outputs))
	for i, o := range c.Outputs {
		xs[i] = o.Amount
	}
	return sum(xs)
}

// ID returns the SHA-256 that names the coinbase; reasons and domains are not covered.
func (c Coinbase) ID() string {
	outputs := make([]chain.CoinbaseOutput, len(c.Outputs))
	for i, o := range c.Outputs {
		outputs[i] = chain.CoinbaseOutput{Recipient: o.Recipient, Amount: o.Amount}
	}
	return chain.CoinbaseID(c.BlockIndex, c.BlockReward, outputs)
}

// Distribute splits the reward of the block at height, and its fees, among the generator and
// the contributors. The fees are counted twice, and shares of optimizers whose negative
// neighbours make the total small can exceed their pool: both are the reference's. What a pool
// cannot place goes to the first output, which is the generator's unless its own share is
// below the smallest amount.
func Distribute(height int64, generator string, contributions []Contribution, fees float64) Coinbase {
	c := Coinbase{BlockIndex: height, BlockReward: BlockReward(height)}
	total := c.BlockReward + fees
	if total <= 0 {
		c.BlockReward = 0
		return c
	}
	cut := float64(total * GeneratorFraction)
	c.pay(generator, cut+fees, "block_generator", "")
	distributable := total - cut
	moved := c.payOptimizers(contributions, float64(distributable*OptimizerPool))
	c.payEvaluators(contributions, float64(distributable*EvaluatorPool)+moved)
	if rest := total - c.Total(); rest >= SmallestAmount {
		c.addToFirst(rest)
	}
	return c
}

// pay appends an output unless the amount is too small.
func (c *Coinbase) pay(recipient string, amount float64, reason, domain string) {
	if amount >= SmallestAmount {
		c.Outputs = append(c.Outputs, Output{recipient, amount, reason, domain})
	}
}

func (c *Coinbase) addToFirst(amount float64) {
	if len(c.Outputs) > 0 {
		c.Outputs[0].Amount += amount
	}
}

// payOptimizers splits the pool by weight, or returns it if the weights give no total.
func (c *Coinbase) payOptimizers(contributions []Contribution, pool float64) (moved float64) {
	if pool < SmallestAmount {
		return 0
	}
	var weights []float64 // negative ones count
	for _, w := range contributions {
		if w.Role == RoleOptimizer {
			weights = append(weights, w.weight())
		}
	}
	total := sum(weights)
	if !(total > 0) {
		return pool
	}
	for _, w := range contributions {
		if w.Role == RoleOptimizer && w.weight() > 0 {
			c.pay(w.PeerID, float64(pool*(w.weight()/total)), "optimizer", w.DomainID)
		}
	}
	return 0
}

// payEvaluators splits the pool by evaluations of those who agreed; without any it goes to the
// first output.
func (c *Coinbase) payEvaluators(contributions []Contribution, pool float64) {
	if pool < SmallestAmount {
		return
	}
	total := 0.0
	for _, w := range contributions {
		if w.Role == RoleEvaluator && w.Agreed {
			total += float64(w.Evaluations)
		}
	}
	if !(total > 0) {
		c.addToFirst(pool)
		return
	}
	for _, w := range contributions {
		if w.Role == RoleEvaluator && w.Agreed && w.Evaluations > 0 {
			c.pay(w.PeerID, float64(pool*(float64(w.Evaluations)/total)), "evaluator", w.DomainID)
		}
	}
}
