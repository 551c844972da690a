package tabular

import (
	"math"
	"testing"

	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
)

func TestSoftmax(t *testing.T) {
	f := func(logits []float32, classes, class, wantBest int, want ...float64) {
		t.Helper()
		p := make([]float32, classes)
		loss, best := softmax(p, logits, class)
		if best != wantBest {
			t.Errorf("softmax(%v): best %d, want %d", logits, best, wantBest)
		}
		var sum float64
		for k := range p {
			domaintest.Near(t, "probability", float64(p[k]), want[k], 1e-6)
			sum += float64(p[k])
		}
		domaintest.Near(t, "sum", sum, 1, 1e-6)
		if want[class] > 0 {
			domaintest.Near(t, "cross-entropy", float64(loss), -math.Log(want[class]), 1e-5)
		}
		if loss < 0 {
			t.Errorf("softmax(%v): cross-entropy %v", logits, loss)
		}
	}
	e := math.E
	f([]float32{0, 1, 0}, 3, 1, 1, 1/(2+e), e/(2+e), 1/(2+e))
	f([]float32{2, 2}, 2, 1, 0, 0.5, 0.5)
	f([]float32{1}, 2, 0, 1, 1/(1+e), e/(1+e))
	f([]float32{0}, 2, 1, 0, 0.5, 0.5)
	f([]float32{-300, 300, 0}, 3, 1, 1, 0, 1, 0)
	f([]float32{float32(math.Inf(-1)), 3}, 2, 1, 1, 0, 1)
	p := make([]float32, 2)
	if loss, _ := softmax(p, []float32{-1e30, 1e30}, 0); loss != 2e30 {
		t.Errorf("cross-entropy of a sure mistake = %v, want 2e30", loss)
	}
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		if loss, _ := softmax(p, []float32{bad, 1}, 0); loss == loss {
			t.Errorf("cross-entropy with a logit %v = %v, want NaN", bad, loss)
		}
	}
}

func TestSample(t *testing.T) {
	f := func(s *samples, i int, want ...float32) {
		t.Helper()
		x, y := make([]float32, 2), make([]float32, len(want))
		for k := range y {
			y[k] = 9
		}
		s.Sample(i, x, y)
		if x[0] != 3 || x[1] != 4 {
			t.Errorf("inputs %v", x)
		}
		for k := range y {
			if y[k] != want[k] {
				t.Errorf("targets %v, want %v", y, want)
			}
		}
	}
	inputs := []float32{1, 2, 3, 4}
	f(&samples{width: 2, inputs: inputs, targets: []float32{5, 6}}, 1, 6)
	f(&samples{width: 2, inputs: inputs, labels: []int32{0, 1}, classes: 2}, 1, 1)
	f(&samples{width: 2, inputs: inputs, labels: []int32{0, 2}, classes: 4}, 1, 0, 0, 1, 0)
}

// The baselines against their definitions.
func TestBaselines(t *testing.T) {
	table := parse(t, "a,y\n"+seesaw(60), Schema{Task: Regression})
	d := mustDomain(t, table, Regression, nil)
	c := d.config
	parts, _ := table.split(&c)
	y := func(part int) (v []float64) {
		for _, row := range parts[part] {
			v = append(v, table.target.numbers[row])
		}
		return v
	}
	var mean float64
	for _, v := range y(train) {
		mean += v / float64(len(parts[train]))
	}
	for name, guess := range map[string]float64{"mean": mean, "median": median(y(train))} {
		for p := range parts {
			var want float64
			for _, v := range y(p) {
				want += math.Abs(v-guess) / float64(len(parts[p]))
			}
			got, err := d.Describe().Baselines.Float(supervised.Parts[p] + "_" + name + "_mae")
			if err != nil {
				t.Fatal(err)
			}
			domaintest.Near(t, supervised.Parts[p]+" "+name, got, want, 1e-4)
		}
	}
	domaintest.Near(t, "naive", d.Naive().Performance(), -mustFloat(t, d, "val_median_mae"), 0)

	b := mustDomain(t, blobs(20, 3), Classification, nil) // classes of 20, 40, 60 rows: a sixth, a third, a half
	domaintest.Near(t, "majority", mustFloat(t, b, "val_majority_accuracy"), 0.5, 0)
	entropy := math.Log(2)/2 + math.Log(3)/3 + math.Log(6)/6
	domaintest.Near(t, "prior", mustFloat(t, b, "test_prior_cross_entropy"), entropy, 1e-5)
	domaintest.Near(t, "naive", b.Naive().Performance(), -entropy, 1e-5)

	two := mustDomain(t, blobs(20, 2), Classification, nil)
	domaintest.Near(t, "majority of two", mustFloat(t, two, "val_majority_accuracy"), 2.0/3, 0)
	domaintest.Near(t, "prior of two", mustFloat(t, two, "val_prior_cross_entropy"), math.Log(3)-2*math.Log(2)/3, 1e-5)
}

func mustFloat(t *testing.T, d tested, key string) float64 {
	t.Helper()
	v, err := d.Describe().Baselines.Float(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
