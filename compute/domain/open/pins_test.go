package open

import (
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

// pinned are problems of every domain that trains networks.
var pinned = []struct {
	name, plugin, config string
}{
	{"co2", "forecast", `{"data": "../../../examples/co2/mauna_loa_co2_monthly.csv", "max_steps": 60}`},
	{"co2, three months", "forecast", `{"data": "../../../examples/co2/mauna_loa_co2_monthly.csv", "max_steps": 45, "horizon": 3,
		"eval_every": 7, "patience": 2, "max_parameters": 300, "validation_start": "1985-01", "test_start": "1992-01",
		"param_bounds": {"window": [2, 60], "activation": ["sigmoid", "tanh"], "dropout": [0.1, 0.5]}}`},
	{"co2, no season", "forecast", `{"data": "../../../examples/co2/mauna_loa_co2_monthly.csv", "max_steps": 30, "period": 1, "models": ["tcn"]}`},
	{"iris", "tabular", `{"data": "../../../examples/iris/iris.csv", "max_steps": 60, "max_parameters": 150}`},
	{"iris, length", "tabular", `{"data": "../../../examples/iris/iris.csv", "max_steps": 60, "task": "regression",
		"target_column": "Sepal.Length", "validation_fraction": 0.3}`},
}

// What recipes are and what comes of them is fixed to the bit: data hashes, recipes, digests, metrics, synthetic data,
// scores and answers.
func TestPins(t *testing.T) {
	out := canon.NewObject()
	for _, p := range pinned {
		config, err := canon.ParseObject([]byte(p.config))
		if err != nil {
			t.Fatal(err)
		}
		d, err := New(p.plugin, config)
		if err != nil {
			t.Fatal(err)
		}
		out.Set(p.name, pin(t, d))
	}
	domaintest.Pinned(t, "testdata/pins.json", out)
}

// pin describes a domain and three models of it.
func pin(t *testing.T, d domain.Domain) *canon.Object {
	t.Helper()
	a := d.Describe()
	s, err := d.Generate(t.Context(), 9)
	if err != nil {
		t.Fatal(err)
	}
	o := canon.NewObject("data_hash", a.DataHash, "metric", a.PerformanceMetric, "baselines", a.Baselines, "synthetic", s.Hash,
		"naive", outcome(t, d.Naive(), s, a.Plugin))
	draws := rng.NewSeq(rng.Key{3, 5}, rng.Probe, 0)
	for i := range 3 {
		recipe := d.Parameters(a.Space.Random(draws.Uniform))
		m, err := d.Claim(t.Context(), recipe, []uint64{uint64(i) * 77, 1}[:1+i%2], nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Set(canon.Hash(recipe), outcome(t, m, s, a.Plugin).Set("digest", m.Digest()).Set("metrics", m.Metrics()))
	}
	return o
}

// outcome is what a model is worth and answers.
func outcome(t *testing.T, m domain.Model, s *domain.Synthetic, plugin string) *canon.Object {
	t.Helper()
	input := canon.NewObject("steps", 5)
	if plugin == "tabular" {
		input = canon.NewObject("rows", []any{canon.NewObject("Petal.Length", 1.5), canon.NewObject("Sepal.Width", "3.1")})
	}
	answer, err := m.Infer(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	return canon.NewObject("performance", m.Performance(), "score", domaintest.Score(t, m, s), "answer", answer)
}
