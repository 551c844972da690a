package tabular

import (
	"errors"
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/domain"
)

// Every synthetic row is a training row with a little noise on what is numeric and known, its target kept.
func TestGenerate(t *testing.T) {
	for name, d := range map[string]tested{
		"regression":     mustDomain(t, houses(120), Regression, nil),
		"classification": mustDomain(t, blobs(12, 3), Classification, nil),
	} {
		s, err := d.Generate(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := d.data.fromSynthetic(s.Series)
		if err != nil {
			t.Fatal(err)
		}
		p := d.data.learn
		if rows.Len() != p.Len() || !slices.Equal(rows.counts((&subset{samples: rows}).rest().rows), p.counts(d.data.trainingRows(4))) {
			t.Fatalf("%s: %d rows, classes %v, want %d, %v", name, rows.Len(), rows.counts((&subset{samples: rows}).rest().rows), p.Len(), p.counts(d.data.trainingRows(4)))
		}
		used := map[int]bool{}
		var squares, count float64
		for i := range rows.Len() {
			from, nearest := -1, math.Inf(1)
			for j := range p.Len() {
				if rows.target(i) != p.target(j) || !closeRows(d.data, rows.row(i), p.row(j)) {
					continue
				}
				if far := distance(rows.row(i), p.row(j)); far < nearest {
					from, nearest = j, far
				}
			}
			if from < 0 {
				t.Fatalf("%s: row %d, %v, is near no training row", name, i, rows.row(i))
			}
			used[from] = true
			z := float64(rows.row(i)[0] - p.row(from)[0])
			squares, count = squares+z*z, count+1
		}
		if len(used) < p.Len()/3 || len(used) == p.Len() {
			t.Errorf("%s: %d of %d training rows are used", name, len(used), p.Len())
		}
		// Where targets are distinct, the row found is the row drawn.
		if std := math.Sqrt(squares / count); name == "regression" && (std < 0.08 || std > 0.12) {
			t.Errorf("%s: noise of standard deviation %v, want about %v", name, std, noise)
		}
	}
}

// distance is the sum of the squares of differences.
func distance(a, b []float32) (sum float64) {
	for i := range a {
		d := float64(a[i] - b[i])
		sum += d * d
	}
	return sum
}

// closeRows reports whether b is a with noise where there may be some.
func closeRows(d *dataset, a, b []float32) bool {
	for k := range d.encoders {
		e := &d.encoders[k]
		for j := e.at; j < e.at+e.width(); j++ {
			noisy := e.value && j == e.at && !(e.gone && b[j+1] == 1)
			if difference := math.Abs(float64(a[j] - b[j])); difference > 0.54 || !noisy && difference != 0 {
				return false
			}
		}
	}
	return true
}

func TestScoreRefusals(t *testing.T) {
	d := mustDomain(t, blobs(12, 3), Classification, nil)
	good, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	width := d.data.inputs + 1
	with := func(at int, v float64) []float64 {
		s := slices.Clone(good.Series)
		s[at] = v
		return s
	}
	for name, s := range map[string]*domain.Synthetic{
		"cut":        {Series: good.Series[:width+1]},
		"NaN":        {Series: with(0, math.NaN())},
		"far":        {Series: with(0, 1e9)},
		"class":      {Series: with(width-1, 3)},
		"half class": {Series: with(width-1, 0.5)},
		"no class":   {Series: with(width-1, -1)},
		"class NaN":  {Series: with(width-1, math.NaN())},
	} {
		if got, err := d.Naive().Score(t.Context(), s); !errors.Is(err, domain.ErrSynthetic) {
			t.Errorf("%s: score = %v, %v, want ErrSynthetic", name, got, err)
		}
	}
	if got, err := d.Naive().Score(t.Context(), good); err != nil || !(got > 0.9 && got < 1.1) {
		t.Errorf("naive score = %v, %v", got, err)
	}
}
