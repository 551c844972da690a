package engine

import (
	"errors"
	"fmt"

	"doin.network/node/chain/mempool"
	"doin.network/node/chain/task"
)

// Second is the unit of this package's times, which are microseconds.
const Second = 1_000_000

// MaxOpen is the most proposals of one domain that a node may have undecided, and the default. What waits in the pool is
// decided.
const MaxOpen = 4

// Role says what this node does in a domain.
type Role struct{ Optimize, Evaluate bool }

// Config holds a node's choices; nothing in it can make two nodes disagree. Times are µs.
type Config struct {
	Domains        map[string]Role
	MaxOpen        int   // own undecided proposals of a domain at once, from 1 to MaxOpen. Default 4
	RevealDelay    int64 // between commit and reveal. Default 2 s
	Patience       int64 // an own claim is given up this long after its reveal, plus 30 times its confirming run. Default 60 s
	CommitMaxAge   int64 // a commit older than this cannot be revealed. Default 600 s
	MaxDrift       int64 // a block from further in the future is refused. Default 10 s
	RankDelay      int64 // a generator of rank r waits r times this. Default 2 s
	AnchorInterval int64 // blocks between external anchors, 0 = none
	EvalConcurrent int   // verifications at once. Default 3
	EvalInterval   int64 // between two looks at the queue of verifications, 0 = at once. Default 0
	MaxCommits     int   // commits of one peer per minute. Default 40: four at once, each open for some seconds
	MaxStrangers   int   // claims a minute of authors whom the chain does not know, by lot. Default 4
	// Salt is secret and decides whose claims of those are drawn. Default zero: a node must set it.
	Salt      [16]byte
	MaxClaims int // claims remembered. Default 1000
	// Register lets the node register as an evaluator by itself as soon as its balance allows. Default false.
	Register bool
	Tasks    task.Config
	Pool     mempool.Config
}

// DefaultConfig returns the defaults, without domains.
func DefaultConfig() Config {
	pool := mempool.DefaultConfig()
	pool.MaxOptimaePerPeer = 40 // as many as commits
	return Config{Domains: map[string]Role{}, MaxOpen: MaxOpen, RevealDelay: 2 * Second, Patience: 60 * Second, CommitMaxAge: 600 * Second,
		MaxDrift: 10 * Second, RankDelay: 2 * Second, AnchorInterval: 100, EvalConcurrent: 3, MaxCommits: 40, MaxStrangers: 4, MaxClaims: 1000,
		Tasks: task.DefaultConfig(), Pool: pool}
}

// Validate reports every problem at once.
func (c *Config) Validate() error {
	var errs []error
	positive := func(name string, v int64) {
		if v <= 0 {
			errs = append(errs, fmt.Errorf("engine: %s %d: must be positive", name, v))
		}
	}
	positive("reveal delay", c.RevealDelay)
	positive("patience", c.Patience)
	positive("commit max age", c.CommitMaxAge-c.RevealDelay)
	positive("max drift", c.MaxDrift)
	positive("rank delay", c.RankDelay)
	positive("concurrent evaluations", int64(c.EvalConcurrent))
	positive("commits per minute", int64(c.MaxCommits))
	positive("strangers' claims per minute", int64(c.MaxStrangers))
	positive("claims remembered", int64(c.MaxClaims))
	if c.MaxOpen < 1 || c.MaxOpen > MaxOpen {
		errs = append(errs, fmt.Errorf("engine: open proposals %d: must be in [1, %d]", c.MaxOpen, MaxOpen))
	}
	if c.AnchorInterval < 0 {
		errs = append(errs, fmt.Errorf("engine: anchor interval %d: must not be negative", c.AnchorInterval))
	}
	return errors.Join(append(errs, c.Tasks.Validate(), c.Pool.Validate())...)
}
