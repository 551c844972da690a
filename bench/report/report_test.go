package report

import (
	"errors"
	"testing"
)

func TestMedian(t *testing.T) {
	f := func(s []float64, want float64) {
		t.Helper()
		if got := Median(s); got != want {
			t.Errorf("Median(%v) = %v, want %v", s, got, want)
		}
	}
	f(nil, 0)
	f([]float64{3}, 3)
	f([]float64{3, 1, 2}, 2)
	f([]float64{4, 1, 2, 3}, 2.5)
	s := []float64{9, 1, 5}
	f(s, 5)
	if s[0] != 9 {
		t.Errorf("Median changed its argument: %v", s)
	}
}

// full takes one write.
type full struct{ writes int }

var errFull = errors.New("full")

func (w *full) Write(b []byte) (int, error) {
	if w.writes++; w.writes > 1 {
		return 0, errFull
	}
	return len(b), nil
}

func TestPrinterKeepsTheFirstError(t *testing.T) {
	w := &full{}
	p := Printer{W: w}
	for range 4 {
		p.Printf("%d\n", 1)
	}
	if !errors.Is(p.Err, errFull) || w.writes != 2 {
		t.Errorf("Err = %v after %d writes, want %v after 2", p.Err, w.writes, errFull)
	}
}
