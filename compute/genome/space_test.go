package genome

import (
	"math"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func mixed() Space {
	return Space{
		{Name: "layers", Kind: Int, Low: 1, High: 3},
		{Name: "width_1", Kind: Int, Low: 4, High: 64, Log: true},
		{Name: "width_2", Kind: Int, Low: 4, High: 64, Log: true, When: &Condition{Gene: "layers", AtLeast: 2}},
		{Name: "width_3", Kind: Int, Low: 4, High: 64, Log: true, When: &Condition{Gene: "layers", AtLeast: 3}},
		{Name: "learning_rate", Kind: Real, Low: float64(float32(1e-4)), High: float64(float32(0.1)), Log: true},
		{Name: "momentum", Kind: Real, Low: -1, High: 1},
		{Name: "activation", Kind: Category, Choices: []string{"relu", "tanh", "gelu"}},
	}
}

// lcg is a draw source for tests only.
func lcg(seed uint32) func() float32 {
	return func() float32 {
		seed = seed*1664525 + 1013904223
		return float32(seed>>8) / (1 << 24)
	}
}

func TestRandomRoundTrip(t *testing.T) {
	s := mixed()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	draw := lcg(7)
	layers := map[float64]int{}
	for range 2000 {
		g := s.Random(draw)
		if err := s.Check(g); err != nil {
			t.Fatalf("Random() = %v: %v", g, err)
		}
		layers[g[0]]++
		o, err := canon.ParseObject(canon.Canonical(s.Object(g)))
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.Parse(o)
		if err != nil {
			t.Fatalf("Parse(%s): %v", canon.Canonical(o), err)
		}
		if s.Hash(back) != s.Hash(g) {
			t.Fatalf("Parse(Object(%v)) = %v", g, back)
		}
	}
	for n := 1.0; n <= 3; n++ {
		if layers[n] < 500 {
			t.Errorf("layers = %v drawn %d of 2000 times", n, layers[n])
		}
	}
}

func TestPositionInvertsAt(t *testing.T) {
	s := mixed()
	for i := range s {
		g := &s[i]
		if n := g.Count(); n > 0 {
			for k := range n {
				v := float64(k)
				if g.Kind == Int {
					v += g.Low
				}
				if got := g.At(g.Position(v)); got != v {
					t.Errorf("%s: At(Position(%v)) = %v", g.Name, v, got)
				}
			}
			continue
		}
		for _, u := range []float32{0, 0.25, 0.5, 1} {
			if got := g.Position(g.At(u)); math.Abs(float64(got-u)) > 1e-5 {
				t.Errorf("%s: Position(At(%v)) = %v", g.Name, u, got)
			}
		}
	}
	for _, u := range []float32{float32(math.NaN()), -1, 2, float32(math.Inf(1))} {
		for i := range s {
			if err := s[i].check(s[i].At(u)); err != nil {
				t.Errorf("%s: At(%v): %v", s[i].Name, u, err)
			}
		}
	}
}

func TestActiveChain(t *testing.T) {
	s := Space{
		{Name: "a", Kind: Int, Low: 0, High: 2},
		{Name: "b", Kind: Int, Low: 0, High: 2, When: &Condition{Gene: "a", AtLeast: 1}},
		{Name: "c", Kind: Real, Low: 0, High: 1, When: &Condition{Gene: "b", AtLeast: 2}},
	}
	f := func(g Genome, want ...bool) {
		t.Helper()
		for i := range s {
			if got := s.Active(g, i); got != want[i] {
				t.Errorf("Active(%v, %d) = %v, want %v", g, i, got, want[i])
			}
		}
	}
	f(Genome{0, 2, 0}, true, false, false)
	f(Genome{1, 1, 0}, true, true, false)
	f(Genome{1, 2, 0}, true, true, true)
}

func TestParseRefuses(t *testing.T) {
	s := mixed()
	const good = `{"layers": 1, "width_1": 8, "learning_rate": 0.0010000000474974513, "momentum": 0.5, "activation": "relu"}`
	parse := func(text string) error {
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Parse(o)
		return err
	}
	if err := parse(good); err != nil {
		t.Fatal(err)
	}
	f := func(old, new, gene string) {
		t.Helper()
		err := parse(strings.Replace(good, old, new, 1))
		if err == nil || !strings.Contains(err.Error(), `"`+gene+`"`) {
			t.Errorf("%s for %s: error %v, want one naming %q", new, old, err, gene)
		}
	}
	f(`"momentum": 0.5, `, ``, "momentum")
	f(`"momentum": 0.5`, `"momentum": 1`, "momentum")
	f(`"momentum": 0.5`, `"momentum": -0.0`, "momentum")
	f(`"momentum": 0.5`, `"momentum": 1.5`, "momentum")
	f(`"momentum": 0.5`, `"momentum": 0.1`, "momentum")
	f(`"momentum": 0.5`, `"momentum": "0.5"`, "momentum")
	f(`"momentum": 0.5`, `"momentum": null`, "momentum")
	f(`"layers": 1`, `"layers": 1.0`, "layers")
	f(`"layers": 1`, `"layers": 4`, "layers")
	f(`"layers": 1`, `"layers": 99999999999`, "layers")
	f(`"layers": 1`, `"layers": 99999999999999999999999`, "layers")
	f(`"layers": 1`, `"layers": 1, "width_2": 8`, "width_2")
	f(`"layers": 1`, `"layers": 2`, "width_2")
	f(`"relu"`, `"swish"`, "activation")
	f(`"relu"`, `0`, "activation")
	f(`"layers": 1`, `"layers": 1, "other": 8`, "other")
	if _, err := s.Parse(nil); err == nil {
		t.Error("Parse(nil) succeeded")
	}
}

func TestValidateRefuses(t *testing.T) {
	f := func(want string, s ...Gene) {
		t.Helper()
		if err := Space(s).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want an error with %q", err, want)
		}
	}
	a := Gene{Name: "a", Kind: Int, Low: 0, High: 2}
	f("must be 1 to")
	f("name", Gene{Kind: Int})
	f("used twice", a, a)
	f("not a kind", Gene{Name: "x"})
	f("above high", Gene{Name: "x", Kind: Real, Low: 1})
	f("float32", Gene{Name: "x", Kind: Real, High: 0.1})
	f("float32", Gene{Name: "x", Kind: Real, High: math.NaN()})
	f("float32", Gene{Name: "x", Kind: Real, High: math.Inf(1)})
	f("negative zero", Gene{Name: "x", Kind: Real, Low: math.Copysign(0, -1), High: 1})
	f("integer", Gene{Name: "x", Kind: Int, High: 0.5})
	f("integer", Gene{Name: "x", Kind: Int, High: MaxInt})
	f("positive", Gene{Name: "x", Kind: Real, High: 1, Log: true})
	f("choices", Gene{Name: "x", Kind: Category})
	f("given twice", Gene{Name: "x", Kind: Category, Choices: []string{"p", "p"}})
	f("only a category", Gene{Name: "x", Kind: Int, High: 1, Choices: []string{"p"}})
	f("a category has none", Gene{Name: "x", Kind: Category, High: 1, Choices: []string{"p"}})
	f("earlier gene", Gene{Name: "x", Kind: Int, High: 1, When: &Condition{Gene: "a", AtLeast: 1}}, a)
	f("earlier gene", Gene{Name: "x", Kind: Int, High: 1, When: &Condition{Gene: "x", AtLeast: 1}})
	f("int gene or a category", Gene{Name: "r", Kind: Real, High: 1}, Gene{Name: "x", Kind: Int, High: 1, When: &Condition{Gene: "r", AtLeast: 1}})
}

func TestSpaceJSON(t *testing.T) {
	s := mixed()
	text := canon.Default(s.List())
	v, err := canon.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseSpace(v.([]any))
	if err != nil {
		t.Fatal(err)
	}
	if got := canon.Default(back.List()); string(got) != string(text) {
		t.Errorf("ParseSpace(List()) = %s, want %s", got, text)
	}
	for _, bad := range []string{`[]`, `[1]`, `[{}]`, `[{"name": "x"}]`, `[{"name": "x", "kind": "y"}]`,
		`[{"name": "x", "kind": "int", "low": 0}]`, `[{"name": "x", "kind": "category", "choices": [1]}]`,
		`[{"name": "x", "kind": "int", "low": 0, "high": 1, "when": {"gene": "q"}}]`} {
		v, err := canon.Parse([]byte(bad))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseSpace(v.([]any)); err == nil {
			t.Errorf("ParseSpace(%s) succeeded", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	s := mixed()
	f.Add([]byte(`{"layers": 1, "width_1": 8, "learning_rate": 0.0010000000474974513, "momentum": 0.5, "activation": "relu"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := canon.ParseObject(data)
		if err != nil {
			return
		}
		g, err := s.Parse(o)
		if err != nil {
			return
		}
		if !canon.Equal(s.Object(g), o) {
			t.Fatalf("Object(Parse(%s)) = %s", data, canon.Canonical(s.Object(g)))
		}
	})
}

// Bounds of reals are rounded to float32 inwards; where nothing lies between them, to the nearest.
func TestParseSpaceRounds(t *testing.T) {
	f := func(low, high, wantLow, wantHigh float64) {
		t.Helper()
		s, err := ParseSpace([]any{canon.NewObject("name", "x", "kind", "real", "low", low, "high", high)})
		if err != nil || s[0].Low != wantLow || s[0].High != wantHigh {
			t.Errorf("ParseSpace([%v, %v]) = %v, %v, want [%v, %v]", low, high, s, err, wantLow, wantHigh)
		}
	}
	f(-2, 2, -2, 2)
	f(0.1, 0.3, 0.10000000149011612, 0.29999998211860657)
	f(-0.3, -0.1, -0.29999998211860657, -0.10000000149011612)
	f(0.1, 0.1, 0.10000000149011612, 0.10000000149011612)
	f(1e-60, 1, 1.401298464324817e-45, 1)
	if _, err := ParseSpace([]any{canon.NewObject("name", "x", "kind", "real", "low", 0.3, "high", 0.1)}); err == nil {
		t.Error("low above high was accepted")
	}
	if _, err := ParseSpace([]any{canon.NewObject("name", "x", "kind", "real", "low", 0.0, "high", 1e39)}); err == nil {
		t.Error("a bound beyond float32 was accepted")
	}
}
