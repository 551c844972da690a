package tabular

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

func TestConfigRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"no data":             {`{}`, "data: missing"},
		"unknown key":         {`{"data": "f", "target_colum": "y"}`, `did you mean "target_column"?`},
		"data no text":        {`{"data": 1}`, "data"},
		"task":                {`{"data": "f", "task": "ranking"}`, "classification or regression"},
		"task no text":        {`{"data": "f", "task": 1}`, "task"},
		"columns no list":     {`{"data": "f", "ignored_columns": "id"}`, "ignored_columns"},
		"columns no names":    {`{"data": "f", "ignored_columns": ["id", 2]}`, "ignored_columns"},
		"column twice":        {`{"data": "f", "numeric_columns": ["a"], "ignored_columns": ["a"]}`, "numeric_columns too"},
		"target listed":       {`{"data": "f", "target_column": "a", "ignored_columns": ["a"]}`, "target_column too"},
		"fraction zero":       {`{"data": "f", "test_fraction": 0}`, "test_fraction 0"},
		"fraction text":       {`{"data": "f", "test_fraction": "0.1"}`, "test_fraction"},
		"fractions":           {`{"data": "f", "test_fraction": 0.5, "validation_fraction": 0.5}`, "below 1"},
		"no steps":            {`{"data": "f", "max_steps": 0}`, "max_steps"},
		"steps float":         {`{"data": "f", "max_steps": 10.0}`, "integer"},
		"no cadence":          {`{"data": "f", "eval_every": 0}`, "eval_every"},
		"negative patience":   {`{"data": "f", "patience": -1}`, "patience"},
		"no parameters":       {`{"data": "f", "max_parameters": 0}`, "max_parameters"},
		"unknown gene":        {`{"data": "f", "param_bounds": {"width_4": [1, 2]}}`, `did you mean "width_1"?`},
		"loss of classes":     {`{"data": "f", "param_bounds": {"loss": ["mse"]}}`, "loss"},
		"unknown loss":        {`{"data": "f", "task": "regression", "param_bounds": {"loss": ["mse2"]}}`, "mse2"},
		"four layers":         {`{"data": "f", "param_bounds": {"hidden_layers": [1, 4]}}`, "hidden_layers"},
		"batch too large":     {`{"data": "f", "param_bounds": {"batch": [1, 2048]}}`, "batch"},
		"dropout one":         {`{"data": "f", "param_bounds": {"dropout": [0, 1]}}`, "dropout"},
		"unknown activation":  {`{"data": "f", "param_bounds": {"activation": ["relux"]}}`, "relux"},
		"no activation":       {`{"data": "f", "hyperparameter_bounds": {"activation": []}}`, "activation"},
		"activation no names": {`{"data": "f", "param_bounds": {"activation": [1, 2]}}`, "names"},
	} {
		o, err := canon.ParseObject([]byte(tc.config))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConfig(o); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrConfig with %q", name, err, tc.want)
		}
	}
}

func TestConfigAccepts(t *testing.T) {
	o, err := canon.ParseObject([]byte(`{"$doc": 1, "data": "f", "task": "regression", "population": 12, "ga": {"patience": 3},
		"patience": 4, "categorical_columns": ["a", "b"], "target_column": "y",
		"param_bounds": {"width_1": [3, 9], "activation": ["sigmoid"], "learning_rate": [0.001, 0.01], "$note": 0}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Patience != 4 || c.Space[geneWidth1].High != 9 || c.Space[geneActivation].Choices[0] != "sigmoid" ||
		c.Target != "y" || !slices.Equal(c.Categorical, []string{"a", "b"}) || c.Task != Regression {
		t.Errorf("config = %+v", c)
	}
	if DefaultSpace(Regression)[geneWidth1].High != 32 {
		t.Error("the default space was changed")
	}
}

func TestNewNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("a,v\n1,1\nx,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(canon.NewObject("data", path))
	if !errors.Is(err, ErrData) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("error %v, want ErrData with the path and line 3", err)
	}
	if _, err := New(canon.NewObject("data", path+".none")); !errors.Is(err, os.ErrNotExist) || !errors.Is(err, domain.ErrConfig) {
		t.Errorf("missing file: error %v", err)
	}
}

// A repaired genome fits, a genome that fits is kept, and every recipe of a random genome passes Check.
func TestRepair(t *testing.T) {
	for _, limit := range []int{40, 100, 500, 2000} {
		d := mustDomain(t, houses(120), Regression, func(c *Config) { c.MaxParameters = limit })
		draws := rng.NewSeq(rng.Key{1, 2}, rng.Probe, 0)
		changed := 0
		for range 300 {
			g := d.config.Space.Random(draws.Uniform)
			r := d.Repair(g)
			if n := d.parameters(r); n > limit {
				t.Fatalf("limit %d: repaired genome %v has %d parameters", limit, r, n)
			}
			if fits := d.parameters(g) <= limit; fits != (&r[0] == &g[0]) {
				t.Fatalf("limit %d: genome %v fits = %v, repaired to %v", limit, g, fits, r)
			} else if !fits {
				changed++
			}
			p := d.Parameters(g)
			if err := d.Check(p); err != nil {
				t.Fatal(err)
			}
			back, err := d.Genome(p)
			if err != nil {
				t.Fatal(err)
			}
			if !canon.Equal(d.Parameters(back), p) {
				t.Fatalf("recipe %s read back as %s", canon.Canonical(p), canon.Canonical(d.Parameters(back)))
			}
		}
		if limit < 2000 && changed == 0 {
			t.Errorf("limit %d: no genome needed repair", limit)
		}
	}
	table := houses(120)
	c := configured(Regression, func(c *Config) { c.MaxParameters = 20 })
	if _, err := FromTable(c, table); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), "smallest network") {
		t.Errorf("limit 20: error %v", err)
	}
}

// The largest network that a space may hold is one that package nn accepts.
func TestHardBoundsAreTrainable(t *testing.T) {
	c := configured(Regression, func(c *Config) {
		for i := range c.Space {
			if hard, ok := hardBounds[c.Space[i].Name]; ok {
				c.Space[i].Low, c.Space[i].High = float64(float32(hard[0])), float64(float32(hard[1]))
			}
		}
	})
	g := make(genome.Genome, len(c.Space))
	for i := range g {
		g[i] = c.Space[i].High
	}
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
	good := d.Parameters(lowest(d.config.Space))
	if err := d.Check(good); err != nil {
		t.Fatal(err)
	}
	f := func(name string, change func(o, genome *canon.Object), want error) {
		t.Helper()
		o := good.Clone()
		g, _ := o.Object("genome")
		change(o, g)
		if err := d.Check(o); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
		if _, err := d.Train(t.Context(), o, 1, false); !errors.Is(err, want) {
			t.Errorf("%s: Train error %v, want %v", name, err, want)
		}
	}
	f("domain", func(o, g *canon.Object) { o.Set("domain", "forecast") }, domain.ErrRecipe)
	f("gene unknown", func(o, g *canon.Object) { g.Set("window", 3) }, domain.ErrRecipe)
	f("too many parameters", func(o, g *canon.Object) { g.Set("width_1", 32) }, domain.ErrRecipe)
	f("data hash", func(o, g *canon.Object) { o.Set("data_hash", "00") }, domain.ErrDataHash)
	f("data hash and gene", func(o, g *canon.Object) { o.Set("data_hash", "00"); g.Set("width_1", 99) }, domain.ErrRecipe)
}
