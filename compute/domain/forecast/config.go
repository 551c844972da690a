package forecast

import (
	"errors"
	"fmt"
	"strconv"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/internal/canon"
)

// MaxHorizon bounds the number of values forecast at once.
const MaxHorizon = 1024

// Config is the configuration of the domain. Make one by DefaultConfig or ParseConfig. Its defaults of the fractions are 0.15
// each; training gets the rows before the others. That of MaxParameters is 2000.
type Config struct {
	supervised.Config
	// Form says where in the file the series is.
	Form
	// Horizon is the number of values forecast at once: "horizon". Default 1.
	Horizon int
	// Period is the number of rows after which the series resembles itself: "period"; 1 for none. 0, the default: what is
	// found in the data.
	Period int
	// Periods are those of the closed forms, ascending: "periods". nil, the default: Period, or what is found in the data.
	Periods []int
	// ValidationStart and TestStart are the times at which those parts begin, as the file writes them:
	// "validation_start", "test_start". Both or none; they take the place of the fractions.
	ValidationStart, TestStart string
	// past is how many values before the first origin views with a season ask for, where the rows have them.
	past int
}

// DefaultConfig returns the defaults; Data is empty.
func DefaultConfig() Config {
	c := Config{Config: supervised.DefaultConfig(DefaultSpace()), Horizon: 1}
	c.ValidationFraction, c.TestFraction = 0.15, 0.15
	c.MaxParameters = 2000
	return c
}

// ParseConfig reads a configuration object; others are members of it that belong to somebody else. "models" is the list of
// choices of the gene model, in place of its bounds. ParseConfig is strict (see domain.Reader) and reports every problem
// at once; its errors wrap domain.ErrConfig.
func ParseConfig(o *canon.Object, others ...string) (Config, error) {
	return parseWith(nil)(o, others...)
}

// parseWith is ParseConfig where models may name kinds, too.
func parseWith(kinds []kind.Kind) func(o *canon.Object, others ...string) (Config, error) {
	return func(o *canon.Object, others ...string) (Config, error) {
		r := domain.NewReader(o)
		c := readConfig(r, kinds)
		return c, r.Finish(others, c.Validate)
	}
}

// Keys returns the keys that ParseConfig reads, sorted.
func Keys() []string {
	r := domain.NewReader(nil)
	readConfig(r, nil)
	return r.Asked()
}

// readConfig reads the settings over the defaults.
func readConfig(r *domain.Reader, kinds []kind.Kind) Config {
	c := DefaultConfig()
	c.Kinds = kinds
	c.Form.read(r)
	r.Integer("horizon", &c.Horizon, 1, MaxHorizon)
	r.Integer("period", &c.Period, 1, MaxPeriod)
	readPeriods(r, &c.Periods)
	readTime(r, "validation_start", &c.ValidationStart)
	readTime(r, "test_start", &c.TestStart)
	if c.ValidationStart != "" && (r.Has("validation_fraction") || r.Has("test_fraction")) {
		r.Fail("validation_start", errors.New("given beside a fraction"))
	}
	readModels(r, c.Space)
	c.Space = c.WithKinds(c.Space, c.Space[geneModel].Choices)
	c.Read(r)
	return c
}

// maxPeriods bounds the periods of the closed forms.
const maxPeriods = 3

// readPeriods reads the periods of the closed forms.
func readPeriods(r *domain.Reader, to *[]int) {
	v, ok := r.Get("periods")
	if !ok {
		return
	}
	list, err := canon.AsList(v)
	if err != nil || len(list) > maxPeriods {
		r.Fail("periods", fmt.Errorf("want a list of at most %d integers", maxPeriods))
		return
	}
	*to = make([]int, len(list))
	for i, v := range list {
		n, ok := v.(int64)
		if !ok || n < 2 || n > supervised.MaxRows || i > 0 && int(n) <= (*to)[i-1] {
			r.Fail("periods", errors.New("want integers of at least 2, ascending"))
			return
		}
		(*to)[i] = int(n)
	}
}

// readModels reads the list of models into the gene of s, which is ours to change.
func readModels(r *domain.Reader, s genome.Space) {
	models := s[geneModel].Choices
	r.Names("models", &models, genome.MaxChoices)
	s[geneModel].Choices = models
	if _, ok := r.Get("models"); ok && r.Bounded("model") != "" {
		r.Fail("models", fmt.Errorf("given beside %s.model", r.Bounded("model")))
	}
}

// readTime reads a time.
func readTime(r *domain.Reader, key string, to *string) {
	if v, ok := r.Get(key); ok {
		label, err := timeLabel(v)
		r.Fail(key, err)
		*to = label
	}
}

// timeLabel returns a time, which may be written as an integer.
func timeLabel(v any) (string, error) {
	if n, ok := v.(int64); ok {
		return strconv.FormatInt(n, 10), nil
	}
	return canon.AsString(v)
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var checks domain.Checks
	models := c.Space[geneModel].Choices
	c.CheckKinds(&checks, models)
	c.Check(&checks, c.WithKinds(DefaultSpace(), models), limits)
	c.Form.check(&checks)
	checks.Between("horizon", c.Horizon, 1, MaxHorizon)
	checks.Between("period", c.Period, 0, MaxPeriod)
	checks.That((c.ValidationStart == "") == (c.TestStart == ""), "validation_start, test_start: give both or none")
	if checks.Err() != nil {
		return checks.Err()
	}
	for i, model := range c.Space[geneModel].Choices {
		g := supervised.Lowest(c.Space)
		g[geneModel] = float64(i)
		smallest, err := c.parameters(g)
		checks.That(err == nil, "models: %v", err)
		checks.That(smallest <= c.MaxParameters,
			"max_parameters %d: the smallest network of the search space with model %s has %d", c.MaxParameters, model, smallest)
		if g = supervised.Highest(c.Space); model == TCN {
			g[geneModel] = float64(i)
			largest := c.shape(g)
			err := largest.Validate()
			checks.That(err == nil, "param_bounds: the largest TCN: %v", err)
		}
	}
	return checks.Err()
}

// parameters is the number of weights and biases that a genome asks for.
func (c *Config) parameters(g genome.Genome) (int, error) {
	n := c.shape(g)
	if k, v := c.Kind(g); k != nil {
		parameters, fits, err := supervised.Sized(k, n, v)
		if err == nil && !fits {
			err = fmt.Errorf("%s: the smallest network of the search space is too large to be trained", k.Name())
		}
		return parameters, err
	}
	return n.Parameters(), nil
}

// Kind is a Kinded problem's.
func (c *Config) Kind(g genome.Genome) (kind.Kind, kind.Values) {
	if k := c.kindOf(g); k != nil {
		if _, err := k.Lower(c.sizes(g), c.Values(g)); err != nil {
			return k, c.Values(g)
		}
	}
	return nil, kind.Values{}
}

// object returns the settings in force.
func (c *Config) object() *canon.Object {
	o := c.Object().Set("folds", c.Folds).Set("horizon", c.Horizon).Set("period", c.Period).Set("models", c.Space[geneModel].Choices)
	c.Form.object(o)
	if c.ValidationStart != "" {
		o.Delete("validation_fraction")
		o.Delete("test_fraction")
		o.Set("validation_start", c.ValidationStart).Set("test_start", c.TestStart)
	}
	return o
}
