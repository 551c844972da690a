package tabular

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
)

// fitted fits a member on a fold and returns its predictions of the fold's validation rows.
func fitted(t *testing.T, d tested, m supervised.Member, fold int) (supervised.Fitted, *subset, []float32) {
	t.Helper()
	f, err := m.Fit(t.Context(), fold)
	if err != nil {
		t.Fatal(err)
	}
	v := d.data.folds[fold].validation
	out := make([]float32, v.Len()*v.Width())
	f.Predict(v, out)
	return f, v, out
}

// A line is found again, but for the penalty.
func TestLinear(t *testing.T) {
	table := parse(t, "a,b,y\n"+line(200), Schema{Task: Regression})
	d := mustDomain(t, table, Regression, nil)
	_, v, out := fitted(t, d, linear{d.data}, 0)
	for i, row := range v.rows {
		domaintest.Near(t, "prediction", float64(out[i]), float64(d.data.learn.targets[row]), 0.05)
	}
}

// line is rows of two columns and a target that is linear in them.
func line(n int) string {
	var b []byte
	for i := range n {
		x, y := float64(i*7%20), float64(i*11%13)
		b = append(b, (strconv.FormatFloat(x, 'g', -1, 64) + "," + strconv.FormatFloat(y, 'g', -1, 64) + "," + strconv.FormatFloat(3*x-2*y+5, 'g', -1, 64) + "\n")...)
	}
	return string(b)
}

// Probabilities of classes that a line parts are those of a logistic regression: on the right side, and they sum to 1. The
// gradient of the penalised likelihood is 0.
func TestLogistic(t *testing.T) {
	for _, classes := range []int{2, 3} {
		d := mustDomain(t, blobs(30, classes), Classification, nil)
		f, v, out := fitted(t, d, linear{d.data}, 1)
		right := 0
		for i, row := range v.rows {
			p := out[i*classes:][:classes]
			var sum float64
			for _, q := range p {
				sum += float64(q)
			}
			domaintest.Near(t, "sum of probabilities", sum, 1, 1e-6)
			if mostProbable(p) == int(d.data.learn.labels[row]) {
				right++
			}
		}
		if 10*right < 7*v.Len() {
			t.Errorf("%d classes: %d of %d rows are right", classes, right, v.Len())
		}
		w := f.(*fittedLinear).weights[0]
		class := 0
		if classes == 2 {
			class = 1
		}
		gradient, x := make([]float64, len(w)), make([]float64, len(w))
		for _, row := range d.data.trainingRows(1) {
			d.data.learn.wide(int(row), x)
			e := -logistic(dot(w, x))
			if int(d.data.learn.labels[row]) == class {
				e++
			}
			for i := range x {
				gradient[i] += e * x[i]
			}
		}
		for i := range d.data.inputs {
			domaintest.Near(t, "gradient", gradient[i], penalty*w[i], 1e-3)
		}
	}
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// The neighbours are those of a second implementation that sorts all rows.
func TestNearest(t *testing.T) {
	d := mustDomain(t, houses(120), Regression, nil)
	n := nearest{d.data, 5}
	f, v, out := fitted(t, d, n, 2)
	for i, row := range v.rows {
		x := d.data.learn.row(int(row))
		all := slices.Clone(d.data.trainingRows(2))
		slices.SortStableFunc(all, func(a, b int32) int {
			da, db := apart(d.data.learn.row(int(a)), x), apart(d.data.learn.row(int(b)), x)
			switch {
			case da < db:
				return -1
			case da > db:
				return 1
			}
			return 0
		})
		var mean float64
		for _, near := range all[:5] {
			mean += float64(d.data.learn.targets[near]) / 5
		}
		domaintest.Near(t, "mean of the neighbours", float64(out[i]), mean, 1e-6)
	}
	if f.(supervised.Partial).Covers(d.data.learn) {
		t.Error("rows are their own neighbours")
	}
}

func apart(a, b []float32) (sum float64) {
	for j := range a {
		sum += math.Pow(float64(a[j])-float64(b[j]), 2)
	}
	return sum
}

// Members have names of their own, and a large table none that costs too much.
func TestMembers(t *testing.T) {
	for _, d := range []tested{mustDomain(t, houses(120), Regression, nil), mustDomain(t, blobs(20, 3), Classification, nil)} {
		seen := map[string]bool{}
		for _, m := range d.Members() {
			if seen[m.Name()] {
				t.Errorf("two members %s", m.Name())
			}
			seen[m.Name()] = true
		}
		if !seen["linear"] || !seen["nearest_5"] {
			t.Errorf("members %v", seen)
		}
	}
	wide := &dataset{inputs: maxLinear + 1, learn: &samples{width: maxLinear + 1, inputs: make([]float32, 10*(maxLinear+1))}}
	if (linear{wide}).fits() || (nearest{wide, 5}).fits() {
		t.Error("a wide table of ten rows has a linear model or neighbours")
	}
}
