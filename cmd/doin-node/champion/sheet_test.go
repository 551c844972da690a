package champion

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

func TestParseSheet(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		s, err := parseSheet([]byte(text))
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprintf("%q %q", s.names, s.rows)
		}
		if !strings.Contains(got, want) {
			t.Errorf("parseSheet(%q) = %s, want %s", text, got, want)
		}
	}
	f("a,b\n1,2\n", `["a" "b"] [["1" "2"]]`)
	f("a;b\r\n1,5;2\r\n", `["a" "b"] [["1,5" "2"]]`)
	f("a\tb\n\"x\ty\"\t2\n", `["a" "b"] [["x\ty" "2"]]`)
	f(" a , b\n1,2\n", `["a" "b"]`)
	f("a,b\n", "has no rows below a header")
	f("", "has no rows below a header")
	f("a,b\n1\n", "line 2")
	f("a,b\n\"1,2\n", "line 2")
}

func TestReadText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.csv")
	f := func(data, want string, ok bool) {
		t.Helper()
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readText(path)
		var input *InputError
		if got != want || (err == nil) != ok || err != nil && !errors.As(err, &input) {
			t.Errorf("readText of %q = %q, %v, want %q", data, got, err, want)
		}
	}
	f("\ufeffa,b\n", "a,b\n", true)
	f("a\xff", "", false)
	if _, err := readText(path + ".none"); err == nil {
		t.Error("readText of a file that is not there = nil")
	}
}

func TestSheet(t *testing.T) {
	s, err := parseSheet([]byte("a,b,c\n1,x,3\n4,y,6\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.column("c") != 2 || s.column("d") != -1 {
		t.Errorf("columns c, d at %d, %d", s.column("c"), s.column("d"))
	}
	data, err := s.without(map[string]bool{"b": true}).encode()
	if want := "a,c\n1,3\n4,6\n"; err != nil || string(data) != want {
		t.Errorf("without b = %q, %v, want %q", data, err, want)
	}
	known := canon.NewObject("name", "b", "kind", "category", "categories", []any{"x", "z"})
	var input *InputError
	if err := s.seen(1, known); !errors.As(err, &input) || input.Reason != `row 2, column "b": training has not seen the category "y", but ["x" "z"]` {
		t.Errorf("seen = %v", err)
	}
	s.rows[1][1] = "NA"
	if err := s.seen(1, known); err != nil {
		t.Errorf("seen of a missing value = %v", err)
	}
	if err := s.seen(0, canon.NewObject("name", "a", "kind", "number")); err != nil {
		t.Errorf("seen of numbers = %v", err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	var out strings.Builder
	if err := WriteFile(path, []byte("one"), &out); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "one" || out.Len() > 0 {
		t.Errorf("file %q, %v; output %q", data, err, out.String())
	}
	if err := WriteFile(filepath.Join(dir, "none", "out.csv"), []byte("one"), &out); err == nil {
		t.Error("WriteFile to a folder that is not there = nil")
	}
	if err := WriteFile("-", []byte("two"), &out); err != nil || out.String() != "two" {
		t.Errorf("output %q, %v", out.String(), err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("files %v, %v, want one", names, err)
	}
}

func TestRefusal(t *testing.T) {
	f := func(err error, want string) {
		t.Helper()
		got := refusal(err)
		var input *InputError
		if want == "" && got != err || want != "" && (!errors.As(got, &input) || input.Reason != want) {
			t.Errorf("refusal(%v) = %v, want %q", err, got, want)
		}
	}
	f(nil, "")
	f(worker.ErrTimeout, "")
	f(fmt.Errorf("%w: domain: inference input: row 1 is bad", worker.ErrRefused), "row 1 is bad")
	f(fmt.Errorf("%w: domain: export: no", worker.ErrRefused), "domain: export: no")
	f(fmt.Errorf("%w: x", worker.ErrDataHash), "the data are not those that the champion was found on: worker: recipe for other data: x")
}

func TestText(t *testing.T) {
	list := []Champion{{Domain: "co2", ID: strings.Repeat("ab", 32), Performance: -0.25, Current: true,
		Parameters: canon.NewObject("genome", canon.NewObject("model", "mlp", "window", 12, "rate", 0.001)),
		Metrics: canon.NewObject("val_mae", 0.5, "val_mase", 0.25, "test_mae", 0.75, "weights", canon.NewObject("network_0", 2),
			"val_naive_mae", 1.5, "test_naive_mae", 1.25)}}
	var out strings.Builder
	if err := WriteText(&out, list); err != nil {
		t.Fatal(err)
	}
	want := `co2  abababababab  champion, not verified by others
  performance -0.25; validation (test) mae: 0.5 (0.75), naive 1.5 (1.25)
  recipe model=mlp window=12 rate=0.001
  by an unknown node
`
	if out.String() != want {
		t.Errorf("WriteText = %s\nwant %s", out.String(), want)
	}
	o := list[0].Object()
	if v, _ := o.Float("validation"); v != 0.5 || o.Has("certificate") {
		t.Errorf("Object = %s", canon.Default(o))
	}
}

// TestObjects: fractions of numbers travel as numbers, whatever stands for them in the domain's own file; all else as it is written.
func TestObjects(t *testing.T) {
	s := &sheet{names: []string{"x", "id"}, rows: [][]string{{"1.5", "1.50"}, {"007", "007"}, {"", "a"}, {"1e400", "2"}, {"east", "e"}, {"-2.5e-3", "1"}}}
	got := string(canon.Default(s.objects(s.rows, map[string]bool{"x": true})))
	if want := `[{"x": 1.5, "id": "1.50"}, {"x": "007", "id": "007"}, {"x": "", "id": "a"}, {"x": "1e400", "id": "2"}, {"x": "east", "id": "e"}, {"x": -0.0025, "id": "1"}]`; got != want {
		t.Errorf("objects = %s, want %s", got, want)
	}
	if q := s.questions(nil); len(q) != 1 {
		t.Errorf("%d questions for six rows, want one", len(q))
	}
	question := canon.NewObject()
	if err := s.asSeries(question); err != nil || !question.Has("rows") || question.Has("csv") {
		t.Errorf("a short series is asked with %v, %v", question.Keys(), err)
	}
	s.rows = append(s.rows, make([][]string, maxSeriesRows)...)
	for i := range s.rows {
		s.rows[i] = []string{"1.5", "2"}
	}
	if question = canon.NewObject(); s.asSeries(question) != nil || question.Has("rows") || !question.Has("csv") {
		t.Errorf("a long series is asked with %v", question.Keys())
	}
}

func TestInFile(t *testing.T) {
	f := func(reason, want string) {
		t.Helper()
		if got := inFile(&InputError{reason}, 2048).Error(); got != want {
			t.Errorf("inFile(%q) = %q, want %q", reason, got, want)
		}
	}
	f(`rows: row 3: column "a": bad`, `row 2052, column "a": bad`)
	f(`invalid: worker: refused: rows: row 0: column "a": bad`, `row 2049, column "a": bad`)
	f("something else", "something else")
}
