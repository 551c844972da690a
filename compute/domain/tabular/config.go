package tabular

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Task is what is predicted.
type Task string

// The tasks.
const (
	Classification Task = "classification" // the target column names a class
	Regression     Task = "regression"     // the target column holds a number
)

// Config is the configuration of the domain. Make one by DefaultConfig or ParseConfig.
type Config struct {
	// Data is the path of the CSV file, relative to the current directory: "data". Required.
	Data string
	// Schema says what its columns are: "task" (default classification), "target_column" (default the last column),
	// "numeric_columns", "categorical_columns", "ignored_columns" (lists of names, default empty).
	Schema
	// ValidationFraction and TestFraction are the parts of the rows, rounded down, that validate and test:
	// "validation_fraction", "test_fraction". Default 0.2 each; training gets the others.
	ValidationFraction, TestFraction float64
	// MaxSteps is the number of optimizer steps of a training that does not stop early: "max_steps". Default 600.
	MaxSteps int
	// MaxParameters bounds the weights and biases of a network: "max_parameters". Default 10000.
	MaxParameters int
	// EvalEvery is the validation cadence in steps, Patience the number of validations without improvement that stop a
	// training, 0 for never: "eval_every", "patience". Defaults 20 and 10.
	EvalEvery, Patience int
	// Space is what the search may vary; "param_bounds" narrows or widens it, gene by gene: [low, high] for a number, a
	// list of choices for a category. See DefaultSpace.
	Space genome.Space
}

// configKeys are the keys of Config in JSON.
var configKeys = []string{
	"data", "task", "target_column", "numeric_columns", "categorical_columns", "ignored_columns",
	"validation_fraction", "test_fraction", "max_steps", "max_parameters", "eval_every", "patience",
	"param_bounds", "hyperparameter_bounds",
}

// DefaultConfig returns the defaults of a task; Data is empty.
func DefaultConfig(task Task) Config {
	return Config{
		Schema:             Schema{Task: task},
		ValidationFraction: 0.2, TestFraction: 0.2,
		MaxSteps: 600, MaxParameters: 10000,
		EvalEvery: 20, Patience: 10,
		Space: DefaultSpace(task),
	}
}

// ParseConfig reads a configuration object. It is strict (see domain.CheckKeys) and reports every problem at once; its
// errors wrap domain.ErrConfig.
func ParseConfig(o *canon.Object) (Config, error) {
	task, err := domain.Text(o, "task", string(Classification))
	if err != nil {
		return Config{}, err
	}
	c := DefaultConfig(Task(task))
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
	text("target_column", &c.Target)
	errs = append(errs, names(o, "numeric_columns", &c.Numeric), names(o, "categorical_columns", &c.Categorical),
		names(o, "ignored_columns", &c.Ignored))
	number("validation_fraction", &c.ValidationFraction)
	number("test_fraction", &c.TestFraction)
	integer("max_steps", &c.MaxSteps, 1, nn.MaxSteps)
	integer("max_parameters", &c.MaxParameters, 1, nn.MaxParameters)
	integer("eval_every", &c.EvalEvery, 1, nn.MaxSteps)
	integer("patience", &c.Patience, 0, nn.MaxSteps)
	for _, key := range []string{"param_bounds", "hyperparameter_bounds"} {
		if !c.Task.known() {
			break // Validate says so
		}
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

// names reads a list of column names.
func names(o *canon.Object, key string, to *[]string) error {
	v, ok := o.Get(key)
	if !ok || v == nil {
		return nil
	}
	list, err := canon.AsList(v)
	if err != nil || len(list) > MaxColumns {
		return fmt.Errorf("%w: %s: want a list of at most %d column names", domain.ErrConfig, key, MaxColumns)
	}
	out := make([]string, len(list))
	for i, e := range list {
		if out[i], ok = e.(string); !ok {
			return fmt.Errorf("%w: %s: %s where a column name is needed", domain.ErrConfig, key, canon.KindOf(e))
		}
	}
	*to = out
	return nil
}

// known reports whether t is one of the tasks.
func (t Task) known() bool { return t == Classification || t == Regression }

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
	if !c.Task.known() {
		check(false, "task %.80q: must be %s or %s", string(c.Task), Classification, Regression)
		return errors.Join(errs...)
	}
	check(c.Schema.validate() == nil, "%v", c.Schema.validate())
	v, t := c.ValidationFraction, c.TestFraction
	check(v > 0 && v < 1, "validation_fraction %v: must be in (0, 1)", v)
	check(t > 0 && t < 1, "test_fraction %v: must be in (0, 1)", t)
	check(!(v+t >= 1), "validation_fraction + test_fraction %v: must be below 1", v+t)
	between("max_steps", c.MaxSteps, 1, nn.MaxSteps)
	between("max_parameters", c.MaxParameters, 1, nn.MaxParameters)
	between("eval_every", c.EvalEvery, 1, nn.MaxSteps)
	between("patience", c.Patience, 0, nn.MaxSteps)
	if err := c.Space.Validate(); err != nil {
		check(false, "param_bounds: %v", err)
	} else if err := checkSpace(c.Space, c.Task); err != nil {
		check(false, "param_bounds: %v", err)
	}
	return errors.Join(errs...)
}

// object returns the settings in force; target is the name of the target column.
func (c *Config) object(target string) *canon.Object {
	return canon.NewObject("data", c.Data, "task", string(c.Task), "target_column", target,
		"numeric_columns", c.Numeric, "categorical_columns", c.Categorical, "ignored_columns", c.Ignored,
		"validation_fraction", c.ValidationFraction, "test_fraction", c.TestFraction,
		"max_steps", c.MaxSteps, "max_parameters", c.MaxParameters,
		"eval_every", c.EvalEvery, "patience", c.Patience, "space", slices.Clip(c.Space.List()))
}
