package tabular

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

func TestConfigRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"unknown key":      {`{"data": "f", "target_colum": "y"}`, `did you mean "target_column"?`},
		"task":             {`{"data": "f", "task": "ranking"}`, "classification or regression"},
		"task no text":     {`{"data": "f", "task": 1}`, "task"},
		"columns no list":  {`{"data": "f", "ignored_columns": "id"}`, "ignored_columns"},
		"columns no names": {`{"data": "f", "ignored_columns": ["id", 2]}`, "ignored_columns"},
		"column twice":     {`{"data": "f", "numeric_columns": ["a"], "ignored_columns": ["a"]}`, "numeric_columns too"},
		"form of dates":    {`{"data": "f", "date_columns": {"a": "%k"}}`, "date_columns"},
		"forms no texts":   {`{"data": "f", "date_columns": {"a": 1}}`, "date_columns"},
		"dates no names":   {`{"data": "f", "date_columns": [1]}`, "date_columns"},
		"date and number":  {`{"data": "f", "date_columns": ["a"], "numeric_columns": ["a"]}`, "in numeric_columns too"},
		"time_format":      {`{"data": "f", "time_format": "%k"}`, "time_format"},
		"max_categories":   {`{"data": "f", "max_categories": 1}`, "max_categories"},
		"rare_classes":     {`{"data": "f", "rare_classes": "keep"}`, "must be error or drop"},
		"target listed":    {`{"data": "f", "target_column": "a", "ignored_columns": ["a"]}`, "target_column too"},
		"loss of classes":  {`{"data": "f", "param_bounds": {"loss": ["mse"]}}`, "loss"},
		"unknown loss":     {`{"data": "f", "task": "regression", "param_bounds": {"loss": ["mse2"]}}`, "mse2"},
		"batch too large":  {`{"data": "f", "param_bounds": {"batch": [1, 2048]}}`, "batch"},
	} {
		t.Run(name, func(t *testing.T) {
			domaintest.Refuses(t, func(o *canon.Object) error {
				_, err := ParseConfig(o)
				return err
			}, tc.config, tc.want)
		})
	}
}

func TestConfigAccepts(t *testing.T) {
	o, err := canon.ParseObject([]byte(`{"$doc": 1, "data": "f", "task": "regression", "ga": {"patience": 3},
		"patience": 4, "categorical_columns": ["a", "b"], "target_column": "y", "date_columns": {"d": "%Y-%m", "e": ""}, "boolean_columns": ["c"],
		"param_bounds": {"width_1": [3, 9], "activation": ["sigmoid"], "learning_rate": [0.001, 0.01], "$note": 0}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Patience != 4 || c.Space[geneWidth1].High != 9 || c.Space[geneActivation].Choices[0] != "sigmoid" ||
		c.Target != "y" || !slices.Equal(c.Categorical, []string{"a", "b"}) || c.Task != Regression ||
		!slices.Equal(c.Dates, []DateColumn{{"d", "%Y-%m"}, {"e", ""}}) || !slices.Equal(c.Boolean, []string{"c"}) {
		t.Errorf("config = %+v", c)
	}
	if DefaultSpace(Regression)[geneWidth1].High != 32 {
		t.Error("the default space was changed")
	}
}

func TestTooFewParameters(t *testing.T) {
	c := configured(Regression, func(c *Config) { c.MaxParameters = 20 })
	if _, err := FromTable(c, houses(120)); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), "smallest network") {
		t.Errorf("limit 20: error %v", err)
	}
}

// The largest network that a space may hold is one that package nn accepts.
func TestHardBoundsAreTrainable(t *testing.T) {
	c := configured(Regression, func(c *Config) {
		for i := range c.Space {
			if limit, ok := limits.Of(c.Space[i].Name); ok {
				c.Space[i].Low, c.Space[i].High = float64(float32(limit.Low)), float64(float32(limit.High))
			}
		}
	})
	g := supervised.Highest(c.Space)
	n := c.shape(g, MaxInputs, 0)
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
	n = c.shape(g, MaxInputs, MaxClasses)
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCheckRefusals(t *testing.T) {
	d := mustDomain(t, houses(120), Regression, func(c *Config) { c.MaxParameters = 200 })
	for gene, v := range map[string]any{"window": 3, "width_1": 32} { // unknown, too many parameters
		o := d.Parameters(supervised.Lowest(d.config.Space))
		g, _ := o.Object("genome")
		g.Set(gene, v)
		if err := d.Check(o); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Check(%#v) = %v, want ErrRecipe", o, err)
		}
	}
}

// Every key that is told of is one that is read, and the other way round.
func TestKeys(t *testing.T) {
	o := canon.NewObject("data", "f")
	for _, k := range KeyTable() {
		if k.Values == "" || k.Default == "" || k.Meaning == "" {
			t.Errorf("key %+v lacks a word", k)
		}
		o.Set(k.Name, []any{1})
	}
	_, err := ParseConfig(o.Clone().Set("task", "regression"))
	for _, k := range KeyTable() {
		if k.Name != "task" && (err == nil || !strings.Contains(err.Error(), k.Name+": ")) {
			t.Errorf("%s: a list of a number is accepted: %v", k.Name, err)
		}
	}
	got := configured(Classification, func(c *Config) { c.Split, c.TestData = "s", "t" })
	for _, key := range got.object().Keys() {
		known := slices.ContainsFunc(KeyTable(), func(k Key) bool { return k.Name == key })
		if own := supervised.DefaultConfig(got.Space); !known && !own.Object().Has(key) && key != "folds" {
			t.Errorf("%s is in force and no key", key)
		}
	}
}
