package quality

import (
	"math"
	"path/filepath"
	"slices"
	"testing"
)

// TestChecks runs each of the checks for a moment, twice: the second time from its journal.
func TestChecks(t *testing.T) {
	c := DefaultConfig()
	c.Data, c.Worker, c.Sets = "testdata", program(t), []string{"penguins"}
	c.Budget, c.Evaluations, c.Seeds, c.Population, c.ClaimSeeds = 0, 8, 1, 4, 2
	dir := t.TempDir()
	c.Journal = filepath.Join(dir, "j")
	var lines int
	c.Progress = func(string) { lines++ }
	twice := func(what string, once func() (any, error)) {
		t.Helper()
		for i := range 2 {
			lines = 0
			if _, err := once(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if (lines == 0) != (i == 1) {
				t.Errorf("%s, time %d: %d lines", what, i+1, lines)
			}
		}
	}
	twice("z", func() (any, error) {
		r, err := CheckZ(t.Context(), c, 4, filepath.Join(dir, "z"))
		if err == nil && (len(r.Champions) != 1 || math.IsNaN(r.Mean) || !(r.Champions[0].Error > 0)) {
			t.Errorf("z: %+v", r)
		}
		return r, err
	})
	twice("random", func() (any, error) {
		r, err := CheckRandom(t.Context(), c, filepath.Join(dir, "r"))
		if err != nil {
			return r, err
		}
		p := r.Pairs[0]
		if last := p.Random.Steps - p.Genetic.Steps; p.Genetic.Steps == 0 || p.Random.Evaluations < 2*c.Evaluations && last < 0 {
			t.Errorf("random: %+v: want no fewer steps than the genetic search's", p)
		}
		return r, err
	})
	c.Journal = filepath.Join(dir, "n")
	twice("noise", func() (any, error) {
		r, err := CheckNoise(t.Context(), c, 2, filepath.Join(dir, "noise"))
		if err == nil && len(r.Runs) != 2 {
			t.Errorf("noise: %d runs, want 2", len(r.Runs))
		}
		return r, err
	})
}

// TestZReport: counts and means.
func TestZReport(t *testing.T) {
	r := zReport([]*Z{{Z: 1}, {Z: -4}, {Z: 0}})
	if r.Mean != -1 || r.Within != 2 {
		t.Errorf("zReport: mean %v, %d within; want -1, 2", r.Mean, r.Within)
	}
}

// TestRandomReport: ties are nobody's.
func TestRandomReport(t *testing.T) {
	a, b := Arm{Best: 2, Validation: -1, Test: 3}, Arm{Best: 1, Validation: -1, Test: 4}
	r := randomReport([]*Pair{{Genetic: a, Random: b}, {Genetic: b, Random: a}, {Genetic: a, Random: a}})
	got := []int{r.Best, r.Validation, r.TiesValidation, r.Test, r.TiesTest}
	if want := []int{1, 0, 3, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("randomReport = %v, want %v", got, want)
	}
}

func TestInterval(t *testing.T) {
	f := func(x []float64, low, at, high float64) {
		t.Helper()
		l, m, h := interval(x)
		if math.Abs(l-low)+math.Abs(m-at)+math.Abs(h-high) > 1e-9 {
			t.Errorf("interval(%v) = %v, %v, %v, want %v, %v, %v", x, l, m, h, low, at, high)
		}
	}
	f([]float64{3}, 3, 3, 3)
	f([]float64{2, 2, 2}, 2, 2, 2)
	f([]float64{1, 2, 3, 4, 5}, 3-2.776/math.Sqrt(2), 3, 3+2.776/math.Sqrt(2))
}
