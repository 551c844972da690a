package forecast

import (
	"errors"
	"slices"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

func TestConfigRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"unknown key":        {`{"data": "f", "horizont": 2}`, `did you mean "horizon"?`},
		"horizon zero":       {`{"data": "f", "horizon": 0}`, "horizon 0"},
		"horizon float":      {`{"data": "f", "horizon": 1.0}`, "integer"},
		"horizon text":       {`{"data": "f", "horizon": "1"}`, "integer"},
		"period zero":        {`{"data": "f", "period": 0}`, "period 0"},
		"period long":        {`{"data": "f", "period": 841}`, "period 841"},
		"order":              {`{"data": "f", "order": "up"}`, `order "up": must be one of`},
		"frequency":          {`{"data": "f", "frequency": "often"}`, `frequency "often": want "yearly"`},
		"series alone":       {`{"data": "f", "series": "a"}`, "without series_column"},
		"column twice":       {`{"data": "f", "value_column": "v", "covariates": ["v"]}`, `column "v" is value_column already`},
		"one wide column":    {`{"data": "f", "wide_columns": ["v"]}`, "two or more"},
		"periods":            {`{"data": "f", "periods": [12, 7]}`, "ascending"},
		"many periods":       {`{"data": "f", "periods": [2, 3, 4, 5]}`, "at most 3"},
		"one bound":          {`{"data": "f", "test_start": "1990-01"}`, "both or none"},
		"bound and fraction": {`{"data": "f", "validation_start": "1985-01", "test_start": "1990-01", "test_fraction": 0.1}`, "fraction"},
		"too few parameters": {`{"data": "f", "max_parameters": 40}`, "model mlp has 41"},
		"window too long":    {`{"data": "f", "param_bounds": {"window": [6, 5000]}}`, "window"},
		"unknown model":      {`{"data": "f", "models": ["mlp", "rnn"]}`, "rnn"},
		"no model":           {`{"data": "f", "models": []}`, "model"},
		"model twice":        {`{"data": "f", "models": ["tcn", "tcn"]}`, "given twice"},
		"models no list":     {`{"data": "f", "models": "tcn"}`, "models"},
		"models no names":    {`{"data": "f", "models": [1]}`, "names"},
		"models twice":       {`{"data": "f", "models": ["tcn"], "param_bounds": {"model": ["mlp"]}}`, "beside"},
		"too few for a TCN":  {`{"data": "f", "max_parameters": 84}`, "model tcn has 85"},
		"nine blocks":        {`{"data": "f", "param_bounds": {"blocks": [1, 9]}}`, "blocks"},
		"TCN too large": {`{"data": "f", "param_bounds": {"window": [6, 4096], "batch": [8, 4096], "channels": [4, 256],
			"kernel": [2, 16], "blocks": [1, 8]}}`, "largest TCN"},
	} {
		t.Run(name, func(t *testing.T) { domaintest.Refuses(t, parses, tc.config, tc.want) })
	}
}

func parses(o *canon.Object) error {
	_, err := ParseConfig(o)
	return err
}

func TestConfigAccepts(t *testing.T) {
	o, err := canon.ParseObject([]byte(`{"$doc": 1, "data": "f", "ga": {"patience": 3}, "patience": 4,
		"validation_start": 100, "test_start": 200,
		"param_bounds": {"window": [3, 9], "activation": ["sigmoid"], "learning_rate": [0.001, 0.01], "$note": 0}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Patience != 4 || c.Space[geneWindow].High != 9 || c.Space[geneShape].Choices[0] != "sigmoid" || c.TestStart != "200" {
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

func TestRepairOrder(t *testing.T) {
	table := monthly(200)
	repair := func(g genome.Genome, limit int) (genome.Genome, int) {
		d := mustDomain(t, table, func(c *Config) { c.MaxParameters = limit })
		r := d.Repair(g)
		n := d.Shape(r)
		return r, n.Parameters()
	}
	// With 12 inputs, widths 10 and 10 have 251 parameters, 9 and 8 have 206, 8 and 8 have 185.
	space := DefaultSpace()
	g := supervised.Lowest(space)
	copy(g, genome.Genome{0, 2, 10, 10, 20})
	g[geneWindow] = 10
	r, _ := repair(g, 200)
	if r[geneWidth1] != 8 || r[geneWidth2] != 8 {
		t.Errorf("widths = %v", r[geneWidth1:geneBlocks])
	}
	if r[geneWidth3] != 20 {
		t.Error("an inactive width was changed")
	}
	if r, _ := repair(g, 206); r[geneWidth1] != 9 {
		t.Error("of two equal widths the first was changed before the deeper one")
	}
	if g[geneWidth1] != 10 {
		t.Error("the argument was changed")
	}

	// A TCN loses channels, then blocks, then taps: with kernel 3, two blocks of 8 channels have 721 parameters, of 4
	// channels 217, and one block of 4 has 113.
	f := func(limit int, want genome.Genome) {
		t.Helper()
		if r, n := repair(tcn(space), limit); !slices.Equal(r[geneBlocks:geneDropout], want) || n > limit {
			t.Errorf("limit %d: blocks, channels, kernel = %v with %d parameters, want %v", limit, r[geneBlocks:geneDropout], n, want)
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
	f := func(name string, change func(genes *canon.Object)) {
		t.Helper()
		o := d.Parameters(supervised.Lowest(d.config.Space))
		g, _ := o.Object("genome")
		change(g)
		if err := d.Check(o); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("%s: error %v, want ErrRecipe", name, err)
		}
	}
	f("gene inactive", func(g *canon.Object) { g.Set("width_3", 8) })
	f("no model", func(g *canon.Object) { g.Delete("model") })
	f("model unknown", func(g *canon.Object) { g.Set("model", "rnn") })
	f("genes of another model", func(g *canon.Object) { g.Set("model", TCN) })
	f("gene of another model", func(g *canon.Object) { g.Set("kernel", 2) })
	f("gene outside", func(g *canon.Object) { g.Set("window", 37) })
	f("too many parameters", func(g *canon.Object) { g.Set("width_1", 32).Set("window", 36) })
	f("TCN too large", func(g *canon.Object) {
		for _, k := range g.Keys() {
			g.Delete(k)
		}
		for k, v := range d.config.Space.Object(tcn(d.config.Space)).All() {
			g.Set(k, v)
		}
	})
}
