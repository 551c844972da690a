package tabular

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/internal/canon"
)

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
		m := domaintest.Claim(t, d, g, seed)
		for _, p := range supervised.Parts {
			mae, naive := domaintest.Metric(t, m, p+"_mae"), domaintest.Metric(t, m, p+"_median_mae")
			t.Logf("seed %d %s: MAE %.0f, median %.0f", seed, p, mae, naive)
			if !(mae < naive/3) {
				t.Errorf("seed %d %s: MAE %v is not far below %v", seed, p, mae, naive)
			}
		}
		domaintest.BeatsNaive(t, d, m, "val_relative_mae", uint32(seed))
	}
}

// On the irises a small network tells the species apart, with whatever seed. The few flowers between versicolor and
// virginica that most networks get wrong are among the test flowers in this split.
func TestIris(t *testing.T) {
	d := irises(t)
	g := fixed(d.config.Space)
	for seed := range uint64(4) {
		m := domaintest.Claim(t, d, g, seed)
		for _, p := range supervised.Parts {
			t.Logf("seed %d %s: accuracy %.3f, cross-entropy %.4f", seed, p,
				domaintest.Metric(t, m, p+"_accuracy"), domaintest.Metric(t, m, p+"_cross_entropy"))
		}
		if v, w := domaintest.Metric(t, m, "val_accuracy"), domaintest.Metric(t, m, "test_accuracy"); v < 0.93 || w < 0.85 {
			t.Errorf("seed %d: accuracy %v on validation, %v on test flowers", seed, v, w)
		}
		domaintest.BeatsNaive(t, d, m, "val_relative_cross_entropy", uint32(seed))
	}
	m := domaintest.Claim(t, d, g, 0)
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
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1)
	acc, majority := domaintest.Metric(t, m, "val_accuracy"), domaintest.Metric(t, m, "val_prior_accuracy")
	t.Logf("accuracy %.3f, majority %.3f, cross-entropy %.4f", acc, majority, -m.Performance())
	if acc < majority+0.15 || len(m.Digest()) != 64 {
		t.Errorf("accuracy %v, digest %q", acc, m.Digest())
	}
	domaintest.BeatsNaive(t, d, m, "val_relative_cross_entropy", 3)
}

// The loss that training reports and stops by is the one that a model is measured by, but for probabilities near 0 and 1.
func TestLossIsTheEngines(t *testing.T) {
	for _, d := range []tested{
		mustDomain(t, blobs(20, 2), Classification, quick),
		mustDomain(t, blobs(20, 4), Classification, quick),
		mustDomain(t, houses(120), Regression, quick),
	} {
		g := fixed(d.config.Space)
		if d.config.Task == Regression {
			g[geneLoss] = 2 // mae
		}
		f := d.data.folds[1]
		r, err := nn.Train(t.Context(), d.Shape(g), rng.Key{1, 2}, f.training, f.validation)
		if err != nil {
			t.Fatal(err)
		}
		got := engineLoss(d, r.Network, f.validation)
		domaintest.Near(t, "loss", got, float64(r.ValidationLoss), 1e-5*got)
	}
}

// engineLoss is the mean error of a network, without bounds of probabilities.
func engineLoss(d tested, n *nn.Network, s *subset) (sum float64) {
	p, x := make([]float32, s.Width()), make([]float32, s.width)
	predict := d.Prediction(n.Predict)
	for i, row := range s.rows {
		s.Inputs(i, x)
		if predict(x, p); s.classes > 0 {
			sum -= math.Log(float64(p[s.labels[row]]))
		} else {
			sum += math.Abs(float64(p[0] - s.targets[row]))
		}
	}
	return sum / float64(s.Len())
}

// The bits of data, training and synthetic data, on every machine.
func TestGolden(t *testing.T) {
	for name, d := range map[string]tested{
		"iris":   irises(t),
		"blobs":  mustDomain(t, blobs(20, 2), Classification, quick),
		"houses": mustDomain(t, houses(120), Regression, quick),
		"forms":  opened(t, "data", "testdata/files/forms.csv", "task", "regression", "max_categories", 3, "max_steps", 60),
	} {
		t.Run(name, func(t *testing.T) {
			domaintest.Golden(t, "testdata/"+name+".json", d, fixed(d.config.Space))
		})
	}
}

func TestConform(t *testing.T) {
	dropout := func(task Task) genome.Genome {
		g := fixed(DefaultSpace(task))
		g[geneDropout] = 0.25
		return g
	}
	for name, tc := range map[string]struct {
		table *Table
		task  Task
	}{
		"two classes":   {blobs(20, 2), Classification},
		"three classes": {blobs(12, 3), Classification},
		"regression":    {houses(120), Regression},
	} {
		t.Run(name, func(t *testing.T) {
			domaintest.Conform(t, domaintest.Case{
				Open: func() domaintest.Domain {
					return mustDomain(t, tc.table, tc.task, func(c *Config) { quick(c); c.MaxParameters = 200 })
				},
				Genome: dropout(tc.task),
				Input:  object(t, `{"rows": [{}, {"`+tc.table.inputs[0].name+`": 7}]}`),
			})
		})
	}
}

func BenchmarkTrain(b *testing.B) {
	d := mustDomain(b, houses(300), Regression, nil)
	domaintest.Bench(b, d, fixed(d.config.Space))
}
