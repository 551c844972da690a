package agreement

import (
	"errors"
	"math"
	"testing"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

func TestParse(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		v, err := canon.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		a, err := Parse(v)
		if want == "" {
			if !errors.Is(err, ErrAgreement) {
				t.Errorf("Parse(%s) = %v, %v, want ErrAgreement", text, a, err)
			}
			return
		}
		if back, err2 := Parse(a.Value()); err != nil || a.String() != want || err2 != nil || back != a {
			t.Errorf("Parse(%s) = %v, %v, want %s, and the same again: %v, %v", text, a, err, want, back, err2)
		}
	}
	f(`"exact"`, "exact")
	f(`{"within": "1/1000"}`, "within 1/1000")
	f(`{"within": "1/10"}`, "within 1/10")
	f(`{"within": "1/1000000"}`, "within 1/1000000")
	for _, bad := range []string{`null`, `"approximate"`, `1`, `0.001`, `{}`, `{"within": 0.001}`, `{"within": "0"}`, `{"within": "1/9"}`, `{"within": 1}`,
		`{"within": "-1/10"}`, `{"within": "1/10", "more": 1}`, `["exact"]`} {
		f(bad, "")
	}
}

// The rule at its edges. With r = 1/16 products and quotients of these numbers are exact in binary64, too, so that the number beside
// the last one that agrees must not.
func TestSame(t *testing.T) {
	f := func(r ratio.Ratio, x, y float64, want bool) {
		t.Helper()
		a := Agreement{r}
		for _, p := range [][2]float64{{x, y}, {y, x}, {-x, -y}} {
			if got := a.Same(p[0], p[1]); got != want {
				t.Errorf("%v: Same(%v, %v) = %v, want %v", a, p[0], p[1], got, want)
			}
		}
	}
	sixteenth := ratio.Ratio{Num: 1, Den: 16}
	above, below := math.Inf(1), math.Inf(-1)
	f(sixteenth, 16, 15, true)
	f(sixteenth, 16, math.Nextafter(15, below), false)
	f(sixteenth, math.Nextafter(16, above), 15, false)
	f(sixteenth, 16, 16, true)
	f(sixteenth, 1, -1, false)
	f(sixteenth, 0, 0, true)
	f(sixteenth, 0, math.Copysign(0, -1), true)
	f(sixteenth, 0, math.SmallestNonzeroFloat64, false)
	f(sixteenth, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, false)
	f(sixteenth, 16*math.SmallestNonzeroFloat64, 15*math.SmallestNonzeroFloat64, true)
	f(sixteenth, 16*math.SmallestNonzeroFloat64, 14*math.SmallestNonzeroFloat64, false)
	f(sixteenth, 15*math.SmallestNonzeroFloat64, 14*math.SmallestNonzeroFloat64, false) // 1/15 of it is above 1/16
	f(sixteenth, 0x1p1023, 15*0x1p1019, true)
	f(sixteenth, 0x1p1023, math.Nextafter(15*0x1p1019, 0), false)
	f(sixteenth, math.MaxFloat64, -math.MaxFloat64, false)
	f(sixteenth, math.Inf(1), math.Inf(1), false)
	f(sixteenth, math.NaN(), math.NaN(), false)

	thousandth := Default.Within
	f(thousandth, 1000, 999, true)
	f(thousandth, 1000, math.Nextafter(999, below), false)
	// 0.999 in binary64 is 0.99899999999999999911…: further from 1 than a thousandth, which no binary64 arithmetic sees.
	f(thousandth, 1, 0.999, false)
	f(thousandth, 1, math.Nextafter(0.999, above), true)

	exact := ratio.Ratio{}
	f(exact, 1, 1, true)
	f(exact, 1, math.Nextafter(1, above), false)
	f(exact, 0, math.Copysign(0, -1), false)
}

// What a domain of one's own says by "models" is its own; a built-in one's is looked at, whatever else stands in it.
func TestApproximate(t *testing.T) {
	f := func(plugin, config, want string) {
		t.Helper()
		o, err := canon.ParseObject([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := Approximate(plugin, o); got != want || ok != (want != "") {
			t.Errorf("Approximate(%s, %s) = %q, %v, want %q", plugin, config, got, ok, want)
		}
	}
	f("forecast", `{}`, "")
	f("forecast", `{"models": ["mlp", "tcn"]}`, "")
	f("forecast", `{"models": ["mlp", "gru", "lstm"]}`, "gru")
	f("tabular", `{"models": ["attention"]}`, "attention")
	f("tabular", `{"models": "attention"}`, "")
	f("forecast", `{"models": [1, null, "lstm"]}`, "lstm")
	f("exec:./own.py", `{"models": ["gru"]}`, "")
	if got, ok := Approximate("forecast", nil); ok {
		t.Errorf("Approximate of nothing = %q", got)
	}
}
