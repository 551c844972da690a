package supervised

import (
	"math"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
)

// MaxFolds bounds the origins or folds of a claim.
const MaxFolds = 8

// Config holds the settings that all these domains have. A domain's own configuration embeds it.
type Config struct {
	// Data is the path of the data file, relative to the current directory: "data". Required.
	Data string
	// Options say how the file is read, by the keys of data.Keys. What is left open is found in the file; the settings in force
	// have it all.
	Options data.Options
	// ValidationFraction and TestFraction are the parts of the rows, rounded down, that validate and test:
	// "validation_fraction", "test_fraction". Default 0.2 each; training gets the others.
	ValidationFraction, TestFraction float64
	// Folds is the number of origins or folds, 1 to MaxFolds: "folds". 0, the default: by the size of the data.
	Folds int
	// MaxSteps is the number of optimizer steps of a training that does not stop early: "max_steps". Default 600.
	MaxSteps int
	// MaxParameters bounds the weights and biases of a network: "max_parameters". Default 10000.
	MaxParameters int
	// EvalEvery is the validation cadence in steps, Patience the number of validations without improvement that stop a
	// training, 0 for never: "eval_every", "patience". Defaults 20 and 10.
	EvalEvery, Patience int
	// Kinds are networks that package nn has no layers for, which the program brings along; a domain has those that its models name.
	Kinds []kind.Kind
	// Exact says that machines must agree on every bit of a result: "agreement" is "exact". No genome may ask for a kind that is not
	// lowered then.
	Exact bool
	// Space is what the search may vary; "param_bounds" narrows or widens it, gene by gene: [low, high] for a number, a
	// list of choices for a category. There is no default here.
	Space genome.Space
}

// DefaultConfig returns the defaults with a domain's space; Data is empty.
func DefaultConfig(s genome.Space) Config {
	return Config{
		ValidationFraction: 0.2, TestFraction: 0.2,
		MaxSteps: 600, MaxParameters: 10000,
		EvalEvery: 20, Patience: 10,
		Space: s,
	}
}

// File is Data, for Open.
func (c Config) File() string { return c.Data }

// Read reads the settings over those that stand in c.
func (c *Config) Read(r *domain.Reader) {
	r.Text("data", &c.Data)
	ReadOptions(r, &c.Options)
	r.Number("validation_fraction", &c.ValidationFraction)
	r.Number("test_fraction", &c.TestFraction)
	r.Integer("folds", &c.Folds, 1, MaxFolds)
	r.Integer("max_steps", &c.MaxSteps, 1, nn.MaxSteps)
	r.Integer("max_parameters", &c.MaxParameters, 1, nn.MaxParameters)
	r.Integer("eval_every", &c.EvalEvery, 1, nn.MaxSteps)
	r.Integer("patience", &c.Patience, 0, nn.MaxSteps)
	readAgreement(r, &c.Exact)
	r.Bounds(&c.Space)
}

// readAgreement reads how far machines may differ, of which only "exact" means something to a domain.
func readAgreement(r *domain.Reader, exact *bool) {
	v, ok := r.Get("agreement")
	if !ok {
		return
	}
	a, err := agreement.Parse(v)
	r.Fail("agreement", err)
	*exact = err == nil && a.Exact()
}

// ReadOptions reads how a data file is to be understood over what stands in o.
func ReadOptions(r *domain.Reader, o *data.Options) {
	for _, k := range data.Keys() {
		switch to := k.Field(o).(type) {
		case *string:
			r.Text(k.Name, to)
		case *int:
			r.Integer(k.Name, to, 1, math.MaxInt32)
		case *[]string:
			r.Names(k.Name, to, data.MaxMissing)
		}
	}
}

// Check adds every problem of the settings to checks. def is the domain's default space and own what it allows beside the
// genes of this package.
func (c *Config) Check(checks *domain.Checks, def genome.Space, own Limits) {
	checks.That(c.Data != "", "data: missing: the path of a data file")
	err := c.Options.Validate()
	checks.That(err == nil, "%v", err)
	v, t := c.ValidationFraction, c.TestFraction
	checks.That(v > 0 && v < 1, "validation_fraction %v: must be in (0, 1)", v)
	checks.That(t > 0 && t < 1, "test_fraction %v: must be in (0, 1)", t)
	checks.That(!(v+t >= 1), "validation_fraction + test_fraction %v: must be below 1", v+t)
	checks.Between("folds", c.Folds, 0, MaxFolds)
	checks.Between("max_steps", c.MaxSteps, 1, nn.MaxSteps)
	checks.Between("max_parameters", c.MaxParameters, 1, nn.MaxParameters)
	checks.Between("eval_every", c.EvalEvery, 1, nn.MaxSteps)
	checks.Between("patience", c.Patience, 0, nn.MaxSteps)
	err = c.Space.Validate()
	if err == nil {
		err = c.limitsOf(own).check(c.Space, def)
	}
	checks.That(err == nil, "param_bounds: %v", err)
}

// Object returns the settings in force, fresh.
func (c *Config) Object() *canon.Object {
	o := canon.NewObject("data", c.Data, "validation_fraction", c.ValidationFraction, "test_fraction", c.TestFraction,
		"max_steps", c.MaxSteps, "max_parameters", c.MaxParameters,
		"eval_every", c.EvalEvery, "patience", c.Patience, "space", slices.Clip(c.Space.List()))
	for key, value := range c.Options.Object().All() {
		o.Set(key, value)
	}
	return o
}
