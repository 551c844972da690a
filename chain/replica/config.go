package replica

import (
	"errors"
	"fmt"

	"doin.network/node/chain/application"
)

// Role says what the node does in a domain.
type Role struct{ Optimize, Evaluate bool }

// Config holds a node's choices; nothing in it can make two nodes disagree.
type Config struct {
	Domains        map[string]Role
	MaxOpen        int // own proposals of a domain that are not decided, from 1 to 4. Default 4
	EvalConcurrent int // verifications at once. Default 3
	MaxPending     int // transactions that wait for a block. Default 1000
	// Register lets the node register as an evaluator by itself as soon as its balance allows. Default false.
	Register bool
	// Trusted is a block without which no history is taken. Default nil: none.
	Trusted *application.Checkpoint
}

// maxOpen is how many open claims of a domain the rules allow an author.
const maxOpen = 4

// DefaultConfig returns the defaults, without domains.
func DefaultConfig() Config {
	return Config{Domains: map[string]Role{}, MaxOpen: maxOpen, EvalConcurrent: 3, MaxPending: 1000}
}

// Validate reports every problem at once.
func (c *Config) Validate() error {
	var errs []error
	if c.MaxOpen < 1 || c.MaxOpen > maxOpen {
		errs = append(errs, fmt.Errorf("replica: MaxOpen %d: must be from 1 to %d", c.MaxOpen, maxOpen))
	}
	if c.EvalConcurrent < 1 {
		errs = append(errs, fmt.Errorf("replica: EvalConcurrent %d: must be positive", c.EvalConcurrent))
	}
	if c.MaxPending < 1 {
		errs = append(errs, fmt.Errorf("replica: MaxPending %d: must be positive", c.MaxPending))
	}
	return errors.Join(errs...)
}
