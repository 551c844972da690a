package tabular

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/boost"
	"doin.network/node/compute/domain/domaintest"
)

// Trees are better than the constants on each fold, and all are as many.
func TestBoosted(t *testing.T) {
	for _, d := range []tested{mustDomain(t, houses(200), Regression, nil), mustDomain(t, blobs(40, 2), Classification, nil), mustDomain(t, blobs(30, 3), Classification, nil)} {
		classes := len(d.data.classes)
		var rounds []int
		for fold := range d.data.folds {
			f, v, out := fitted(t, d, d.boosted, fold)
			rounds = append(rounds, f.(*fittedBoost).model.Rounds())
			_, _, naive := fitted(t, d, d.Baselines()[0], fold)
			if got, limit := total(v, out), 0.6*total(v, naive); !(got < limit) {
				t.Errorf("%d classes, fold %d: error %.2f, want below %.2f", classes, fold, got, limit)
			}
		}
		final, err := d.boosted.Fit(t.Context(), len(d.data.folds))
		if err != nil {
			t.Fatal(err)
		}
		if rounds = append(rounds, final.(*fittedBoost).model.Rounds()); slices.Min(rounds) != slices.Max(rounds) {
			t.Errorf("%d classes: rounds %v, want the same of all", classes, rounds)
		}
		again, err := newBoosted(d.data).Fit(t.Context(), len(d.data.folds))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.Coefficients(), final.Coefficients()) {
			t.Errorf("%d classes: another fit: %v, want %v", classes, again.Coefficients(), final.Coefficients())
		}
	}
}

// total is the sum of the errors of predictions.
func total(s *subset, predictions []float32) (sum float64) {
	errors := make([]float32, s.Len())
	s.Errors(predictions, errors)
	for _, e := range errors {
		sum += float64(e)
	}
	return sum
}

// A fit that is cancelled is none, and the next one is not disturbed by it.
func TestBoostedCancelled(t *testing.T) {
	d := mustDomain(t, blobs(20, 2), Classification, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, fold := range []int{0, len(d.data.folds)} {
		if _, err := d.boosted.Fit(ctx, fold); !errors.Is(err, context.Canceled) {
			t.Errorf("Fit(%d) = %v, want %v", fold, err, context.Canceled)
		}
		if _, err := d.boosted.Fit(t.Context(), fold); err != nil {
			t.Errorf("Fit(%d) = %v, want nil", fold, err)
		}
	}
}

// Numbers that are missing are so, categories have the mean of the others' targets, and unknown ones none.
func TestBoostFeatures(t *testing.T) {
	d := mustDomain(t, houses(120), Regression, nil).data
	f := features(d)
	rows := d.trainingRows(1)
	f.fit(rows)
	if f.width() != 2+3+1+1 { // area, rooms; a town each and one for none; their means
		t.Fatalf("width = %d, want 7", f.width())
	}
	e := &d.encoders[2]
	for i, row := range rows {
		x := d.learn.row(int(row))
		out := make([]float32, f.width())
		f.row(x, out, f.apart[i%meanParts])
		if lost := x[d.encoders[1].at+1] == 1; lost != (out[1] != out[1]) {
			t.Fatalf("row %d: rooms %v, want missing = %v", row, out[1], lost)
		}
		town := slices.Index(x[e.at:][:3], 1)
		if town < 0 {
			if out[6] == out[6] {
				t.Errorf("row %d: mean %v of no town", row, out[6])
			}
			continue
		}
		var sum, n, all, count float64
		for k, other := range rows {
			if k%meanParts == i%meanParts {
				continue
			}
			y := float64(d.learn.targets[other])
			all, count = all+y, count+1
			if d.learn.row(int(other))[e.at+town] == 1 {
				sum, n = sum+y, n+1
			}
		}
		domaintest.Near(t, "mean of a town", float64(out[6]), (sum+meanPrior*all/count)/(n+meanPrior), 1e-4)
	}
	unknown := make([]float32, d.inputs)
	out := make([]float32, f.width())
	if f.row(unknown, out, f.means); !math.IsNaN(float64(out[6])) {
		t.Errorf("mean %v of an unknown town", out[6])
	}
}

// What a fit costs is bounded, and its settings are ones that package boost takes.
func TestBoostConfig(t *testing.T) {
	for _, classes := range []int{0, 2, 3, MaxClasses} {
		for rows := 1; rows <= boost.MaxRows; rows *= 4 {
			for columns := 1; columns <= boost.MaxFeatures; columns *= 4 {
				c := boostConfig(classes, rows, columns)
				if c.Rounds < minBoostRounds {
					continue
				}
				if err := c.Validate(); err != nil {
					t.Errorf("boostConfig(%d, %d, %d): %v", classes, rows, columns, err)
				}
				if work := c.Rounds * rows * max(1, columns*c.ColumnShare/boost.Whole) * c.Outputs(); work > mostBoostWork {
					t.Errorf("boostConfig(%d, %d, %d): work %d, want at most %d", classes, rows, columns, work, mostBoostWork)
				}
			}
		}
	}
	wide := &dataset{inputs: 4096, learn: &samples{width: 1, inputs: make([]float32, boost.MaxRows+1)}}
	if newBoosted(wide) != nil {
		t.Error("a table of too many rows has trees")
	}
}
