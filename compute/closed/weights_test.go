package closed

import (
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/f64"
)

// folds returns two folds of absolute errors: members are the target plus what offset says.
func offsets(members, cases, outputs int, offset func(m, j int) float64) []Fold {
	var folds []Fold
	for i := range 2 {
		f := Fold{Outputs: outputs, Scale: float64(i + 1), Predictions: make([][]float32, members)}
		for j := range cases * outputs {
			target := f64.Sin(float64(j + 100*i))
			f.Targets = append(f.Targets, float32(target))
			for m := range members {
				f.Predictions[m] = append(f.Predictions[m], float32(target+offset(m, j)))
			}
		}
		folds = append(folds, f)
	}
	return folds
}

func TestWeights(t *testing.T) {
	f := func(what string, folds []Fold, loss Loss, want ...int) {
		t.Helper()
		if got := Weights(folds, loss); !slices.Equal(got, want) {
			t.Errorf("%s: Weights = %v, want %v", what, got, want)
		}
	}
	alternating := func(j int) float64 { return float64(1 - 2*(j&1)) }
	f("no fold", nil, Absolute)
	f("one member", offsets(1, 5, 2, func(m, j int) float64 { return 1 }), Absolute, 1)
	// Bags: {0, 2}, {1, 3}, {0, 1}, {2, 3}.
	f("equal members", offsets(4, 5, 2, func(m, j int) float64 { return 1 }), Absolute, 2, 1, 1, 0)
	f("errors that cancel", offsets(2, 6, 1, func(m, j int) float64 { return alternating(j + m) }), Absolute, 1, 1)
	f("not a number", offsets(2, 5, 1, func(m, j int) float64 { return []float64{math.NaN(), 1}[m] }), Absolute, 0, 1)
	f("nothing but", offsets(3, 5, 1, func(m, j int) float64 { return math.NaN() }), Absolute, 1, 0, 0)
	f("no cases", []Fold{{Predictions: make([][]float32, 2), Outputs: 1}}, Absolute, 2, 1)

	classes := Fold{
		Outputs: 2, Targets: []float32{1, 0, 0, 1, 1, 0},
		Predictions: [][]float32{{.5, .5, .5, .5, .5, .5}, {1, 0, 0, 1, 0, 1}, {.8, .2, .3, .7, .6, .4}, {.9, .1, .1, .9, .9, .1}},
	}
	f("classes", []Fold{classes}, Logarithmic, 0, 0, 0, 1)
}

// TestWeightsNaive repeats the selection with sums made anew for each trial.
func TestWeightsNaive(t *testing.T) {
	const members = 7
	folds := offsets(members, 40, 3, func(m, j int) float64 {
		return float64(f64.Sin(float64(j*(m+3)))*float64(m+2)) / 4
	})
	counts := make([]int, members)
	chosen, errs := [4][]int{}, [4]float64{}
	for bag := range 4 {
		var picks []int
		best, length := math.Inf(1), 0
		for range 8 {
			next, least := 0, math.Inf(1)
			for m := range members {
				if m>>(bag/2)&1 != bag&1 {
					continue
				}
				if e := errorOf(folds, append(slices.Clone(picks), m)); e < least {
					next, least = m, e
				}
			}
			picks = append(picks, next)
			if least < best {
				best, length = least, len(picks)
			}
		}
		chosen[bag], errs[bag] = picks[:length], best
	}
	for bag, picks := range chosen {
		for _, m := range picks {
			if errs[bag] <= 1.125*slices.Min(errs[:]) {
				counts[m]++
			}
		}
	}
	want := Reduced(counts)
	if got := Weights(folds, Absolute); !slices.Equal(got, want) {
		t.Errorf("Weights = %v, want %v", got, want)
	}
}

func errorOf(folds []Fold, picks []int) float64 {
	var all float64
	for _, f := range folds {
		var sum float64
		for j, target := range f.Targets {
			var s float64
			for _, m := range picks {
				s += float64(f.Predictions[m][j])
			}
			sum += math.Abs(float64(s*(1/float64(len(picks)))) - float64(target))
		}
		all += sum / float64(len(f.Targets)) / f.Scale
	}
	return all
}

func TestCombine(t *testing.T) {
	predictions := [][]float32{{1, 0x1p24}, {math.MaxFloat32, 0}, {4, 1}, {7, 1}}
	out := make([]float32, 2)
	Combine([]int{2, 0, 1, 1}, predictions, out)
	// The chain: 2²⁵ + 1 + 1 stays 2²⁵ in float32.
	if want := []float32{13.0 / 4, 0x1p23}; !slices.Equal(out, want) {
		t.Errorf("Combine = %v, want %v", out, want)
	}
}

func FuzzWeights(f *testing.F) {
	f.Add(uint64(1), byte(3), byte(5), byte(1))
	f.Fuzz(func(t *testing.T, bits uint64, members, cases, outputs byte) {
		n, c, o := int(members%9)+1, int(cases%6), int(outputs%4)+1
		folds := offsets(n, c, o, func(m, j int) float64 {
			bits = bits*6364136223846793005 + 1442695040888963407
			return math.Float64frombits(bits)
		})
		for _, loss := range []Loss{Absolute, Logarithmic} {
			w, total := Weights(folds, loss), 0
			for _, v := range w {
				if v < 0 {
					t.Fatalf("Weights = %v, want none below 0", w)
				}
				total += v
			}
			if len(w) != n || total < 1 || total > MaxPicks {
				t.Fatalf("Weights = %v, want %d with a sum of 1 to %d", w, n, MaxPicks)
			}
		}
	})
}
