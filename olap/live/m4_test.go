package live

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// column is the pixel column of a point, as TestThin's reference sees it.
func columnOf(x, from, to float64, width int) int {
	return min(int((x-from)/((to-from)/float64(width))), width-1)
}

// TestThin holds M4 against a dumb reference: of each pixel column the first, last, lowest and highest point are there, beside
// the two that lead out of the picture, and nothing else.
func TestThin(t *testing.T) {
	f := func(name string, x, y []float64, from, to float64, width int) {
		t.Helper()
		want := map[int32]bool{}
		before, after := -1, -1
		type extremes struct{ first, last, low, high int }
		columns := map[int]*extremes{}
		for i := range x {
			switch {
			case x[i] < from:
				before = i
				continue
			case x[i] > to:
				if after < 0 {
					after = i
				}
				continue
			}
			k := columnOf(x[i], from, to, width)
			e := columns[k]
			if e == nil {
				columns[k] = &extremes{i, i, i, i}
				continue
			}
			e.last = i
			if y[i] < y[e.low] {
				e.low = i
			}
			if y[i] > y[e.high] {
				e.high = i
			}
		}
		for _, e := range columns {
			for _, i := range []int{e.first, e.last, e.low, e.high} {
				want[int32(i)] = true
			}
		}
		for _, i := range []int{before, after} {
			if i >= 0 {
				want[int32(i)] = true
			}
		}
		got := Thin(x, y, from, to, width)
		if !slices.IsSorted(got) {
			t.Errorf("%s: Thin = %v, which does not ascend", name, got)
		}
		if len(got) != len(want) || len(got) > 4*width+2 {
			t.Errorf("%s: Thin has %d points, want %d, at most %d", name, len(got), len(want), 4*width+2)
		}
		for _, i := range got {
			if !want[i] {
				t.Errorf("%s: Thin has point %d, which nothing asks for", name, i)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 7, 64, 1000, 5000} {
		x, y := make([]float64, n), make([]float64, n)
		at := 0.0
		for i := range x {
			at += float64(r.IntN(3)) / 4 // some stand at one place; quarters divide exactly
			x[i], y[i] = at, r.NormFloat64()
		}
		for _, width := range []int{1, 2, 16, 128} {
			f(fmt.Sprint(n, " of ", width), x, y, 0, 1024, width)
			f(fmt.Sprint(n, " inner ", width), x, y, 64, 192, width)
		}
	}
}

// TestThinKeepsSpikes: one point in a million is in every picture.
func TestThinKeepsSpikes(t *testing.T) {
	x, y := wave(1_000_000)
	y[123_456], y[777_777] = 9, -9
	got := Thin(x, y, x[0], x[len(x)-1], 800)
	if !slices.Contains(got, 123_456) || !slices.Contains(got, 777_777) {
		t.Error("a spike is lost")
	}
	if len(got) > 4*800+2 {
		t.Errorf("Thin of a million points has %d, want at most %d", len(got), 4*800+2)
	}
}

// TestThinHoles: what is no number does not stand for others.
func TestThinHoles(t *testing.T) {
	nan := math.NaN()
	got := Thin([]float64{0, 1, 2, 3, 4}, []float64{nan, 2, nan, 1, nan}, 0, 4, 1)
	if want := []int32{1, 3}; !slices.Equal(got, want) {
		t.Errorf("Thin = %v, want %v", got, want)
	}
}

func wave(n int) (x, y []float64) {
	x, y = make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], y[i] = float64(i+1), math.Sin(float64(i)/100)
	}
	return x, y
}

func BenchmarkThin(b *testing.B) {
	x, y := wave(1_000_000)
	b.SetBytes(int64(16 * len(x)))
	for b.Loop() {
		Thin(x, y, x[0], x[len(x)-1], 800)
	}
}
