package canon_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

func TestParseRefuses(t *testing.T) {
	f := func(text string, offset int) {
		t.Helper()
		v, err := canon.Parse([]byte(text))
		var se *canon.SyntaxError
		if !errors.As(err, &se) || !errors.Is(err, canon.ErrSyntax) || se.Offset != offset {
			t.Errorf("Parse(%.80q) = %v, %v, want a SyntaxError at %d", text, v, err, offset)
		}
	}
	f("", 0)
	f("  ", 2)
	f("\xef\xbb\xbf{}", 0)
	f("{} {}", 3)
	f("[1,]", 3)
	f("[1 2]", 3)
	f("{\"a\":1,}", 7)
	f("{\"a\" 1}", 5)
	f("{a:1}", 1)
	f("{\"a\":1", 6)
	f("[", 1)
	f("nul", 0)
	f("nulL", 0)
	f("tru", 0)
	f("01", 1)
	f("-", 1)
	f("+1", 0)
	f(".5", 0)
	f("1.", 2)
	f("1.e5", 2)
	f("1e", 2)
	f("1e+", 3)
	f("0x10", 1)
	f("1_000", 1)
	f("NaN", 0)
	f("[Infinity]", 1)
	f("[-Infinity]", 2)
	f("[1e400]", 1)
	f("[1,-1e400]", 3)
	f("\"a", 2)
	f("\"a\nb\"", 2)
	f("\"\x00\"", 1)
	f("\"\\x\"", 1)
	f("\"\\", 1)
	f("\"\\u12g4\"", 1)
	f("\"\\u12", 1)
	f("\"\xff\"", 1)
	f("\"\xed\xa0\x80\"", 1) // a surrogate in UTF-8
	f("\"\xc0\xaf\"", 1)     // overlong
	f("\xff", 0)
	f(strings.Repeat("[", 65)+strings.Repeat("]", 65), 64)
	f(strings.Repeat(`{"a":`, 65)+"1"+strings.Repeat("}", 65), 64*5)
	f("1"+strings.Repeat("0", canon.MaxIntDigits), 0)
	f(strings.Repeat("[", 1_000_000), 64)
}

func TestParseAccepts(t *testing.T) {
	f := func(text, canonical string) {
		t.Helper()
		v, err := canon.Parse([]byte(text))
		if err != nil || string(canon.Canonical(v)) != canonical {
			t.Errorf("Parse(%.80q) = %.200s, %v, want %.200s", text, canon.Canonical(v), err, canonical)
		}
	}
	f(" \t\r\n1 ", "1")
	f("-0", "0")
	f("9223372036854775807", "9223372036854775807")
	f("9223372036854775808", "9223372036854775808")
	f("-9223372036854775809", "-9223372036854775809")
	f("1e-400", "0.0")
	f("-1e-400", "-0.0")
	f("\"\u00e9\U0001F600\x7f\"", `"\u00e9\ud83d\ude00\u007f"`)
	f(`"\ud83d\ude00"`, `"\ud83d\ude00"`)
	f(`"\ude00\ud83d"`, `"\ude00\ud83d"`)
	f(`"\ud83d\ud83d\ude00"`, `"\ud83d\ud83d\ude00"`)
	f(`"\uD83Dx"`, `"\ud83dx"`)
	f(`{"\ud800":1,"\ue000":2,"\ud83d\ude00":3}`, `{"\ud800": 1, "\ue000": 2, "\ud83d\ude00": 3}`)
	f(strings.Repeat("[", 64)+strings.Repeat("]", 64), strings.Repeat("[", 64)+strings.Repeat("]", 64))
	f("1"+strings.Repeat("0", canon.MaxIntDigits-1), "1"+strings.Repeat("0", canon.MaxIntDigits-1))
}

func TestParseKinds(t *testing.T) {
	f := func(text, kind string) {
		t.Helper()
		v, err := canon.Parse([]byte(text))
		if err != nil || canon.KindOf(v) != kind {
			t.Errorf("Parse(%s) is a %s (%v), want a %s", text, canon.KindOf(v), err, kind)
		}
		if _, isBig := v.(*big.Int); isBig != (len(text) > 20) {
			t.Errorf("Parse(%s) is a %T", text, v)
		}
	}
	f("1", "int")
	f("1.0", "float")
	f("1E0", "float")
	f("100000000000000000000000", "int")
	f("null", "null")
	f("true", "bool")
	f("\"\"", "string")
	f("[]", "list")
	f("{}", "object")
	if _, err := canon.ParseObject([]byte("[]")); !errors.Is(err, canon.ErrType) {
		t.Errorf("ParseObject([]) = %v, want ErrType", err)
	}
}

func TestParseOwnsItsMemory(t *testing.T) {
	data := []byte(`{"key":"value"}`)
	o, err := canon.ParseObject(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = 'x'
	}
	if got := string(canon.Default(o)); got != `{"key": "value"}` {
		t.Errorf("after overwriting the input: %s", got)
	}
}

func TestObject(t *testing.T) {
	o := canon.NewObject()
	for i := range 40 { // across the point where an index is kept
		o.Set(fmt.Sprint(i), i)
	}
	o.Set("7", "again")
	o.Delete("3")
	o.Delete("absent")
	if o.Len() != 39 || o.Keys()[3] != "4" || o.Keys()[6] != "7" || o.Has("3") {
		t.Errorf("keys = %v", o.Keys())
	}
	if s, err := o.String("7"); s != "again" || err != nil {
		t.Errorf("7 = %q, %v", s, err)
	}
	c := o.Clone()
	c.Set("7", nil)
	if canon.Equal(o, c) || !canon.Equal(o, o.Clone()) {
		t.Error("a clone must be equal and independent")
	}
	inner := canon.NewObject("l", []any{canon.NewObject("x", 1)})
	deep := canon.NewObject("o", inner).Clone()
	inner.Set("l", 2)
	if got := string(canon.Default(deep)); got != `{"o": {"l": [{"x": 1}]}}` {
		t.Errorf("deep clone = %s", got)
	}
	var empty *canon.Object
	if empty.Len() != 0 || empty.Has("a") || empty.Keys() != nil || string(canon.Default(empty)) != "{}" || empty.Clone().Len() != 0 {
		t.Error("nil must read as empty")
	}
	n := 0
	for key, v := range o.All() {
		if got, ok := o.Get(key); !ok || !canon.Equal(got, v) {
			t.Errorf("All yields %q = %v", key, v)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("All yielded %d members before break", n)
	}
}

func TestSetNormalises(t *testing.T) {
	o := canon.NewObject(
		"i", 1, "i32", int32(-2), "u8", uint8(3), "u32", uint32(4), "u64", uint64(math.MaxUint64),
		"big", big.NewInt(5), "s", []string{"a"}, "f", []float64{1, 0.5}, "l", []int64{6}, "n", []int{7},
		"o", []*canon.Object{canon.NewObject("x", nil)}, "nil", (*canon.Object)(nil))
	want := `{"i": 1, "i32": -2, "u8": 3, "u32": 4, "u64": 18446744073709551615, "big": 5, "s": ["a"], ` +
		`"f": [1.0, 0.5], "l": [6], "n": [7], "o": [{"x": null}], "nil": {}}`
	if got := string(canon.Default(o)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back, err := canon.Parse([]byte(want))
	if err != nil || !canon.Equal(back, o) {
		t.Errorf("round trip: %v", err)
	}
	panics := func(name string, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s must panic", name)
			}
		}()
		f()
	}
	odd := []any{"a"}
	panics("odd pairs", func() { canon.NewObject(odd...) })
	panics("a key that is no string", func() { canon.NewObject(1, 2) })
	panics("a map", func() { canon.NewObject("a", map[string]any{}) })
	panics("a struct in a list", func() { canon.Canonical([]any{struct{}{}}) })
}

func TestGetters(t *testing.T) {
	o, err := canon.ParseObject([]byte(`{"s":"x","i":3,"f":2.5,"w":4.0,"b":true,"n":null,"o":{},"l":[],"si":" 12 ","sf":"1e2",
		"sw":"7.00","big":100000000000000000000,"huge":1e300}`))
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, got any, err error, want any) {
		t.Helper()
		if err != nil || got != want {
			t.Errorf("%s = %v, %v, want %v", name, got, err, want)
		}
	}
	bad := func(name string, err error, target error) {
		t.Helper()
		if !errors.Is(err, target) {
			t.Errorf("%s: %v, want %v", name, err, target)
		}
	}
	str, err := o.String("s")
	f("String s", str, err, "x")
	i, err := o.Int("i")
	f("Int i", i, err, int64(3))
	i, err = o.Int("w")
	f("Int w", i, err, int64(4))
	i, err = o.Int("b")
	f("Int b", i, err, int64(1))
	i, err = o.Int("si")
	f("Int si", i, err, int64(12))
	i, err = o.Int("sw")
	f("Int sw", i, err, int64(7))
	x, err := o.Float("i")
	f("Float i", x, err, 3.0)
	x, err = o.Float("f")
	f("Float f", x, err, 2.5)
	x, err = o.Float("sf")
	f("Float sf", x, err, 100.0)
	x, err = o.Float("big")
	f("Float big", x, err, 1e20)
	b, err := o.Bool("b")
	f("Bool b", b, err, true)
	str, err = o.StringOr("n", "def")
	f("StringOr n", str, err, "def")
	i, err = o.IntOr("absent", 9)
	f("IntOr absent", i, err, int64(9))
	x, err = o.FloatOr("i", 9)
	f("FloatOr i", x, err, 3.0)

	_, err = o.String("absent")
	bad("String absent", err, canon.ErrMissing)
	_, err = o.String("i")
	bad("String i", err, canon.ErrType)
	var te *canon.TypeError
	if !errors.As(err, &te) || te.Key != "i" || te.Want != "string" || te.Got != "int" {
		t.Errorf("TypeError = %+v", te)
	}
	for _, key := range []string{"f", "n", "big", "huge", "s", "sf", "o"} {
		_, err = o.Int(key)
		bad("Int "+key, err, canon.ErrType)
	}
	for _, key := range []string{"s", "n", "o", "l"} {
		_, err = o.Float(key)
		bad("Float "+key, err, canon.ErrType)
	}
	_, err = o.Object("n")
	bad("Object n", err, canon.ErrType)
	_, err = o.List("n")
	bad("List n", err, canon.ErrType)
	_, err = o.ObjectOr("l", nil)
	bad("ObjectOr l", err, canon.ErrType)
	_, err = o.BoolOr("i", true)
	bad("BoolOr i", err, canon.ErrType)
	for _, text := range []string{"inf", "NaN", "0x1p3", "1_0", "", "1e400"} {
		_, err = canon.AsFloat(text)
		bad("AsFloat "+text, err, canon.ErrType)
	}
}

func TestFinite(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if canon.Finite(canon.NewObject("a", []any{1, canon.NewObject("b", f)})) {
			t.Errorf("Finite of a nested %v", f)
		}
	}
	if !canon.Finite(canon.NewObject("a", []any{1, 2.5, "NaN", nil})) || !canon.Finite((*canon.Object)(nil)) {
		t.Error("Finite refuses finite values")
	}
}

func TestAppendIndent(t *testing.T) {
	o := canon.NewObject("b", []any{1, canon.NewObject()}, "a", canon.NewObject("x", nil), "e", []any{})
	want := "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {\n    \"x\": null\n  },\n  \"e\": []\n}"
	if got := string(canon.AppendIndent(nil, o)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestInvalidUTF8OfOurs(t *testing.T) {
	if got := string(canon.Canonical("a\xffb\xed\xa0")); got != `"a\ufffdb\ufffd\ufffd"` {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"b":1,"a":[1.0,-0.0,1e-5,1e22,null,true,"\ud800\u00e9é"],"b":2}`, `[NaN,Infinity,-Infinity]`, `"\ud83d\ude00"`,
		`100000000000000000000000`, `[[[[]]]]`, "\xff", `{"a":{"b":{"c":0}}}`, `1e400`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := canon.Parse(data)
		if err != nil {
			var se *canon.SyntaxError
			if !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(data) {
				t.Fatalf("Parse(%q): %v", data, err)
			}
		} else if !canon.Finite(v) {
			t.Fatalf("Parse(%q) is not finite", data)
		}
		if v, err = canon.ParseNonFinite(data); err != nil {
			return
		}
		first := canon.Canonical(v)
		for _, form := range [][]byte{first, canon.Default(v), canon.AppendCompact(nil, v), canon.AppendIndent(nil, v)} {
			again, err := canon.ParseNonFinite(form)
			if err != nil {
				t.Fatalf("ParseNonFinite(%s) of %q: %v", form, data, err)
			}
			if second := canon.Canonical(again); !bytes.Equal(first, second) {
				t.Fatalf("%q: %s became %s", data, first, second)
			}
		}
		for _, c := range first {
			if c < ' ' || c > '~' {
				t.Fatalf("%q: byte %#x in canonical form", data, c)
			}
		}
	})
}

// block returns about 100 KB of JSON that looks like a block.
func block(tb testing.TB) []byte {
	tb.Helper()
	txs := make([]any, 200)
	for i := range txs {
		txs[i] = canon.NewObject("id", strings.Repeat("ab", 32), "tx_type", "optimae_accepted",
			"payload", canon.NewObject("x", []float64{float64(i) / 3, 1, -2.5e-9}, "name", "café", "n", i,
				"nested", canon.NewObject("signature", strings.Repeat("0f", 70), "b", true, "a", nil)))
	}
	return canon.Default(canon.NewObject("transactions", txs))
}

func BenchmarkParse(b *testing.B) {
	data := block(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := canon.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendCanonical(b *testing.B) {
	data := block(b)
	v, err := canon.Parse(data)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	dst := canon.Canonical(v)
	for b.Loop() {
		dst = canon.AppendCanonical(dst[:0], v)
	}
}
