package forecast

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

func TestConfigRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"no data":             {`{}`, "data: missing"},
		"unknown key":         {`{"data": "f", "horizont": 2}`, `did you mean "horizon"?`},
		"data no text":        {`{"data": 1}`, "data"},
		"horizon zero":        {`{"data": "f", "horizon": 0}`, "horizon 0"},
		"horizon float":       {`{"data": "f", "horizon": 1.0}`, "integer"},
		"horizon text":        {`{"data": "f", "horizon": "1"}`, "integer"},
		"period zero":         {`{"data": "f", "period": 0}`, "period 0"},
		"period long":         {`{"data": "f", "period": 841}`, "period 841"},
		"fraction zero":       {`{"data": "f", "test_fraction": 0}`, "test_fraction 0"},
		"fraction text":       {`{"data": "f", "test_fraction": "0.1"}`, "test_fraction"},
		"fractions":           {`{"data": "f", "test_fraction": 0.5, "validation_fraction": 0.5}`, "below 1"},
		"one bound":           {`{"data": "f", "test_start": "1990-01"}`, "both or none"},
		"bound and fraction":  {`{"data": "f", "validation_start": "1985-01", "test_start": "1990-01", "test_fraction": 0.1}`, "fraction"},
		"no steps":            {`{"data": "f", "max_steps": 0}`, "max_steps"},
		"no cadence":          {`{"data": "f", "eval_every": 0}`, "eval_every"},
		"negative patience":   {`{"data": "f", "patience": -1}`, "patience"},
		"too few parameters":  {`{"data": "f", "max_parameters": 40}`, "model mlp has 41"},
		"unknown gene":        {`{"data": "f", "param_bounds": {"width_4": [1, 2]}}`, `did you mean "width_1"?`},
		"no pair":             {`{"data": "f", "param_bounds": {"window": [1]}}`, "low, high"},
		"reversed":            {`{"data": "f", "param_bounds": {"window": [9, 8]}}`, "low ≤ high"},
		"half a unit":         {`{"data": "f", "param_bounds": {"window": [1.5, 8]}}`, "integers"},
		"window too long":     {`{"data": "f", "param_bounds": {"window": [6, 5000]}}`, "window"},
		"four layers":         {`{"data": "f", "param_bounds": {"hidden_layers": [1, 4]}}`, "hidden_layers"},
		"rate zero":           {`{"data": "f", "param_bounds": {"learning_rate": [0, 0.1]}}`, "learning_rate"},
		"unknown activation":  {`{"data": "f", "param_bounds": {"activation": ["relux"]}}`, "relux"},
		"no activation":       {`{"data": "f", "param_bounds": {"activation": []}}`, "activation"},
		"activation no names": {`{"data": "f", "param_bounds": {"activation": [1, 2]}}`, "names"},
		"unknown model":       {`{"data": "f", "models": ["mlp", "rnn"]}`, "rnn"},
		"no model":            {`{"data": "f", "models": []}`, "model"},
		"model twice":         {`{"data": "f", "models": ["tcn", "tcn"]}`, "given twice"},
		"models no list":      {`{"data": "f", "models": "tcn"}`, "models"},
		"models no names":     {`{"data": "f", "models": [1]}`, "names"},
		"models twice":        {`{"data": "f", "models": ["tcn"], "param_bounds": {"model": ["mlp"]}}`, "beside"},
		"too few for a TCN":   {`{"data": "f", "max_parameters": 84}`, "model tcn has 85"},
		"dropout one":         {`{"data": "f", "param_bounds": {"dropout": [0, 1]}}`, "dropout"},
		"nine blocks":         {`{"data": "f", "param_bounds": {"blocks": [1, 9]}}`, "blocks"},
		"TCN too large": {`{"data": "f", "param_bounds": {"window": [6, 4096], "batch": [8, 4096], "channels": [4, 256],
			"kernel": [2, 16], "blocks": [1, 8]}}`, "largest TCN"},
		"bounds no object": {`{"data": "f", "param_bounds": [1]}`, "param_bounds"},
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
	o, err := canon.ParseObject([]byte(`{"$doc": 1, "data": "f", "population": 12, "ga": {"patience": 3}, "patience": 4,
		"validation_start": 100, "test_start": 200,
		"param_bounds": {"window": [3, 9], "activation": ["sigmoid"], "learning_rate": [0.001, 0.01], "$note": 0}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Patience != 4 || c.Space[geneWindow].High != 9 || c.Space[geneActivation].Choices[0] != "sigmoid" || c.TestStart != "200" {
		t.Errorf("config = %+v", c)
	}
	if c, err := ParseConfig(canon.NewObject("data", "f", "models", []any{MLP}, "max_parameters", 41)); err != nil ||
		len(c.Space[geneModel].Choices) != 1 {
		t.Errorf("perceptrons alone: %v, %v", c.Space[geneModel], err)
	}
	if len(DefaultSpace()[geneModel].Choices) != 2 || DefaultSpace()[geneWindow].High != 36 {
		t.Error("the default space was changed")
	}
}

func TestNewNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("month,v\n2000-01,1\n2000-02,x\n"), 0o600); err != nil {
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
	for _, limit := range []int{85, 100, 500, 2000} {
		d := mustDomain(t, monthly(200), func(c *Config) { c.MaxParameters = limit })
		draws := rng.NewSeq(rng.Key{1, 2}, rng.Probe, 0)
		changed := 0
		for range 300 {
			g := d.config.Space.Random(draws.Uniform)
			r := d.Repair(g)
			if r[geneModel] != g[geneModel] {
				t.Fatal("repair changed the model")
			}
			if n := d.config.parameters(r); n > limit {
				t.Fatalf("limit %d: repaired genome %v has %d parameters", limit, r, n)
			}
			if fits := d.config.parameters(g) <= limit; fits != (&r[0] == &g[0]) {
				t.Fatalf("limit %d: genome %v fits = %v, repaired to %v", limit, g, fits, r)
			} else if !fits {
				changed++
			}
			if err := d.config.Space.Check(r); err != nil {
				t.Fatal(err)
			}
			p := d.Parameters(g)
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
}

func TestRepairOrder(t *testing.T) {
	c := DefaultConfig()
	c.Horizon, c.MaxParameters = 1, 200
	// With 12 inputs, widths 10 and 10 have 251 parameters, 9 and 8 have 206, 8 and 8 have 185.
	g := lowest(c.Space)
	copy(g, genome.Genome{0, 2, 10, 10, 20})
	g[geneWindow] = 10
	r := c.repair(g)
	if r[geneWidth1] != 8 || r[geneWidth2] != 8 {
		t.Errorf("widths = %v", r[geneWidth1:geneBlocks])
	}
	if r[geneWidth3] != 20 {
		t.Error("an inactive width was changed")
	}
	if c.MaxParameters = 206; c.repair(g)[geneWidth1] != 9 {
		t.Error("of two equal widths the first was changed before the deeper one")
	}
	if g[geneWidth1] != 10 {
		t.Error("the argument was changed")
	}

	// A TCN loses channels, then blocks, then taps: with kernel 3, two blocks of 8 channels have 721 parameters, of 4
	// channels 217, and one block of 4 has 113.
	f := func(limit int, want genome.Genome) {
		t.Helper()
		g := tcn(c.Space)
		c.MaxParameters = limit
		if r := c.repair(g); !slices.Equal(r[geneBlocks:geneDropout], want) || c.parameters(r) > limit {
			t.Errorf("limit %d: blocks, channels, kernel = %v with %d parameters, want %v", limit,
				r[geneBlocks:geneDropout], c.parameters(r), want)
		}
	}
	f(721, genome.Genome{2, 8, 3})
	f(720, genome.Genome{2, 7, 3})
	f(217, genome.Genome{2, 4, 3})
	f(216, genome.Genome{1, 4, 3})
	f(112, genome.Genome{1, 4, 2})
}

func TestCheckRefusals(t *testing.T) {
	d := mustDomain(t, monthly(200), func(c *Config) { c.MaxParameters = 500 })
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
		if _, err := d.Train(t.Context(), o, 1, true); !errors.Is(err, want) {
			t.Errorf("%s: Train: error %v, want %v", name, err, want)
		}
		if _, err := d.Genome(o); !errors.Is(err, want) {
			t.Errorf("%s: Genome: error %v, want %v", name, err, want)
		}
	}
	f("nothing", func(o, g *canon.Object) {
		for _, k := range o.Keys() {
			o.Delete(k)
		}
	}, domain.ErrRecipe)
	f("unknown member", func(o, g *canon.Object) { o.Set("seed", 1) }, domain.ErrRecipe)
	f("contract", func(o, g *canon.Object) { o.Set("contract", nn.ContractVersion+"x") }, domain.ErrRecipe)
	f("domain", func(o, g *canon.Object) { o.Set("domain", "other") }, domain.ErrRecipe)
	f("genome kind", func(o, g *canon.Object) { o.Set("genome", 1) }, domain.ErrRecipe)
	f("gene missing", func(o, g *canon.Object) { g.Delete("window") }, domain.ErrRecipe)
	f("gene unknown", func(o, g *canon.Object) { g.Set("width_9", 1) }, domain.ErrRecipe)
	f("gene inactive", func(o, g *canon.Object) { g.Set("width_3", 8) }, domain.ErrRecipe)
	f("no model", func(o, g *canon.Object) { g.Delete("model") }, domain.ErrRecipe)
	f("model unknown", func(o, g *canon.Object) { g.Set("model", "rnn") }, domain.ErrRecipe)
	f("genes of another model", func(o, g *canon.Object) { g.Set("model", TCN) }, domain.ErrRecipe)
	f("gene of another model", func(o, g *canon.Object) { g.Set("kernel", 2) }, domain.ErrRecipe)
	f("TCN too large", func(o, g *canon.Object) {
		o.Set("genome", d.config.Space.Object(tcn(d.config.Space)))
	}, domain.ErrRecipe)
	f("gene outside", func(o, g *canon.Object) { g.Set("window", 37) }, domain.ErrRecipe)
	f("gene not float32", func(o, g *canon.Object) { g.Set("learning_rate", 0.001) }, domain.ErrRecipe)
	f("too many parameters", func(o, g *canon.Object) { g.Set("width_1", 32).Set("window", 36) }, domain.ErrRecipe)
	f("data hash kind", func(o, g *canon.Object) { o.Set("data_hash", 1) }, domain.ErrRecipe)
	f("data hash", func(o, g *canon.Object) { o.Set("data_hash", "00") }, domain.ErrDataHash)
	f("data hash and gene", func(o, g *canon.Object) { o.Set("data_hash", "00"); g.Set("window", 37) }, domain.ErrRecipe)
}
