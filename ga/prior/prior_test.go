package prior

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

// example is a file of one family.
func example() *File {
	columns := []Column{{Name: "cell", Choice: "gru"}, {Name: "cell", Choice: "lstm"}, {Name: "rate", Low: 0.001, High: 0.1, Log: true}}
	w := make([]float32, Parameters(len(columns)))
	for i := range w {
		w[i] = float32(i%7) - 3
	}
	return &File{Families: []Family{{Name: "forecast", Columns: columns, Count: 1, Weights: [][]float32{w},
		Evidence: Evidence{Tau: 0.4, Tasks: 9, Rows: 900, Authors: 3, On: true}}}}
}

func TestFile(t *testing.T) {
	f := example()
	data := f.Encode()
	got, err := Decode(data)
	if err != nil || !reflect.DeepEqual(got, f) {
		t.Fatalf("Decode(Encode(f)) = %+v, %v", got, err)
	}
	if got.Families[0].Digest() != f.Families[0].Digest() {
		t.Error("the digest differs")
	}
	other := example()
	other.Families[0].Weights[0][5]++
	if other.Families[0].Digest() == f.Families[0].Digest() {
		t.Error("other weights have the same digest")
	}
	if only, ok := f.Only("forecast"); !ok || len(only.Families) != 1 {
		t.Errorf("Only(forecast) = %+v, %v", only, ok)
	}
	if _, ok := f.Only("tabular"); ok {
		t.Error("Only(tabular) finds a family that is not there")
	}
}

// sealed gives bytes the right checksum, so that what is behind it is reached.
func sealed(data []byte) []byte {
	out := bytes.Clone(data)
	if len(out) >= len(magic)+sha256.Size {
		sum := sha256.Sum256(out[len(magic)+sha256.Size:])
		copy(out[len(magic):], sum[:])
	}
	return out
}

func TestDecodeRefuses(t *testing.T) {
	f := func(name string, change func(f *File, data []byte) []byte, want string) {
		t.Helper()
		file := example()
		_, err := Decode(change(file, file.Encode()))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode(%s) = %v, want ErrFormat with %q", name, err, want)
		}
	}
	head := len(magic) + sha256.Size + 4
	f("nothing", func(*File, []byte) []byte { return nil }, "0 bytes")
	f("another version", func(_ *File, d []byte) []byte { d[11]++; return d }, "do not begin")
	f("a flipped bit", func(_ *File, d []byte) []byte { d[len(d)-1] ^= 1; return d }, "damaged")
	f("cut", func(_ *File, d []byte) []byte { return sealed(d[:len(d)-1]) }, "ends within the weights")
	f("more", func(_ *File, d []byte) []byte { return sealed(append(d, 0)) }, "1 bytes behind")
	f("a long head", func(_ *File, d []byte) []byte {
		binary.LittleEndian.PutUint32(d[head-4:], 1<<31)
		return sealed(d)
	}, "a head of")
	f("many networks", func(_ *File, d []byte) []byte {
		return sealed(bytes.Replace(d, []byte(`"networks":1`), []byte(`"networks":9`), 1))
	}, "9 networks")
	f("a negative scale", func(_ *File, d []byte) []byte {
		return sealed(bytes.Replace(d, []byte(`"low":0.001`), []byte(`"low":-0.01`), 1))
	}, "logarithmic")
	f("τ above 1", func(_ *File, d []byte) []byte {
		return sealed(bytes.Replace(d, []byte(`"tau":0.4`), []byte(`"tau":4.4`), 1))
	}, "τ 4.4")
	f("not a number", func(_ *File, d []byte) []byte {
		binary.LittleEndian.PutUint32(d[len(d)-4:], math.Float32bits(float32(math.NaN())))
		return sealed(d)
	}, "not finite")
}

func FuzzDecode(f *testing.F) {
	f.Add(example().Encode())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Decode(sealed(data))
		if err != nil {
			return
		}
		again, err := Decode(file.Encode())
		if err != nil || !reflect.DeepEqual(again, file) {
			t.Errorf("what was read is not what is written: %v", err)
		}
	})
}

func parse(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestColumns(t *testing.T) {
	var recipes []map[string]Value
	for _, text := range []string{`{"genome": {"rate": 0.001, "cell": "gru", "units": [4, 8]}, "contract": "x"}`,
		`{"genome": {"rate": 0.1, "cell": "lstm", "deep": true, "gone": null}}`, `{"genome": {"rate": 0.01, "cell": "gru"}}`} {
		recipes = append(recipes, Values(parse(t, text)))
	}
	columns := Columns(recipes)
	want := []Column{{Name: "cell", Choice: "gru"}, {Name: "cell", Choice: "lstm"}, {Name: "deep", Low: 1, High: 1},
		{Name: "rate", Low: 0.001, High: 0.1, Log: true}, {Name: "units.0", Low: 4, High: 4}, {Name: "units.1", Low: 8, High: 8}}
	if !reflect.DeepEqual(columns, want) {
		t.Fatalf("Columns = %+v, want %+v", columns, want)
	}
	x, active := Encode(columns, recipes[2])
	if !reflect.DeepEqual(active, []bool{true, true, false, true, false, false}) || x[0] != 1 || x[1] != 0 || math.Abs(x[3]-0.5) > 1e-12 {
		t.Errorf("Encode = %v, %v", x, active)
	}
	x, active = Encode(columns, Values(parse(t, `{"rate": 7, "cell": 3, "unknown": 1}`)))
	if active[0] || !active[3] || x[3] != 1 {
		t.Errorf("Encode beyond a scale and of another kind = %v, %v", x, active)
	}
}

func TestTrials(t *testing.T) {
	trials := []Trial{{Family: "forecast", Task: "a", Author: "me", Recipe: parse(t, `{"genome": {"x": 1.5}}`), Performance: -0.25, Verified: true},
		{Family: "tabular", Task: "b", Recipe: parse(t, `{}`), Budget: -2, Performance: math.NaN()}}
	var b bytes.Buffer
	if err := WriteTrials(&b, trials); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	got, err := ReadTrials(&b)
	if err != nil || len(got) != 2 || got[0].Performance != -0.25 || !got[0].Verified || got[1].Budget != -2 || !math.IsNaN(got[1].Performance) {
		t.Errorf("ReadTrials = %+v, %v", got, err)
	}
	for _, c := range []struct{ text, want string }{{text + "{", "line 3"}, {`{"family": "f", "task": "", "recipe": {}}`, "task"},
		{`{"family": "f", "task": "t", "recipe": 3}`, "line 1"}, {`{"family": "f", "task": "t", "budget": 1, "recipe": {}}`, "budget 1"}} {
		if _, err := ReadTrials(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ReadTrials(%q) = %v, want an error with %q", c.text, err, c.want)
		}
	}
}

func FuzzReadTrials(f *testing.F) {
	f.Add([]byte(`{"family": "f", "task": "t", "author": "a", "recipe": {"x": [1, "two", {"y": 0.5}]}, "performance": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		trials, err := ReadTrials(bytes.NewReader(data))
		if err != nil {
			return
		}
		var recipes []map[string]Value
		for i := range trials {
			recipes = append(recipes, Values(trials[i].Recipe))
		}
		columns := Columns(recipes)
		for _, r := range recipes {
			x, _ := Encode(columns, r)
			for i, v := range x {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("column %+v: %v is not in [0, 1]", columns[i], v)
				}
			}
		}
	})
}
