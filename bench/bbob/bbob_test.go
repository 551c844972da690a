package bbob

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// small is a measurement of a second.
func small(t *testing.T) Config {
	c := DefaultConfig()
	c.Dimensions, c.Functions, c.Instances, c.Budget = []int{2, 3}, []int{1, 8, 24}, 2, 500
	c.Journal = filepath.Join(t.TempDir(), "j.jsonl")
	return c
}

// A measurement that goes on from its journal is the one that was not interrupted, and measures nothing twice.
func TestMeasure(t *testing.T) {
	c := small(t)
	whole, err := Measure(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Measure(t.Context(), c); err != nil || !reflect.DeepEqual(again, whole) {
		t.Errorf("from the journal: %+v, %v, want %+v", again, err, whole)
	}
	parts := small(t)
	parts.Instances = 1
	if _, err := Measure(t.Context(), parts); err != nil {
		t.Fatal(err)
	}
	parts.Instances = 2
	if got, err := Measure(t.Context(), parts); err != nil || !reflect.DeepEqual(got, whole) {
		t.Errorf("in two parts: %+v, %v, want %+v", got, err, whole)
	}
	if len(whole.BBOB) != 6 || whole.BBOB[0].Solved != 2 || whole.BBOB[0].ERT == nil || whole.BBOB[0].Goptuna.Solved != 2 {
		t.Errorf("the sphere: %+v", whole.BBOB[0])
	}
	var b bytes.Buffer
	if err := whole.WriteText(&b); err != nil || !strings.Contains(b.String(), "| 3 | f8 | ") {
		t.Errorf("text %s, %v", b.String(), err)
	}
	parts.Budget = 400
	if _, err := Measure(t.Context(), parts); err == nil {
		t.Error("a journal of another budget is taken")
	}
}

func TestBest(t *testing.T) {
	best, err := bestOf2009(bestFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{5, 20} {
		known := 0
		for id := 1; id <= 24; id++ {
			if best[[2]int{id, n}] != nil {
				known++
			}
		}
		if known < 20 {
			t.Errorf("%d functions of %d dimensions have a best, want at least 20", known, n)
		}
	}
}

func TestExpected(t *testing.T) {
	if n, ert := expected([]*Run{{Evaluations: 100, Solved: true}, {Evaluations: 500}}); n != 1 || *ert != 600 {
		t.Errorf("expected = %d, %v, want 1, 600", n, *ert)
	}
	if n, ert := expected([]*Run{{Evaluations: 500}}); n != 0 || ert != nil {
		t.Errorf("expected = %d, %v, want none", n, ert)
	}
}

func TestConfigRefuses(t *testing.T) {
	f := func(change func(*Config)) {
		t.Helper()
		c := DefaultConfig()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("Validate(%+v) = nil", c)
		}
	}
	f(func(c *Config) { c.Dimensions = []int{1} })
	f(func(c *Config) { c.Functions = []int{25} })
	f(func(c *Config) { c.Solvers = []string{"gonum"} })
	f(func(c *Config) { c.Instances = 0 })
	f(func(c *Config) { c.Budget = 0 })
}
