package vec

import (
	"errors"
	"slices"
	"testing"
)

func TestSelect(t *testing.T) {
	t.Setenv(ISAVariable, "")
	if isa, err := Select(); err != nil || isa != Best() {
		t.Errorf("Select() without %s = %q, %v, want %q", ISAVariable, isa, err, Best())
	}
	for _, want := range Supported() {
		t.Setenv(ISAVariable, string(want))
		if isa, err := Select(); err != nil || isa != want {
			t.Errorf("Select() with %s=%s = %q, %v", ISAVariable, want, isa, err)
		}
		if k, err := For(want); err != nil || k.ISA() != want {
			t.Errorf("For(%q) = %v, %v", want, k, err)
		}
	}
	t.Setenv(ISAVariable, "sse9")
	if isa, err := Select(); !errors.Is(err, ErrISA) {
		t.Errorf("Select() with an unknown name = %q, %v, want ErrISA", isa, err)
	}
	if _, err := For("sse9"); !errors.Is(err, ErrISA) {
		t.Errorf("For of an unknown name: %v, want ErrISA", err)
	}
	s := Supported()
	if !slices.Contains(s, Naive) || !slices.Contains(s, Generic) || slices.Index(s, Best()) != len(s)-1 {
		t.Errorf("Supported() = %v, Best() = %v", s, Best())
	}
	s[0] = "changed"
	if Supported()[0] != Naive {
		t.Error("Supported() hands out the table itself")
	}
}

func TestSelfCheck(t *testing.T) {
	for _, isa := range Supported() {
		k, err := For(isa)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.SelfCheck(); err != nil {
			t.Error(err)
		}
	}
	if PeakFMA(Naive, 10) != 0 || PeakFMA("sse9", 10) != 0 || PeakFMA(Best(), 0) != 0 {
		t.Error("PeakFMA of nothing is not 0")
	}
}
