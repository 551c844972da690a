package quadratic

import (
	"errors"
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

// ParseConfig reads a configuration object. It is strict (see domain.CheckKeys) and reports every problem at once; its
// errors wrap domain.ErrConfig.
func ParseConfig(o *canon.Object) (Config, error) {
	c := DefaultConfig()
	err := domain.CheckKeys(o, "n_params", "step_size", "seed", "target", "noise_std",
		"param_bounds", "hyperparameter_bounds")
	errs := []error{err}
	add := func(err error) { errs = append(errs, err) }

	if v, ok := o.Get("target"); ok && v != nil {
		if c.Target, err = domain.Reals(v, MaxParams); err != nil {
			add(fmt.Errorf("%w: target: %w", domain.ErrConfig, err))
		}
		c.Params = len(c.Target)
	}
	c.Params, err = domain.Integer(o, "n_params", c.Params, 1, MaxParams)
	add(err)
	c.StepSize, err = domain.Number(o, "step_size", c.StepSize)
	add(err)
	c.NoiseStd, err = domain.Number(o, "noise_std", c.NoiseStd)
	add(err)
	if v, ok := o.Get("seed"); ok && v != nil {
		var seed int
		seed, err = domain.Integer(o, "seed", 0, 0, math.MaxUint32)
		add(err)
		word := uint32(seed)
		c.Seed = &word
	}
	for _, key := range []string{"param_bounds", "hyperparameter_bounds"} {
		add(c.parseBounds(o, key))
	}
	if err := errors.Join(errs...); err != nil {
		return c, err
	}
	return c, c.Validate()
}

func (c *Config) parseBounds(o *canon.Object, key string) error {
	bounds, err := o.ObjectOr(key, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", domain.ErrConfig, err)
	}
	for name, v := range bounds.All() {
		if name != "x" {
			return fmt.Errorf("%w: %s: unknown parameter %.80q: did you mean \"x\"?", domain.ErrConfig, key, name)
		}
		pair, err := domain.Reals(v, 2)
		if err == nil && len(pair) != 2 {
			err = errors.New("want [low, high]")
		}
		if err != nil {
			return fmt.Errorf("%w: %s: x: %w", domain.ErrConfig, key, err)
		}
		c.Low, c.High = float64(float32(pair[0])), float64(float32(pair[1]))
	}
	return nil
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{domain.ErrConfig}, args...)...))
	}
	if c.Params < 1 || c.Params > MaxParams {
		bad("n_params %d: must be in [1, %d]", c.Params, MaxParams)
	}
	if c.Target != nil && len(c.Target) != c.Params {
		bad("target: has %d values for n_params %d", len(c.Target), c.Params)
	}
	for i, t := range c.Target {
		if !(math.Abs(t) <= MaxMagnitude) {
			bad("target: value %d, %v: magnitude must be at most %g", i, t, MaxMagnitude)
		}
	}
	if !(c.StepSize >= 0 && c.StepSize <= MaxMagnitude) {
		bad("step_size %v: must be in [0, %g]", c.StepSize, MaxMagnitude)
	}
	if !(c.NoiseStd >= 0 && c.NoiseStd <= MaxMagnitude) {
		bad("noise_std %v: must be in [0, %g]", c.NoiseStd, MaxMagnitude)
	}
	if err := c.space().Validate(); c.Params >= 1 && c.Params <= MaxParams && err != nil {
		bad("param_bounds: %v", err)
	}
	return errors.Join(errs...)
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
