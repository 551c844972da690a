package f64

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSums(t *testing.T) {
	x := []float64{1, 0x1p-53, 0x1p-53, -1}
	if got := Sum(x); got != 0 { // ascending: both small ones are lost, one after the other
		t.Errorf("Sum(%v) = %x, want 0", x, got)
	}
	a, b := []float64{1 + 0x1p-30, -1}, []float64{1 + 0x1p-30, 1 + 0x1p-29}
	if got := Dot(a, b); got != 0 { // the product rounds to 1 + 2⁻²⁹; fused it would leave 2⁻⁶⁰
		t.Errorf("Dot(%v, %v) = %x, want 0", a, b, got)
	}
	y := []float64{-1 - 0x1p-29}
	if Axpy(1+0x1p-30, a[:1], y); y[0] != 0 {
		t.Errorf("Axpy: got %x, want 0", y[0])
	}
}

func TestSolve(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 8, 40} {
		g, b, want := make([]float64, Triangle(n)), make([]float64, n), make([]float64, n)
		for i := range want {
			want[i] = r.NormFloat64()
		}
		row := make([]float64, n)
		for range 3 * n {
			for i := range row {
				row[i] = r.NormFloat64()
			}
			Gram(g, b, row, Dot(row, want))
		}
		if !Cholesky(g, n) {
			t.Fatalf("Cholesky of order %d = false, want true", n)
		}
		Solve(g, b)
		for i := range want {
			if !(math.Abs(b[i]-want[i]) < 1e-9) {
				t.Errorf("Solve of order %d: x[%d] = %v, want %v", n, i, b[i], want[i])
			}
		}
	}
}

func TestCholeskyRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, a := range [][]float64{{0}, {-1}, {nan}, {inf}, {1, 1, 1}, {1, 2, 1}, {1, nan, 1}, {inf, 1, 1}} {
		n := 1
		if len(a) == 3 {
			n = 2
		}
		if got := Cholesky(append([]float64(nil), a...), n); got {
			t.Errorf("Cholesky(%v) = true, want false", a)
		}
	}
}
