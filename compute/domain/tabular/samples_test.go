package tabular

import (
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/domain/domaintest"
)

func TestSoftmax(t *testing.T) {
	f := func(logits []float32, classes, class, wantBest int, want ...float64) {
		t.Helper()
		p := make([]float32, classes)
		softmax(p, logits)
		s := &samples{classes: classes, labels: []int32{int32(class)}, width: 1, inputs: []float32{0}}
		var loss [1]float32
		if right := s.Errors(p, loss[:]) == 1; right != (class == wantBest) {
			t.Errorf("softmax(%v): class %d is right: %v", logits, class, right)
		}
		var sum float64
		for k := range p {
			domaintest.Near(t, "probability", float64(p[k]), want[k], 1e-6)
			sum += float64(p[k])
		}
		domaintest.Near(t, "sum", sum, 1, 1e-6)
		domaintest.Near(t, "cross-entropy", float64(loss[0]), -math.Log(min(max(want[class], 0.001), 0.999)), 1e-5)
	}
	e := math.E
	f([]float32{0, 1, 0}, 3, 1, 1, 1/(2+e), e/(2+e), 1/(2+e))
	f([]float32{2, 2}, 2, 1, 0, 0.5, 0.5)
	f([]float32{1}, 2, 0, 1, 1/(1+e), e/(1+e))
	f([]float32{0}, 2, 1, 0, 0.5, 0.5)
	f([]float32{-300, 300, 0}, 3, 1, 1, 0, 1, 0)
	f([]float32{float32(math.Inf(-1)), 3}, 2, 1, 1, 0, 1)
	f([]float32{-1e30, 1e30}, 2, 0, 1, 0, 1) // a sure mistake
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		p, loss := make([]float32, 2), make([]float32, 1)
		softmax(p, []float32{bad, 1})
		s := &samples{classes: 2, labels: []int32{0}, width: 1, inputs: []float32{0}}
		if s.Errors(p, loss); loss[0] == loss[0] {
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
	y := func(rows []int) (v []float64) {
		for _, row := range rows {
			v = append(v, table.target.number(row))
		}
		return v
	}
	for name, guess := range map[string]func([]float64) float64{"mean": mean, "median": median} {
		check := func(part string, want float64) {
			got, err := d.Describe().Baselines.Float(part + "_" + name + "_mae")
			if err != nil {
				t.Fatal(err)
			}
			domaintest.Near(t, part+" "+name, got, want, 1e-4)
		}
		off := func(rows []int, guess float64) (sum float64) {
			for _, v := range y(rows) {
				sum += math.Abs(v - guess)
			}
			return sum
		}
		check("train", off(parts.learn, guess(y(parts.learn)))/float64(len(parts.learn)))
		check("test", off(parts.test, guess(y(parts.learn)))/float64(len(parts.test)))
		sum, n := 0.0, 0
		for _, fold := range parts.folds {
			var training, validating []int
			for i, row := range parts.learn {
				if slices.Contains(fold, int32(i)) {
					validating = append(validating, row)
				} else {
					training = append(training, row)
				}
			}
			sum, n = sum+off(validating, guess(y(training))), n+len(validating)
		}
		check("val", sum/float64(n))
	}
	domaintest.Near(t, "naive", d.Naive().Performance(), -1, 0)

	b := mustDomain(t, blobs(20, 3), Classification, nil) // classes of 20, 40, 60 rows: a sixth, a third, a half
	domaintest.Near(t, "majority", mustFloat(t, b, "val_prior_accuracy"), 0.5, 0)
	entropy := math.Log(2)/2 + math.Log(3)/3 + math.Log(6)/6
	domaintest.Near(t, "prior", mustFloat(t, b, "test_prior_cross_entropy"), entropy, 1e-5)
	domaintest.Near(t, "naive", b.Naive().Performance(), -1, 0)

	two := mustDomain(t, blobs(20, 2), Classification, nil)
	domaintest.Near(t, "majority of two", mustFloat(t, two, "val_prior_accuracy"), 2.0/3, 0)
	domaintest.Near(t, "prior of two", mustFloat(t, two, "val_prior_cross_entropy"), math.Log(3)-2*math.Log(2)/3, 1e-5)
}

func mean(y []float64) (m float64) {
	for _, v := range y {
		m += v / float64(len(y))
	}
	return m
}

func mustFloat(t *testing.T, d tested, key string) float64 {
	t.Helper()
	v, err := d.Describe().Baselines.Float(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
