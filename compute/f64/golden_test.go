package f64

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/golden.txt")

// TestGolden pins bits: those of every function on a few arguments, and of a whole least squares.
func TestGolden(t *testing.T) {
	var out strings.Builder
	f := func(name string, v float64) { fmt.Fprintf(&out, "%-18s %016x\n", name, math.Float64bits(v)) }
	for _, x := range []float64{0.1, 1, 2.5, 10, 709, 0x1p-1060} {
		f(fmt.Sprintf("exp %.4g", x), Exp(x))
		f(fmt.Sprintf("exp %.4g", -x), Exp(-x))
		f(fmt.Sprintf("log %.4g", x), Log(x))
		f(fmt.Sprintf("sin %.4g", x), Sin(x))
		f(fmt.Sprintf("cos %.4g", x), Cos(x))
		f(fmt.Sprintf("pow %.4g 1.7", x), Pow(x, 1.7))
		f(fmt.Sprintf("boxcox %.4g 0.3", x), BoxCox(x, 0.3))
	}
	const n = 5
	g, b, x := make([]float64, Triangle(n)), make([]float64, n), make([]float64, n)
	for i := range 20 {
		for j := range x {
			x[j] = Sin(float64(i*(j+3)) + float64(0.1*float64(j)))
		}
		Gram(g, b, x, Cos(float64(i)))
	}
	if !Cholesky(g, n) {
		t.Fatal("Cholesky = false, want true")
	}
	Solve(g, b)
	for i, v := range b {
		f(fmt.Sprintf("solve %d", i), v)
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		t.Errorf("bits = \n%s\nwant\n%s", got, want)
	}
}
