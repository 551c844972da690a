package tabular

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func fit(t testing.TB, d *Domain, g genome.Genome, seed uint64, digest bool) domain.Model {
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

// seesaw is rows of a column and a target that follows it.
func seesaw(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,%d\n", i*7%20, i*7%20*(i*7%20)+i%3)
	}
	return b.String()
}

// A regression beats the median by far, on every part and on synthetic rows, with every loss and whatever seed.
func TestBeatsMedian(t *testing.T) {
	d := mustDomain(t, houses(300), Regression, nil)
	for seed := range uint64(3) {
		g := fixed(d.config.Space)
		g[geneLoss] = float64(seed)
		m := fit(t, d, g, seed, false)
		for _, p := range partNames {
			mae, naive := metric(t, m, p+"_mae"), metric(t, m, p+"_median_mae")
			t.Logf("seed %d %s: MAE %.0f, median %.0f", seed, p, mae, naive)
			if !(mae < naive/3) {
				t.Errorf("seed %d %s: MAE %v is not far below %v", seed, p, mae, naive)
			}
		}
		if m.Performance() != -metric(t, m, "val_mae") {
			t.Errorf("performance %v is not the negative validation MAE", m.Performance())
		}
		beatsNaive(t, d, m, uint32(seed))
	}
}

// beatsNaive scores a model beside the naive one on synthetic data.
func beatsNaive(t *testing.T, d *Domain, m domain.Model, seed uint32) {
	t.Helper()
	s, err := d.Generate(t.Context(), seed)
	if err != nil {
		t.Fatal(err)
	}
	score, err := m.Score(t.Context(), s)
	naive, _ := d.Naive().Score(t.Context(), s)
	if err != nil || !(score >= 0 && score < naive/2) {
		t.Errorf("seed %d: synthetic score %v (%v) is not far below the naive %v", seed, score, err, naive)
	}
}

// On the irises a small network tells the species apart, with whatever seed. The few flowers between versicolor and
// virginica that most networks get wrong are among the test flowers in this split.
func TestIris(t *testing.T) {
	d, err := New(canon.NewObject("data", iris))
	if err != nil {
		t.Fatal(err)
	}
	g := fixed(d.config.Space)
	for seed := range uint64(4) {
		m := fit(t, d, g, seed, false)
		for _, p := range partNames {
			t.Logf("seed %d %s: accuracy %.3f, cross-entropy %.4f", seed, p, metric(t, m, p+"_accuracy"), metric(t, m, p+"_cross_entropy"))
		}
		if v, w := metric(t, m, "val_accuracy"), metric(t, m, "test_accuracy"); v < 0.93 || w < 0.85 {
			t.Errorf("seed %d: accuracy %v on validation, %v on test flowers", seed, v, w)
		}
		if m.Performance() != -metric(t, m, "val_cross_entropy") {
			t.Errorf("performance %v is not the negative validation cross-entropy", m.Performance())
		}
		beatsNaive(t, d, m, uint32(seed))
	}
	m := fit(t, d, g, 0, false)
	out, err := m.Infer(t.Context(), object(t, `{"rows": [
		{"Sepal.Length": 5.1, "Sepal.Width": 3.5, "Petal.Length": 1.4, "Petal.Width": 0.2},
		{"Sepal.Length": 6.0, "Sepal.Width": 2.9, "Petal.Length": 4.5, "Petal.Width": 1.5},
		{"Sepal.Length": 7.7, "Sepal.Width": 3.0, "Petal.Length": 6.1, "Petal.Width": 2.3}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(canon.Canonical(out)); !strings.Contains(got, `"predictions": ["setosa", "versicolor", "virginica"]`) {
		t.Errorf("answer %s", got)
	}
}

// Two classes are told apart by one logit.
func TestTwoClasses(t *testing.T) {
	d := mustDomain(t, blobs(40, 2), Classification, nil)
	m := fit(t, d, fixed(d.config.Space), 1, true)
	acc, majority := metric(t, m, "val_accuracy"), metric(t, m, "val_majority_accuracy")
	t.Logf("accuracy %.3f, majority %.3f, cross-entropy %.4f", acc, majority, -m.Performance())
	if acc < majority+0.15 || len(m.Digest()) != 64 {
		t.Errorf("accuracy %v, digest %q", acc, m.Digest())
	}
	beatsNaive(t, d, m, 3)
}

// The loss that training reports and stops by is the one that a model is measured by.
func TestLossIsTheEngines(t *testing.T) {
	for _, d := range []*Domain{
		mustDomain(t, blobs(20, 2), Classification, quick),
		mustDomain(t, blobs(20, 4), Classification, quick),
		mustDomain(t, houses(120), Regression, quick),
	} {
		g := fixed(d.config.Space)
		if d.config.Task == Regression {
			g[geneLoss] = 2 // mae
		}
		r, err := nn.Train(t.Context(), d.shape(g), rng.Key{1, 2}, d.data.parts[train], d.data.parts[validation])
		if err != nil {
			t.Fatal(err)
		}
		got := d.newModel(r, r.Network.Parameters(), false).measures[validation].loss
		near(t, d.lossName(), float64(got), float64(r.ValidationLoss), 1e-6*float64(got))
	}
}

// The bits of data, training and synthetic data, on every machine.
func TestGolden(t *testing.T) {
	irises, err := New(canon.NewObject("data", iris))
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*Domain{
		"iris":   irises,
		"blobs":  mustDomain(t, blobs(20, 2), Classification, quick),
		"houses": mustDomain(t, houses(120), Regression, quick),
	} {
		t.Run(name, func(t *testing.T) {
			g := fixed(d.config.Space)
			m := fit(t, d, g, 42, true)
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
				"recipe", d.Parameters(g), "seed", 42, "digest", m.Digest(), "performance", m.Performance(),
				"metrics", m.Metrics(), "synthetic_hash", s.Hash, "synthetic_score", score, "naive_score", naive))
			got = append(got, '\n')
			file := "testdata/" + name + ".json"
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
		})
	}
}

// One task has one result: with or without a digest, anew or from the cache, alone or beside others, in any order.
func TestDeterminism(t *testing.T) {
	table := houses(120)
	const seeds = 6
	want := make([]domain.Model, seeds)
	first := mustDomain(t, table, Regression, quick)
	g := fixed(first.config.Space)
	for seed := range want {
		want[seed] = fit(t, first, g, uint64(seed), true)
		if seed > 0 && want[seed].Digest() == want[seed-1].Digest() {
			t.Error("two seeds have one digest")
		}
	}
	second := mustDomain(t, table, Regression, quick)
	var wg sync.WaitGroup
	for i := range 4 * seeds {
		wg.Go(func() {
			seed := (seeds - 1) * i % seeds
			m, err := second.Train(context.Background(), second.Parameters(g), uint64(seed), true)
			if err != nil {
				t.Error(err)
				return
			}
			if m.Digest() != want[seed].Digest() || m.Performance() != want[seed].Performance() {
				t.Errorf("seed %d: digest %s, performance %v; want %s, %v", seed,
					m.Digest(), m.Performance(), want[seed].Digest(), want[seed].Performance())
			}
		})
	}
	wg.Wait()
	fast := fit(t, second, g, 2, false)
	if fast.Digest() != "" || fast.Performance() != want[2].Performance() {
		t.Errorf("without digest: %q, %v", fast.Digest(), fast.Performance())
	}
	if a, b := fit(t, second, g, 2, true), fit(t, second, g, 2, true); a != b {
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

func TestCancelled(t *testing.T) {
	d := mustDomain(t, houses(80), Regression, nil)
	s, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := d.Train(ctx, d.Parameters(fixed(d.config.Space)), 1, true); !errors.Is(err, context.Canceled) {
		t.Errorf("Train = %v, %v, want Canceled", m, err)
	}
	if s, err := d.Generate(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Generate = %v, %v, want Canceled", s, err)
	}
	if v, err := d.Naive().Score(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("Score = %v, %v, want Canceled", v, err)
	}
	if out, err := d.Naive().Infer(ctx, object(t, `{"rows": [{}]}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("Infer = %v, %v, want Canceled", out, err)
	}
}

func TestDiverged(t *testing.T) {
	for _, d := range []*Domain{mustDomain(t, houses(80), Regression, nil), mustDomain(t, blobs(12, 3), Classification, nil)} {
		m := d.newModel(&nn.Result{Status: nn.Diverged, StopStep: 3}, 99, true)
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
		if out, err := m.Infer(t.Context(), object(t, `{"rows": [{}]}`)); err != nil || !out.Has("predictions") {
			t.Errorf("infer = %v, %v", out, err)
		}
		for _, v := range []float32{float32(math.Inf(1)), float32(math.NaN()), math.MaxFloat32} {
			if got := d.units(v); got != -domain.Penalty {
				t.Errorf("units(%v) = %v", v, got)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	for want, d := range map[string]*Domain{
		"negative_validation_mae":           mustDomain(t, houses(80), Regression, nil),
		"negative_validation_cross_entropy": mustDomain(t, blobs(12, 3), Classification, nil),
	} {
		a := d.Describe()
		err := a.Space.Validate()
		if err != nil || a.Strategy != domain.StrategyGA || !a.HigherIsBetter || len(a.DataHash) != 64 || a.PerformanceMetric != want {
			t.Errorf("%+v (%v)", a, err)
		}
		if s := string(canon.Canonical(a.Defaults)); !strings.Contains(s, `"max_parameters": 10000`) {
			t.Error(s)
		}
		if a.Baselines.Len() != 6 || !canon.Finite(a.Baselines) {
			t.Errorf("baselines %s", canon.Canonical(a.Baselines))
		}
		n := d.Naive()
		if n.Digest() != "" || !canon.Finite(n.Metrics()) {
			t.Errorf("naive: digest %q, metrics %s", n.Digest(), canon.Canonical(n.Metrics()))
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	d := mustDomain(b, houses(300), Regression, nil)
	p := d.Parameters(fixed(d.config.Space))
	for seed := uint64(0); b.Loop(); seed++ {
		if _, err := d.Train(b.Context(), p, seed, true); err != nil {
			b.Fatal(err)
		}
	}
}
