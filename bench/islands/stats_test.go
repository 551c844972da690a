package islands

import (
	"math"
	"testing"
)

func TestQuartiles(t *testing.T) {
	f := func(x []float64, q1, median, q3 float64) {
		t.Helper()
		if a, b, c := quartiles(x); a != q1 || b != median || c != q3 {
			t.Errorf("quartiles(%v) = %v, %v, %v, want %v, %v, %v", x, a, b, c, q1, median, q3)
		}
	}
	f(nil, 0, 0, 0)
	f([]float64{7}, 7, 7, 7)
	f([]float64{2, 1}, 1.25, 1.5, 1.75)
	f([]float64{5, 1, 3, 2, 4}, 2, 3, 4)
}

// TestMeanInterval: about as wide as ±1.96 standard errors, and the same every time.
func TestMeanInterval(t *testing.T) {
	x := make([]float64, 400)
	for i := range x {
		x[i] = float64(i % 20) // mean 9.5, variance 33.25
	}
	low, high := meanInterval(x)
	want := 1.96 * math.Sqrt(33.25/400)
	if math.Abs((high-low)/2-want) > 0.1*want || math.Abs((high+low)/2-9.5) > 0.1 {
		t.Errorf("interval [%v, %v], want 9.5 ± %v", low, high, want)
	}
	if l, h := meanInterval(x); l != low || h != high {
		t.Error("two calls differ")
	}
	if l, h := meanInterval(x[3:4]); l != 3 || h != 3 {
		t.Errorf("interval of one run = [%v, %v], want its value", l, h)
	}
}

// TestRatio: runs are paired, so a constant factor has no uncertainty.
func TestRatio(t *testing.T) {
	under := []float64{1, 5, 2, 9, 4}
	over := make([]float64, len(under))
	for i := range over {
		over[i] = 3 * under[i]
	}
	if r := ratio(over, under); math.Abs(r.Low-3) > 1e-12 || math.Abs(r.Value-3) > 1e-12 || math.Abs(r.High-3) > 1e-12 {
		t.Errorf("ratio = %v, want 3", r)
	}
	if r := ratio(over, make([]float64, 5)); r != nil {
		t.Errorf("ratio to nothing = %v", r)
	}
}
