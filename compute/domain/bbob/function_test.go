package bbob

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"
)

// point returns one of the four points at which the golden values were taken.
func point(kind, n int) []float64 {
	x := make([]float64, n)
	for j := range x {
		switch kind {
		case 1:
			x[j] = 1
		case 2:
			x[j] = -4 + 8*float64(j)/float64(n-1)
		case 3:
			x[j] = 3 * (float64((7*j+3)%11) - 5) / 5
		}
	}
	return x
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The values are the COCO platform's: all functions, instances 1 to 3, dimensions 2, 5 and 20, at four points.
func TestGolden(t *testing.T) {
	file, err := os.Open("testdata/golden.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 1+Count*3*3*4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	worst := 0.0
	for _, row := range rows[1:] {
		var at [4]int
		for i := range at {
			at[i] = int(number(t, row[i]))
		}
		f, err := New(at[0], at[1], at[2])
		if err != nil {
			t.Fatal(err)
		}
		want, best := number(t, row[4]), number(t, row[5])
		got := f.Value(point(at[3], at[1]))
		e := math.Abs(got-want) / max(1, math.Abs(want))
		worst = max(worst, e)
		if !(e <= 1e-9) {
			t.Errorf("f%d(%d-D, instance %d, point %d) = %v, want %v", at[0], at[1], at[2], at[3], got, want)
		}
		if f.Best() != best {
			t.Errorf("best of f%d, instance %d = %v, want %v", at[0], at[2], f.Best(), best)
		}
	}
	t.Logf("largest difference %.2g of max(1, |f|)", worst)
}

// At the optimum the excess is 0 up to rounding, and nowhere below.
func TestOptimum(t *testing.T) {
	for id := 1; id <= Count; id++ {
		for _, n := range []int{2, 5, 20, 40} {
			f, err := New(id, n, 7)
			if err != nil {
				t.Fatal(err)
			}
			x := f.Optimum()
			if got := f.Excess(x); !(math.Abs(got) <= 1e-8) {
				t.Errorf("f%d(%d-D, optimum) = %v, want 0", id, n, got)
			}
			for kind := range 4 {
				if got := f.Excess(point(kind, n)); !(got > 0) {
					t.Errorf("f%d(%d-D, point %d) = %v, want above 0", id, n, kind, got)
				}
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range [][3]int{{0, 5, 1}, {25, 5, 1}, {1, 1, 1}, {1, 41, 1}, {1, 5, 0}, {1, 5, MaxInstance + 1}} {
		if _, err := New(c[0], c[1], c[2]); err == nil {
			t.Errorf("New(%v) = nil error", c)
		}
	}
}
