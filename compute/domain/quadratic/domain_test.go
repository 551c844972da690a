package quadratic

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

func mustNew(t *testing.T, kv ...any) *Domain {
	t.Helper()
	d, err := New(canon.NewObject(kv...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConfigRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		want   string
	}{
		"unknown key":      {`{"n_parms": 3}`, `did you mean "n_params"?`},
		"two problems":     {`{"n_parms": 3, "step_size": "a"}`, `step_size`},
		"zero parameters":  {`{"n_params": 0}`, "n_params"},
		"too many":         {`{"n_params": 1025}`, "n_params"},
		"float count":      {`{"n_params": 3.0}`, "integer"},
		"length":           {`{"n_params": 2, "target": [1, 2, 3]}`, "target"},
		"empty target":     {`{"target": []}`, "n_params"},
		"text in target":   {`{"target": [1, "2"]}`, "value 1"},
		"huge target":      {`{"target": [1e200]}`, "magnitude"},
		"negative step":    {`{"step_size": -1}`, "step_size"},
		"negative noise":   {`{"noise_std": -0.5}`, "noise_std"},
		"negative seed":    {`{"seed": -1}`, "seed"},
		"seed too large":   {`{"seed": 4294967296}`, "seed"},
		"boolean seed":     {`{"seed": true}`, "seed"},
		"bounds reversed":  {`{"param_bounds": {"x": [2, 1]}}`, "param_bounds"},
		"bounds of others": {`{"param_bounds": {"y": [1, 2]}}`, "param_bounds"},
		"bounds no pair":   {`{"param_bounds": {"x": [1]}}`, "low, high"},
	} {
		o, err := canon.ParseObject([]byte(tc.config))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(o); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrConfig with %q", name, err, tc.want)
		}
	}
	mustNew(t, "$comment", 1, "population_size", 12, "ga", canon.NewObject(), "target", []float64{1})
}

func TestTrainAndScore(t *testing.T) {
	d := mustNew(t, "target", []float64{1, -2, 0.5})
	p := canon.NewObject("x", []float64{0, 0, 0})
	m, err := d.Claim(t.Context(), p, []uint64{7}, nil)
	if err != nil || m.Performance() != -5.25 {
		t.Fatalf("performance = %v, %v, want -5.25", m, err)
	}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, math.Float64bits(-5.25)))
	if want := hex.EncodeToString(sum[:]); m.Digest() != want {
		t.Errorf("digest = %s, want %s", m.Digest(), want)
	}
	if m := d.Naive(); m.Digest() != "" {
		t.Errorf("digest = %q without being asked for", m.Digest())
	}
	s, err := d.Generate(t.Context(), 42)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Score(t.Context(), s)
	if naive, _ := d.Naive().Score(t.Context(), s); err != nil || got != naive || !(got > 0) {
		t.Errorf("score = %v (%v), naive %v: both are x = 0", got, err, naive)
	}
	if _, err := m.Score(t.Context(), &domain.Synthetic{Series: []float64{1}}); !errors.Is(err, domain.ErrSynthetic) {
		t.Errorf("score of a series: %v, want ErrSynthetic", err)
	}
	if _, err := m.Infer(t.Context(), canon.NewObject("target", []float64{1})); !errors.Is(err, domain.ErrInput) {
		t.Errorf("infer with a short target: %v, want ErrInput", err)
	}
}

func TestCheckRefusals(t *testing.T) {
	d := mustNew(t, "target", []float64{1, -2})
	for _, bad := range []string{
		`{}`, `{"x": null}`, `{"x": 1}`, `{"x": [1]}`, `{"x": [1, 2, 3]}`, `{"x": [1, "2"]}`, `{"x": [1, true]}`,
		`{"x": [1, 1e200]}`, `{"x": [1, 2], "y": 1}`, `{"x": [[1], [2]]}`,
	} {
		o, err := canon.ParseObject([]byte(bad))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Check(o); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Check(%s) = %v, want ErrRecipe", bad, err)
		}
		if _, err := d.Claim(t.Context(), o, []uint64{1}, nil); !errors.Is(err, domain.ErrRecipe) {
			t.Errorf("Claim(%s) = %v, want ErrRecipe", bad, err)
		}
	}
	if err := d.Check(canon.NewObject("x", []int{1, 2}, "_note", "n")); err != nil {
		t.Errorf("Check of a good recipe = %v", err)
	}
}

func TestGenomeRoundTrip(t *testing.T) {
	d := mustNew(t, "target", []float64{1, -2, 3})
	g := genome.Genome{0.5, -10, 10}
	back, err := d.Genome(d.Parameters(g))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "genome", back, g, 0)
	back, err = d.Genome(canon.NewObject("x", []float64{1e9, math.Copysign(0, -1), 0.1}))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "genome", back, []float64{10, 0, float64(float32(0.1))}, 0)
	if err := d.Describe().Space.Check(back); err != nil {
		t.Error(err)
	}
}

// A hill climber without a configured seed is a function of the seed of the run.
func TestStepSeeds(t *testing.T) {
	d := mustNew(t, "target", []float64{1, -2, 3})
	run := func(seed uint64) float64 {
		d.Seed(seed)
		var best *canon.Object
		p := math.Inf(-1)
		for range 30 {
			var err error
			if best, p, err = d.Step(best, p, best != nil); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	a, b, c := run(1), run(2), run(1)
	if a != c || a == b {
		t.Errorf("performance = %v, %v, %v for seeds 1, 2, 1", a, b, c)
	}
	if d.Seed(1 << 32); run(1<<32) == a {
		t.Error("the upper half of a seed has no influence")
	}
	if _, _, err := d.Step(canon.NewObject("x", []float64{1}), 0, true); !errors.Is(err, domain.ErrRecipe) {
		t.Errorf("Step from a short best: %v, want ErrRecipe", err)
	}
}

func TestHashSyntheticRefusals(t *testing.T) {
	deep := canon.NewObject()
	for range 40 {
		deep = canon.NewObject("d", deep)
	}
	for _, bad := range []*canon.Object{
		canon.NewObject("l", []any{[]any{int64(1)}, []any{int64(1), int64(2)}}),
		canon.NewObject("l", []any{int64(1), []any{int64(2)}}),
		canon.NewObject("l", []any{[]any{int64(1)}, int64(2)}),
		canon.NewObject("l", []string{"a"}),
		deep,
	} {
		if got, err := HashSynthetic(bad); err == nil {
			t.Errorf("HashSynthetic(%s) = %s, want an error", canon.Canonical(bad), got)
		}
	}
}
