package quadratic

import (
	"fmt"
	"math"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/pyrand"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// Limits of the configuration and of recipes.
const (
	// MaxParams bounds the number of parameters.
	MaxParams = genome.MaxGenes
	// MaxMagnitude bounds the parameters and the target, so that no loss overflows.
	MaxMagnitude = 1e100
)

// Config is the configuration of the domain. Make one by DefaultConfig or ParseConfig.
type Config struct {
	// Params is n, the number of parameters: "n_params". Default 10, or the length of Target; 1 to MaxParams.
	Params int
	// StepSize is the standard deviation of a hill climber's step: "step_size". Default 0.5, ≥ 0.
	StepSize float64
	// Seed seeds the target (if there is none) and the hill climber: "seed". nil: the target is drawn from seed 0 and
	// the hill climber from the seed of the run.
	Seed *uint32
	// Target is the optimum: "target", n numbers. nil: n draws of uniform(−5, 5) from Seed.
	Target []float64
	// NoiseStd is the standard deviation of the noise on synthetic targets: "noise_std". Default 0.1, ≥ 0.
	NoiseStd float64
	// Low and High bound each parameter of a genome: "param_bounds": {"x": [low, high]}. Default ±10. They bind the
	// search, not recipes.
	Low, High float64
}

// DefaultConfig returns the reference's defaults.
func DefaultConfig() Config {
	return Config{Params: 10, StepSize: 0.5, NoiseStd: 0.1, Low: -10, High: 10}
}

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
	if v, ok := r.Get("target"); ok {
		var err error
		c.Target, err = domain.Reals(v, MaxParams)
		r.Fail("target", err)
		c.Params = len(c.Target)
	}
	r.Integer("n_params", &c.Params, 1, MaxParams)
	r.Number("step_size", &c.StepSize)
	r.Number("noise_std", &c.NoiseStd)
	if _, ok := r.Get("seed"); ok {
		var seed int
		r.Integer("seed", &seed, 0, math.MaxUint32)
		word := uint32(seed)
		c.Seed = &word
	}
	x := genome.Space{{Name: "x", Kind: genome.Real, Low: c.Low, High: c.High}}
	r.Bounds(&x)
	c.Low, c.High = x[0].Low, x[0].High
	return c
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var checks domain.Checks
	checks.Between("n_params", c.Params, 1, MaxParams)
	checks.That(c.Target == nil || len(c.Target) == c.Params, "target: has %d values for n_params %d", len(c.Target), c.Params)
	for i, t := range c.Target {
		checks.That(math.Abs(t) <= MaxMagnitude, "target: value %d, %v: magnitude must be at most %g", i, t, MaxMagnitude)
	}
	checks.That(c.StepSize >= 0 && c.StepSize <= MaxMagnitude, "step_size %v: must be in [0, %g]", c.StepSize, MaxMagnitude)
	checks.That(c.NoiseStd >= 0 && c.NoiseStd <= MaxMagnitude, "noise_std %v: must be in [0, %g]", c.NoiseStd, MaxMagnitude)
	if c.Params >= 1 && c.Params <= MaxParams {
		err := c.space().Validate()
		checks.That(err == nil, "param_bounds: %v", err)
	}
	return checks.Err()
}

// space is n reals between the bounds.
func (c *Config) space() genome.Space {
	s := make(genome.Space, max(c.Params, 0))
	for i := range s {
		s[i] = genome.Gene{Name: fmt.Sprintf("x_%d", i), Kind: genome.Real, Low: c.Low, High: c.High}
	}
	return s
}

// target returns the target in force and numpy's global generator as it stands after drawing it.
func (c *Config) target() ([]float64, *pyrand.Legacy) {
	var seed uint32
	if c.Seed != nil {
		seed = *c.Seed
	}
	global := pyrand.NewLegacy(seed)
	if c.Target != nil {
		return c.Target, global
	}
	t := make([]float64, c.Params)
	for i := range t {
		t[i] = global.Uniform(-5, 5)
	}
	return t, global
}
