package table

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// numbers has what is hard to write exactly.
func numbers() *Table {
	return &Table{
		Rows: 4,
		Columns: []Column{
			{Name: "index", Values: []int64{math.MinInt64, -1, 0, math.MaxInt64}},
			{Name: "seed", Values: []uint64{0, 1, 1<<53 + 1, math.MaxUint64}, Valid: []bool{false, true, true, true}},
			{Name: "small", Values: []uint64{0, 1, 2, 3}},
			{Name: "fitness", Values: []float64{math.Copysign(0, -1), 0.1, math.SmallestNonzeroFloat64, math.MaxFloat64}},
			{Name: "whole", Values: []float64{1, 2, 1e22, 0}, Valid: []bool{true, true, true, false}},
			{Name: "text", Values: []string{"", "añ\n\"\u2028", "null", "x"}},
			{Name: "none", Values: []string{"", "", "", ""}, Valid: make([]bool, 4)},
		},
		Metadata: map[string]string{"b": "2", "a": "{}"},
	}
}

func same[T int64 | uint64 | float64 | string](t *testing.T, want, got *Table, name string) {
	t.Helper()
	w, wv, err := Nullable[T](want, name)
	if err != nil {
		t.Fatal(err)
	}
	g, gv, err := Nullable[T](got, name)
	if err != nil || !reflect.DeepEqual(g, w) || !reflect.DeepEqual(gv, wv) {
		t.Errorf("column %s = %v, %v, %v, want %v, %v", name, g, gv, err, w, wv)
	}
}

func TestLinesRoundTrip(t *testing.T) {
	want := numbers()
	data, err := EncodeLines(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(memory.DefaultAllocator, data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows != want.Rows || !reflect.DeepEqual(got.Metadata, want.Metadata) {
		t.Errorf("DecodeLines() = %d rows, %v", got.Rows, got.Metadata)
	}
	same[int64](t, want, got, "index")
	same[uint64](t, want, got, "seed")
	same[uint64](t, want, got, "small")
	same[float64](t, want, got, "fitness")
	same[float64](t, want, got, "whole")
	same[string](t, want, got, "text")
	same[string](t, want, got, "none")
	if v, _, _ := Nullable[float64](got, "fitness"); !math.Signbit(v[0]) {
		t.Errorf("negative zero became %v", v[0])
	}
}

func TestEncodeLines(t *testing.T) {
	f := func(tab *Table, want string) {
		t.Helper()
		got, err := EncodeLines(tab)
		if err != nil || string(got) != want {
			t.Errorf("EncodeLines() = %q, %v, want %q", got, err, want)
		}
	}
	f(&Table{}, "{}\n")
	f(sampleFinite(), "{\"a\": \"1\", \"b\": \"2\"}\n"+
		"{\"index\": -1, \"seed\": null, \"fitness\": -0.5, \"text\": \"\"}\n"+
		"{\"index\": 0, \"seed\": 18446744073709551615, \"fitness\": null, \"text\": \"a\\u00f1\"}\n")
	if got, err := EncodeLines(sample()); !errors.Is(err, ErrTable) {
		t.Errorf("EncodeLines(infinite) = %q, %v, want ErrTable", got, err)
	}
}

// sampleFinite has a NaN, but no infinity.
func sampleFinite() *Table {
	return &Table{Rows: 2, Metadata: map[string]string{"b": "2", "a": "1"}, Columns: []Column{
		{Name: "index", Values: []int64{-1, 0}},
		{Name: "seed", Values: []uint64{0, math.MaxUint64}, Valid: []bool{false, true}},
		{Name: "fitness", Values: []float64{-0.5, math.NaN()}},
		{Name: "text", Values: []string{"", "añ"}},
	}}
}

// What another program writes: other orders, absent members, whole numbers for reals.
func TestDecodeLinesLoose(t *testing.T) {
	got, err := DecodeLines([]byte("{}\n{\"p\": 1, \"e\": null}\n{ \"m\":\"x\",\"p\":2.5}\r\n{\"p\":-3}"), 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Values[float64](got, "p"); err != nil || !reflect.DeepEqual(v, []float64{1, 2.5, -3}) {
		t.Errorf("p = %v, %v", v, err)
	}
	if v, valid, err := Nullable[string](got, "m"); err != nil || v[1] != "x" || !reflect.DeepEqual(valid, []bool{false, true, false}) {
		t.Errorf("m = %v, %v, %v", v, valid, err)
	}
	for _, name := range []string{"e", "absent"} {
		if v, valid, err := Nullable[uint64](got, name); err != nil || len(v) != 3 || valid[0] || valid[2] {
			t.Errorf("%s = %v, %v, %v, want nulls", name, v, valid, err)
		}
	}
	if v, err := Values[float64](got, "absent"); err != nil || !math.IsNaN(v[2]) {
		t.Errorf("absent reals = %v, %v, want NaN", v, err)
	}
	for _, err := range []error{second(Values[string](got, "m")), second(Values[int64](got, "p")), second(Values[string](got, "p")),
		second(Values[int64](got, "absent"))} {
		if !errors.Is(err, ErrTable) {
			t.Errorf("error %v, want ErrTable", err)
		}
	}
}

func TestDecodeLinesRefuses(t *testing.T) {
	f := func(data string) {
		t.Helper()
		if got, err := DecodeLines([]byte(data), 1<<10); !errors.Is(err, ErrTable) {
			t.Errorf("DecodeLines(%.60q) = %+v, %v, want ErrTable", data, got, err)
		}
	}
	f("")
	f("[]")
	f("{}\n\n")
	f("{\"a\": 1}\n")
	f("{}\n{}\n")
	f("{}\n{\"x\": true}\n")
	f("{}\n{\"x\": {}}\n")
	f("{}\n{\"x\": 1}\n{\"x\": \"1\"}\n")
	f("{}\n{\"x\": \"1\"}\n{\"x\": 1}\n")
	f("{}\n{\"x\": 18446744073709551616}\n")
	f("{}\n{\"x\": 1e999}\n")
	f("{}\n{\"x\": NaN}\n")
	f("{}\n{\"x\": 1\n}\n")
	f("{}\n" + strings.Repeat("{\"x\": 1}\n", 100))         // more rows than memory
	f("{}\n{\"x\": \"" + strings.Repeat("x", 2000) + "\"}") // more text
	f("{\"x\": \"" + strings.Repeat("x", MaxLineBytes) + "\"}")
}

func FuzzDecodeLines(f *testing.F) {
	for _, t := range []*Table{numbers(), sampleFinite(), {}} {
		data, err := EncodeLines(t)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("{}\n{\"x\": -1}\n{\"x\": 18446744073709551615}\n{\"x\": 0.5}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := DecodeLines(data, 1<<20)
		if err != nil {
			if !errors.Is(err, ErrTable) {
				t.Fatalf("error %v is no ErrTable", err)
			}
			return
		}
		again, err := EncodeLines(got)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeLines(again, 1<<21)
		if err != nil || back.Rows != got.Rows || len(back.Columns) > len(got.Columns) {
			t.Fatalf("%q read again: %+v, %v, want %+v", again, back, err, got)
		}
	})
}
