package forecast

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// MaxHorizon bounds the number of values forecast at once.
const MaxHorizon = 1024

// Config is the configuration of the domain. Make one by DefaultConfig or ParseConfig.
type Config struct {
	// Data is the path of the CSV file, relative to the current directory: "data". Required.
	Data string
	// TimeColumn and ValueColumn name columns of it: "time_column", "value_column". Default: the first and the second.
	TimeColumn, ValueColumn string
	// Horizon is the number of values forecast at once: "horizon". Default 1.
	Horizon int
	// Period is the number of rows after which the series resembles itself: "period". Default 12; 1 for none.
	Period int
	// ValidationFraction and TestFraction are the parts of the rows, rounded down, that validate and test:
	// "validation_fraction", "test_fraction". Default 0.15 each; training gets what comes before them.
	ValidationFraction, TestFraction float64
	// ValidationStart and TestStart are the times at which those parts begin, as the file writes them:
	// "validation_start", "test_start". Both or none; they take the place of the fractions.
	ValidationStart, TestStart string
	// MaxSteps is the number of optimizer steps of a training that does not stop early: "max_steps". Default 600.
	MaxSteps int
	// MaxParameters bounds the weights and biases of a network: "max_parameters". Default 2000.
	MaxParameters int
	// EvalEvery is the validation cadence in steps, Patience the number of validations without improvement that stop a
	// training, 0 for never: "eval_every", "patience". Defaults 20 and 10.
	EvalEvery, Patience int
	// Space is what the search may vary; "param_bounds" narrows or widens it, gene by gene: [low, high] for a number, a
	// list of choices for a category. "models" is the list of choices of the gene model, default mlp and tcn. See
	// DefaultSpace.
	Space genome.Space
}

// configKeys are the keys of Config in JSON.
var configKeys = []string{
	"data", "time_column", "value_column", "horizon", "period", "validation_fraction", "test_fraction",
	"validation_start", "test_start", "max_steps", "max_parameters", "eval_every", "patience", "models", "param_bounds",
	"hyperparameter_bounds",
}

// DefaultConfig returns the defaults; Data is empty.
func DefaultConfig() Config {
	return Config{
		Horizon: 1, Period: 12,
		ValidationFraction: 0.15, TestFraction: 0.15,
		MaxSteps: 600, MaxParameters: 2000,
		EvalEvery: 20, Patience: 10,
		Space: DefaultSpace(),
	}
}

// ParseConfig reads a configuration object. It is strict (see domain.CheckKeys) and reports every problem at once; its
// errors wrap domain.ErrConfig.
func ParseConfig(o *canon.Object) (Config, error) {
	c := DefaultConfig()
	errs := []error{domain.CheckKeys(o, configKeys...)}
	text := func(key string, to *string) {
		var err error
		*to, err = domain.Text(o, key, *to)
		errs = append(errs, err)
	}
	integer := func(key string, to *int, low, high int) {
		n, err := domain.Integer(o, key, *to, low, high)
		if err == nil {
			*to = n
		}
		errs = append(errs, err)
	}
	number := func(key string, to *float64) {
		v, err := domain.Number(o, key, *to)
		if err == nil {
			*to = v
		}
		errs = append(errs, err)
	}
	text("data", &c.Data)
	text("time_column", &c.TimeColumn)
	text("value_column", &c.ValueColumn)
	integer("horizon", &c.Horizon, 1, MaxHorizon)
	integer("period", &c.Period, 1, MaxPeriod)
	number("validation_fraction", &c.ValidationFraction)
	number("test_fraction", &c.TestFraction)
	errs = append(errs, timeLabel(o, "validation_start", &c.ValidationStart), timeLabel(o, "test_start", &c.TestStart))
	if c.ValidationStart != "" && (o.Has("validation_fraction") || o.Has("test_fraction")) {
		errs = append(errs, fmt.Errorf("%w: validation_start: given beside a fraction", domain.ErrConfig))
	}
	integer("max_steps", &c.MaxSteps, 1, nn.MaxSteps)
	integer("max_parameters", &c.MaxParameters, 1, nn.MaxParameters)
	integer("eval_every", &c.EvalEvery, 1, nn.MaxSteps)
	integer("patience", &c.Patience, 0, nn.MaxSteps)
	errs = append(errs, models(o, c.Space))
	for _, key := range []string{"param_bounds", "hyperparameter_bounds"} {
		space, err := domain.Bounds(o, key, c.Space)
		if err == nil {
			c.Space = space
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// models reads the list of models into the gene of s, which is ours to change.
func models(o *canon.Object, s genome.Space) error {
	v, ok := o.Get("models")
	if !ok || v == nil {
		return nil
	}
	for _, key := range []string{"param_bounds", "hyperparameter_bounds"} {
		if b, err := o.ObjectOr(key, nil); err == nil && b.Has("model") {
			return fmt.Errorf("%w: models: given beside %s.model", domain.ErrConfig, key)
		}
	}
	list, err := domain.Bounds(canon.NewObject("models", canon.NewObject("model", v)), "models", s)
	if err == nil {
		s[geneModel].Choices = list[geneModel].Choices
	}
	return err
}

// timeLabel reads a time, which may be written as an integer.
func timeLabel(o *canon.Object, key string, to *string) error {
	if n, ok := o.Get(key); ok {
		if n, ok := n.(int64); ok {
			*to = fmt.Sprint(n)
			return nil
		}
	}
	var err error
	*to, err = domain.Text(o, key, *to)
	return err
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%w: "+format, append([]any{domain.ErrConfig}, args...)...))
		}
	}
	between := func(key string, v, low, high int) {
		check(v >= low && v <= high, "%s %d: must be in [%d, %d]", key, v, low, high)
	}
	check(c.Data != "", "data: missing: the path of a CSV file")
	between("horizon", c.Horizon, 1, MaxHorizon)
	between("period", c.Period, 1, MaxPeriod)
	between("max_steps", c.MaxSteps, 1, nn.MaxSteps)
	between("max_parameters", c.MaxParameters, 1, nn.MaxParameters)
	between("eval_every", c.EvalEvery, 1, nn.MaxSteps)
	between("patience", c.Patience, 0, nn.MaxSteps)
	check((c.ValidationStart == "") == (c.TestStart == ""), "validation_start, test_start: give both or none")
	v, t := c.ValidationFraction, c.TestFraction
	check(v > 0 && v < 1, "validation_fraction %v: must be in (0, 1)", v)
	check(t > 0 && t < 1, "test_fraction %v: must be in (0, 1)", t)
	check(!(v+t >= 1), "validation_fraction + test_fraction %v: must be below 1", v+t)
	if err := c.Space.Validate(); err != nil {
		check(false, "param_bounds: %v", err)
	} else if err := checkSpace(c.Space); err != nil {
		check(false, "param_bounds: %v", err)
	} else if len(errs) == 0 {
		for i, model := range c.Space[geneModel].Choices {
			g := lowest(c.Space)
			g[geneModel] = float64(i)
			n := c.parameters(g)
			check(n <= c.MaxParameters, "max_parameters %d: the smallest network of the search space with model %s has %d",
				c.MaxParameters, model, n)
			if g = highest(c.Space); model == TCN {
				g[geneModel] = float64(i)
				largest := c.shape(g)
				check(largest.Validate() == nil, "param_bounds: the largest TCN: %v", largest.Validate())
			}
		}
	}
	return errors.Join(errs...)
}

// object returns the settings in force.
func (c *Config) object() *canon.Object {
	o := canon.NewObject("data", c.Data, "time_column", c.TimeColumn, "value_column", c.ValueColumn,
		"horizon", c.Horizon, "period", c.Period)
	if c.ValidationStart != "" {
		o.Set("validation_start", c.ValidationStart).Set("test_start", c.TestStart)
	} else {
		o.Set("validation_fraction", c.ValidationFraction).Set("test_fraction", c.TestFraction)
	}
	o.Set("models", c.Space[geneModel].Choices).Set("max_steps", c.MaxSteps).Set("max_parameters", c.MaxParameters)
	return o.Set("eval_every", c.EvalEvery).Set("patience", c.Patience).Set("space", slices.Clip(c.Space.List()))
}
