package engine

import (
	"errors"
	"fmt"
	"math"

	"doin.network/node/chain"
	"doin.network/node/chain/python"
	"doin.network/node/chain/task"
)

// Second is the unit of this package's times, which are microseconds.
const Second = 1_000_000

// Network is the network id of this profile: what signatures are bound to and what nodes of this implementation show
// each other. The reference has none; all its chains begin with one block, so its hash is the name.
const Network = chain.GenesisHash

// Domain is a domain in which the node has a role and which it can train.
type Domain struct {
	// ID names the domain.
	ID string
	// Optimize and Evaluate are the roles.
	Optimize, Evaluate bool
	// Validate is whether a quorum decides (synthetic_data_validation); otherwise a better claim is accepted.
	Validate bool
	// HasSynthetic is the declaration that the domain's weight counts.
	HasSynthetic bool
	// Synthetic is whether evaluators measure on synthetic data of their own: a plugin for them is configured.
	Synthetic bool
	// HigherIsBetter is the direction of the values on the wire. Trainings report higher as better, so values change
	// their sign where it is false.
	HigherIsBetter bool
	// Bounds are the declared ranges; a reveal outside them is only noted.
	Bounds python.Bounds
	// Incentives are the reward rule.
	Incentives python.IncentiveConfig
}

// Config holds a node's choices. Times are µs.
type Config struct {
	// Domains in the order of the configuration, in which the reference sums their increments.
	Domains []Domain
	// Quorum is the rule of verification. Default python.DefaultQuorum.
	Quorum python.QuorumConfig
	// Fees is the fee market.
	Fees python.FeeConfig
	// TargetBlockTime is in seconds, InitialThreshold the sum that the first block needs: with one below 0 the first
	// acceptance makes it. Defaults 600 and 1.
	TargetBlockTime, InitialThreshold float64
	// AcceptanceTolerance is the improvement that replaces a champion. Default 1e-5.
	AcceptanceTolerance float64
	// FinalityDepth is the number of blocks that make an earlier one final. Default 6.
	FinalityDepth int64
	// AnchorInterval is the number of blocks between external anchors, 0 = none. Default 100.
	AnchorInterval int64
	// CommitMaxAge is the time in which a commit can be revealed, RevealDelay the own one between both.
	// Defaults 600 s and 2 s.
	CommitMaxAge, RevealDelay int64
	// BuildDelay is how long work of others waits before this node makes a block of it; up to twice as long again is
	// added by lot. Default 2 s.
	BuildDelay int64
	// MaxDrift is how far in the future a block may lie. Default 7200 s.
	MaxDrift int64
	// EvalConcurrent is the number of trainings at once for others. Default 3. EvalInterval is the time between two looks
	// at the task queue. Default 10 s.
	EvalConcurrent int
	EvalInterval   int64
	// MaxPerMinute is the number of reveals, champions and tasks of one sender that become trainings in a minute.
	// Default 60. MaxJobs is how many may wait in all. Default 256.
	MaxPerMinute, MaxJobs int
	// MaxClaims is the number of claims remembered. Default 4096.
	MaxClaims int
	// MaxHeldBytes is the size of the claims that are not decided and of the champions that wait to be trained. Default 256 MiB.
	MaxHeldBytes int64
	// MaxBlockBytes is the size of what is put into one block, and twice as much is kept of blocks that others may replace. Default
	// 100 MiB.
	MaxBlockBytes int64
	Tasks         task.Config
}

// DefaultConfig returns the defaults, without domains.
func DefaultConfig() Config {
	return Config{Quorum: python.DefaultQuorum(), Fees: python.DefaultFees(), TargetBlockTime: python.DefaultTargetTime,
		InitialThreshold: 1, AcceptanceTolerance: 1e-5, FinalityDepth: python.ConfirmationDepth, AnchorInterval: python.AnchorInterval,
		CommitMaxAge: 600 * Second, RevealDelay: 2 * Second, BuildDelay: 2 * Second, MaxDrift: 7200 * Second, EvalConcurrent: 3,
		EvalInterval: 10 * Second, MaxPerMinute: 60, MaxJobs: 256, MaxClaims: 4096,
		MaxHeldBytes: 256 << 20, MaxBlockBytes: 100 << 20, Tasks: task.DefaultConfig()}
}

// Validate reports every problem at once.
func (c *Config) Validate() error {
	var errs []error
	positive := func(name string, v float64) {
		if !(v > 0) {
			errs = append(errs, fmt.Errorf("python: %s %v: must be positive", name, v))
		}
	}
	positive("target block time", c.TargetBlockTime)
	if math.IsNaN(c.InitialThreshold) || math.IsInf(c.InitialThreshold, 0) {
		errs = append(errs, fmt.Errorf("python: initial threshold %v: must be finite", c.InitialThreshold))
	}
	positive("finality depth", float64(c.FinalityDepth))
	positive("commit max age beyond the reveal delay", float64(c.CommitMaxAge-c.RevealDelay))
	positive("max drift", float64(c.MaxDrift))
	positive("concurrent evaluations", float64(c.EvalConcurrent))
	positive("trainings per minute", float64(c.MaxPerMinute))
	positive("jobs", float64(c.MaxJobs))
	positive("claims", float64(c.MaxClaims))
	positive("held bytes", float64(c.MaxHeldBytes))
	positive("block bytes", float64(c.MaxBlockBytes))
	positive("quorum size", float64(c.Quorum.MinEvaluators))
	if c.RevealDelay < 0 || c.BuildDelay < 0 || c.EvalInterval < 0 || c.AnchorInterval < 0 || !(c.AcceptanceTolerance >= 0) {
		errs = append(errs, errors.New("python: delays, intervals and tolerance must not be negative"))
	}
	seen := map[string]bool{}
	for _, d := range c.Domains {
		if d.ID == "" || seen[d.ID] {
			errs = append(errs, fmt.Errorf("python: domain %q: empty or given twice", d.ID))
		}
		seen[d.ID] = true
	}
	return errors.Join(append(errs, c.Tasks.Validate())...)
}
