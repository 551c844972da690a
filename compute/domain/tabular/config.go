package tabular

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	network "doin.network/node/compute/kind"
	"doin.network/node/internal/canon"
)

// Task is what is predicted.
type Task string

// The tasks.
const (
	Classification Task = "classification" // the target column names a class
	Regression     Task = "regression"     // the target column holds a number
)

// known reports whether t is one of the tasks.
func (t Task) known() bool { return t == Classification || t == Regression }

// check refuses a task that is none.
func (t Task) check() error {
	if !t.known() {
		return fmt.Errorf("%w: task %.80q: must be %s or %s", domain.ErrConfig, string(t), Classification, Regression)
	}
	return nil
}

// Config is the configuration of the domain. Make one by DefaultConfig or ParseConfig.
type Config struct {
	supervised.Config
	// TestData is the path of a file with the same columns whose rows test, so that all of the data's learn: "test_data".
	// Where there is one, or a "split_column", test_fraction means nothing.
	TestData string
	// Models are what networks are: MLP, and the names of Kinds: "models". Default MLP alone.
	Models []string
	// Schema says what the columns of the file are; see Keys.
	Schema
}

// MLP is the model of the domain's own.
const MLP = "mlp"

// DefaultConfig returns the defaults of a task; Data is empty.
func DefaultConfig(task Task) Config {
	return Config{Config: supervised.DefaultConfig(DefaultSpace(task)), Models: []string{MLP}, Schema: Schema{Task: task, MaxCategories: DefaultMaxCategories, RareClasses: RareRefused}}
}

// ParseConfig reads a configuration object; others are members of it that belong to somebody else. It is strict (see
// domain.Reader) and reports every problem at once, but for a task that is none; its errors wrap domain.ErrConfig.
func ParseConfig(o *canon.Object, others ...string) (Config, error) {
	return parseWith(nil)(o, others...)
}

// parseWith is ParseConfig where models may name kinds, too.
func parseWith(kinds []network.Kind) func(o *canon.Object, others ...string) (Config, error) {
	return func(o *canon.Object, others ...string) (Config, error) {
		r := domain.NewReader(o)
		c, err := readConfig(r, kinds)
		if err != nil {
			return c, err
		}
		return c, r.Finish(others, c.Validate)
	}
}

// Keys returns the keys that ParseConfig reads, sorted.
func Keys() []string {
	r := domain.NewReader(nil)
	if _, err := readConfig(r, nil); err != nil {
		panic(err) // of an empty configuration
	}
	return r.Asked()
}

// readConfig reads the settings over the defaults of their task.
func readConfig(r *domain.Reader, kinds []network.Kind) (Config, error) {
	task := string(Classification)
	r.Text("task", &task)
	if err := Task(task).check(); err != nil {
		return Config{}, err
	}
	c := DefaultConfig(Task(task))
	c.Kinds = kinds
	for _, k := range keys {
		k.read(r, k.Name, &c)
	}
	if (c.Split != "" || c.TestData != "") && r.Has("test_fraction") {
		r.Fail("test_fraction", errors.New("given beside split_column or test_data"))
	}
	c.Space = c.space()
	c.Read(r)
	return c, nil
}

// readDates reads "date_columns": names, or an object from names to forms of dates.
func readDates(r *domain.Reader, key string, to *[]DateColumn) {
	v, ok := r.Get(key)
	if o, is := v.(*canon.Object); ok && is {
		for name, form := range o.All() {
			text, err := canon.AsString(form)
			if err == nil && text != "" {
				_, err = when.ByName(text)
			}
			r.Fail(key, err)
			*to = append(*to, DateColumn{name, text})
		}
		return
	}
	var names []string
	r.Names(key, &names, data.MaxColumns)
	for _, name := range names {
		*to = append(*to, DateColumn{Name: name})
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	if err := c.Task.check(); err != nil {
		return err
	}
	var checks domain.Checks
	err := c.Schema.check()
	if _, bad := when.ByName(c.TimeFormat); c.TimeFormat != "" && bad != nil {
		checks.That(false, "time_format: %v", bad)
	}
	checks.That(err == nil, "%v", err)
	own := c.Config
	if c.Split != "" || c.TestData != "" { // its default bounds the other fraction nowhere
		own.TestFraction = 0x1p-20
	}
	own.CheckKinds(&checks, c.Models)
	own.Check(&checks, c.space(), limits)
	for i, m := range c.Models {
		checks.That(m == MLP || c.KindNamed(m) != nil, "models: unknown %.80q", m)
		checks.That(!slices.Contains(c.Models[:i], m), "models: %.80q given twice", m)
	}
	checks.That(len(c.Models) > 0, "models: none")
	return checks.Err()
}

// object returns the settings in force; those of the schema have the kind of every column, so that they read the same
// file in the same way whatever a later version would find in it.
func (c *Config) object() *canon.Object {
	o := c.Object()
	for key, value := range map[string]string{"split_column": c.Split, "test_data": c.TestData} {
		if value != "" {
			o.Delete("test_fraction")
			o.Set(key, value)
		}
	}
	o.Set("folds", c.Folds).Set("task", string(c.Task)).Set("target_column", c.Target).Set("max_categories", c.MaxCategories)
	if !slices.Equal(c.Models, []string{MLP}) {
		o.Set("models", c.Models)
	}
	if c.Task == Classification {
		o.Set("rare_classes", c.RareClasses)
	}
	for _, list := range c.lists() {
		if list.kind != undecided || list.key == "ignored_columns" {
			o.Set(list.key, list.names)
		}
	}
	if len(c.Dates) > 0 {
		forms := canon.NewObject()
		for _, d := range c.Dates {
			forms.Set(d.Name, d.Format)
		}
		o.Set("date_columns", forms)
	}
	return o
}
