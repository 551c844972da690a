package forecast

import (
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fixed is a plain genome: one layer of 16, window 24, batch 32, rate 0.005, silu, mse.
func fixed(s genome.Space) genome.Genome {
	g := lowest(s)
	g[geneWidth1], g[geneWindow], g[geneBatch] = 16, 24, 32
	g[geneLearningRate], g[geneWeightDecay] = float64(float32(5e-3)), float64(float32(1e-3))
	g[geneActivation] = 3
	return g
}

// small is a genome that trains fast.
func small(s genome.Space) genome.Genome {
	g := lowest(s)
	g[geneLearningRate] = float64(float32(1e-2))
	return g
}

func quick(c *Config) { c.MaxSteps, c.Period = 60, 12 }

func train(t testing.TB, d *Domain, g genome.Genome, seed uint64, digest bool) domain.Model {
	t.Helper()
	m, err := d.Train(t.Context(), d.Parameters(g), seed, digest)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func metric(t testing.TB, m domain.Model, key string) float64 {
	t.Helper()
	v, err := m.Metrics().Float(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// On the CO2 record a perceptron of 449 parameters and a TCN of 721 beat both naive forecasts by far, with whatever seed.
func TestBeatsNaive(t *testing.T) {
	for _, genome := range []func(genome.Space) genome.Genome{fixed, tcn} {
		beatsNaive(t, genome)
	}
}

func beatsNaive(t *testing.T, genome func(genome.Space) genome.Genome) {
	d, err := New(canon.NewObject("data", co2))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2) {
		m := train(t, d, genome(d.config.Space), seed, false)
		for _, p := range []string{"train", "val", "test"} {
			mae, last, season := metric(t, m, p+"_mae"), metric(t, m, p+"_naive_mae"), metric(t, m, p+"_seasonal_mae")
			t.Logf("%v parameters, seed %d %s: MAE %.3f ppm, last value %.3f, seasonal %.3f", metric(t, m, "parameters_count"), seed, p, mae, last, season)
			if !(mae < last/2 && mae < season/2) {
				t.Errorf("seed %d %s: MAE %v is not far below %v and %v", seed, p, mae, last, season)
			}
		}
		if m.Performance() != -metric(t, m, "val_mae") {
			t.Errorf("performance %v is not the negative validation MAE", m.Performance())
		}
		s, err := d.Generate(t.Context(), uint32(seed))
		if err != nil {
			t.Fatal(err)
		}
		score, err := m.Score(t.Context(), s)
		naive, _ := d.Naive().Score(t.Context(), s)
		if err != nil || !(score < naive/2) {
			t.Errorf("seed %d: synthetic score %v (%v) is not far below the naive %v", seed, score, err, naive)
		}
	}
}

// The bits of data, training and synthetic data on the CO2 record, on every machine.
func TestGolden(t *testing.T) {
	golden(t, "testdata/co2.json", fixed)
	golden(t, "testdata/co2_tcn.json", func(s genome.Space) genome.Genome {
		g := tcn(s)
		g[geneDropout] = float64(float32(0.05))
		return g
	})
}

func golden(t *testing.T, file string, genome func(genome.Space) genome.Genome) {
	t.Helper()
	d, err := New(canon.NewObject("data", co2))
	if err != nil {
		t.Fatal(err)
	}
	m := train(t, d, genome(d.config.Space), 42, true)
	s, err := d.Generate(t.Context(), 42)
	if err != nil {
		t.Fatal(err)
	}
	score, err := m.Score(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	naive, err := d.Naive().Score(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got := canon.AppendIndent(nil, canon.NewObject(
		"recipe", d.Parameters(genome(d.config.Space)), "seed", 42, "digest", m.Digest(), "performance", m.Performance(),
		"metrics", m.Metrics(), "synthetic_hash", s.Hash, "synthetic_score", score, "naive_score", naive))
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// One task has one result: with or without a digest, anew or from the cache, alone or beside others, in any order.
func TestDeterminism(t *testing.T) {
	table := monthly(200)
	const seeds = 6
	want := make([]domain.Model, seeds)
	first := mustDomain(t, table, quick)
	for seed := range want {
		want[seed] = train(t, first, small(first.config.Space), uint64(seed), true)
		if seed > 0 && want[seed].Digest() == want[seed-1].Digest() {
			t.Error("two seeds have one digest")
		}
	}
	same := func(seed int, m domain.Model) {
		if m.Digest() != want[seed].Digest() || m.Performance() != want[seed].Performance() {
			t.Errorf("seed %d: digest %s, performance %v; want %s, %v", seed,
				m.Digest(), m.Performance(), want[seed].Digest(), want[seed].Performance())
		}
	}
	second := mustDomain(t, table, quick)
	var wg sync.WaitGroup
	for i := range 4 * seeds {
		wg.Go(func() {
			seed := (seeds - 1) * i % seeds
			m, err := second.Train(context.Background(), second.Parameters(small(second.config.Space)), uint64(seed), true)
			if err != nil {
				t.Error(err)
				return
			}
			same(seed, m)
		})
	}
	wg.Wait()
	fast := train(t, second, small(second.config.Space), 2, false)
	if fast.Digest() != "" || fast.Performance() != want[2].Performance() {
		t.Errorf("without digest: %q, %v", fast.Digest(), fast.Performance())
	}
	if a, b := train(t, second, small(second.config.Space), 2, true), train(t, second, small(second.config.Space), 2, true); a != b {
		t.Error("the cache does not keep a model")
	}
	s, err := second.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	score, _ := want[2].Score(t.Context(), s)
	for range 8 {
		wg.Go(func() {
			if got, err := fast.Score(context.Background(), s); got != score || err != nil {
				t.Errorf("score = %v, %v, want %v", got, err, score)
			}
		})
	}
	wg.Wait()
}

func TestTrainCancelled(t *testing.T) {
	d := mustDomain(t, monthly(200), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := d.Train(ctx, d.Parameters(small(d.config.Space)), 1, true); !errors.Is(err, context.Canceled) {
		t.Errorf("Train = %v, %v, want Canceled", m, err)
	}
	if s, err := d.Generate(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Generate = %v, %v, want Canceled", s, err)
	}
}

func TestDiverged(t *testing.T) {
	d := mustDomain(t, monthly(200), nil)
	m := d.newModel(&nn.Result{Status: nn.Diverged, StopStep: 3}, view{window: 6}, 99, true)
	if m.Performance() != domain.Penalty || len(m.Digest()) != 64 || !canon.Finite(m.Metrics()) {
		t.Errorf("performance %v, digest %q, metrics %s", m.Performance(), m.Digest(), canon.Canonical(m.Metrics()))
	}
	s, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if score, err := m.Score(t.Context(), s); score != -domain.Penalty || err != nil {
		t.Errorf("score = %v, %v", score, err)
	}
	if out, err := m.Infer(t.Context(), canon.NewObject()); err != nil || out.Len() != 2 {
		t.Errorf("infer = %v, %v", out, err)
	}
	for _, v := range []float32{float32(math.Inf(1)), float32(math.NaN()), math.MaxFloat32} {
		if got := d.units(v); got != -domain.Penalty {
			t.Errorf("units(%v) = %v", v, got)
		}
	}
}

func TestNaive(t *testing.T) {
	d := mustDomain(t, monthly(200), nil)
	n := d.Naive()
	if v := metric(t, n, "val_naive_mae"); n.Performance() != -v || n.Digest() != "" {
		t.Errorf("performance %v, digest %q, MAE %v", n.Performance(), n.Digest(), v)
	}
	out, err := n.Infer(t.Context(), canon.NewObject("steps", 3))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := out.Get("forecast")
	values, _ := domain.Reals(v, 3)
	for _, v := range values {
		near(t, "forecast", v, d.series.table.Value(199), 1e-4)
	}
}

func TestDescribe(t *testing.T) {
	d := mustDomain(t, monthly(200), nil)
	a := d.Describe()
	err := a.Space.Validate()
	if err != nil || a.Strategy != domain.StrategyGA || !a.HigherIsBetter || len(a.DataHash) != 64 {
		t.Errorf("%+v (%v)", a, err)
	}
	if s := string(canon.Canonical(a.Defaults)); !strings.Contains(s, `"max_parameters": 2000`) {
		t.Error(s)
	}
	if !a.Baselines.Has("test_seasonal_mae") || !canon.Finite(a.Baselines) {
		t.Errorf("baselines %s", canon.Canonical(a.Baselines))
	}
}

func BenchmarkTrain(b *testing.B) {
	d, err := New(canon.NewObject("data", co2))
	if err != nil {
		b.Fatal(err)
	}
	p := d.Parameters(fixed(d.config.Space))
	for seed := uint64(0); b.Loop(); seed++ {
		if _, err := d.Train(b.Context(), p, seed, true); err != nil {
			b.Fatal(err)
		}
	}
}
