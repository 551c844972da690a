package bbob

import (
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Config is the configuration of the domain. Make one by DefaultConfig or ParseConfig.
type Config struct {
	// Function is the number of the function: "function". Default 1, 1 to Count.
	Function int
	// Dimension is the number of coordinates: "dimension". Default 5, MinDimension to MaxDimension.
	Dimension int
	// Instance decides optimum, rotations and best value: "instance". Default 1, 1 to MaxInstance.
	Instance int
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config { return Config{Function: 1, Dimension: 5, Instance: 1} }

// ParseConfig reads a configuration object; others are members of it that belong to somebody else. It is strict (see
// domain.Reader) and reports every problem at once; its errors wrap domain.ErrConfig.
func ParseConfig(o *canon.Object, others ...string) (Config, error) {
	r := domain.NewReader(o)
	c := readConfig(r)
	return c, r.Finish(others, c.Validate)
}

// Keys returns the keys that ParseConfig reads, sorted.
func Keys() []string {
	r := domain.NewReader(nil)
	readConfig(r)
	return r.Asked()
}

// readConfig reads the settings over the defaults.
func readConfig(r *domain.Reader) Config {
	c := DefaultConfig()
	r.Integer("function", &c.Function, 1, Count)
	r.Integer("dimension", &c.Dimension, MinDimension, MaxDimension)
	r.Integer("instance", &c.Instance, 1, MaxInstance)
	return c
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var checks domain.Checks
	checks.Between("function", c.Function, 1, Count)
	checks.Between("dimension", c.Dimension, MinDimension, MaxDimension)
	checks.Between("instance", c.Instance, 1, MaxInstance)
	return checks.Err()
}

// space is the box of the search.
func (c *Config) space() genome.Space {
	s := make(genome.Space, c.Dimension)
	for i := range s {
		s[i] = genome.Gene{Name: fmt.Sprintf("x_%d", i), Kind: genome.Real, Low: Low, High: High}
	}
	return s
}
