package domain

import (
	"errors"
	"math"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func TestCheckKeys(t *testing.T) {
	known := []string{"horizon", "period", "max_steps"}
	if err := CheckKeys(canon.NewObject("horizon", 1, "$doc", 2, "ga", 3, "population_size", 4), known...); err != nil {
		t.Error(err)
	}
	err := CheckKeys(canon.NewObject("horizn", 1, "max_step", 2), known...)
	if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), `"horizon"`) || !strings.Contains(err.Error(), `"max_steps"`) {
		t.Errorf("error %v", err)
	}
	if err := CheckKeys(canon.NewObject(strings.Repeat("x", 1<<20), 1), known...); len(err.Error()) > 300 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

func TestDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := distance(a, b); got != want {
			t.Errorf("distance(%q, %q) = %d, want %d", a, b, got, want)
		}
	}
	f("", "", 0)
	f("a", "", 1)
	f("", "ab", 2)
	f("kitten", "sitting", 3)
	f("period", "perod", 1)
}

func TestReals(t *testing.T) {
	got, err := Reals([]any{int64(1), 2.5}, 2)
	if err != nil || got[0] != 1 || got[1] != 2.5 {
		t.Errorf("Reals = %v, %v", got, err)
	}
	for _, bad := range []any{nil, "1", []any{true}, []any{"1"}, []any{nil}, []any{math.NaN()}, []any{math.Inf(1)}, []any{1.0, 2.0, 3.0}} {
		if got, err := Reals(bad, 2); err == nil {
			t.Errorf("Reals(%v) = %v, want an error", bad, got)
		}
	}
}
