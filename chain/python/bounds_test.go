package python

import (
	"errors"
	"math"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorBounds(t *testing.T, c golden.Case) {
	var valid bool
	var reason string
	switch c.Kind {
	case "bounds":
		valid, reason = must(ParseBounds(obj(c.File, "bounds"))).Check(obj(c.Inputs, "parameters"))
	case "limits":
		valid, reason = DefaultLimits().Check(obj(c.Inputs, "parameters"))
	default:
		t.Fatalf("unknown kind %q", c.Kind)
	}
	same(t, "verdict", canon.NewObject("valid", valid, "reason", reason), c.Expected)
}

func TestBoundsText(t *testing.T) {
	b := must(ParseBounds(canon.NewObject("x", []any{int64(0), 10.0})))
	f := func(v any, reason string) {
		t.Helper()
		if _, got := b.Check(canon.NewObject("x", v)); got != reason {
			t.Errorf("Check(%v) = %q, want %q", v, got, reason)
		}
	}
	f(" 1_0 ", "")
	f("1__1", "")
	f("0x20", "")
	f("20", "Parameter 'x' = 20.0 outside bounds [0, 10.0]")
	f("1e999", "Parameter 'x' = inf outside bounds [0, 10.0]")
	f("-Infinity", "Parameter 'x' = -inf outside bounds [0, 10.0]")
	f("nan", "")
	f(math.Inf(1), "Parameter 'x' = inf outside bounds [0, 10.0]")
	f(canon.NewObject(), "")
	for _, bad := range []any{nil, 1.0, []any{1.0}, []any{"a", 1.0}, []any{1.0, nil}} {
		if _, err := ParseBounds(canon.NewObject("x", bad)); !errors.Is(err, ErrRange) {
			t.Errorf("ParseBounds(%v) = %v, want ErrRange", bad, err)
		}
	}
}
