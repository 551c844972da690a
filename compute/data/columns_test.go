package data_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/data"
)

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestColumns reads the same table as other programs write it.
func TestColumns(t *testing.T) {
	const all = "time|clock|day|x|f|n|u|name|kind|ok\n" +
		"1970-01-01T00:00:00Z|2020-01-01T00:00:00.123|1970-01-01|1.5|0.1|1|0|a|p|true\n" +
		"2020-01-01T00:00:00.123Z|2020-01-01T00:00:00|2020-01-01|~|~|-9007199254740993|255|~|q|false\n" +
		"1969-12-31T23:59:59.999Z|2020-01-01T00:00:01|1969-12-31|1e-09|1e+22|~|7|ä b|p|~"
	f := func(name, form, want string) {
		t.Helper()
		for _, r := range []io.Reader{bytes.NewReader(testFile(t, name)), bytes.NewReader(gz(t, testFile(t, name))), io.MultiReader(bytes.NewReader(testFile(t, name)))} {
			g, err := data.ReadFrom(r, data.Options{}, nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := show(g); got != want || g.Reading().Form != form {
				t.Errorf("%s: %s\n%s\nwant %s\n%s", name, g.Reading().Form, got, form, want)
			}
			if g.Line(2) != 3 {
				t.Errorf("%s: Line(2) = %d, want 3", name, g.Line(2))
			}
		}
	}
	f("js.arrow", "arrow", all)
	f("js.arrows", "arrow stream", all)
	f("rust_snappy.parquet", "parquet", all)
	f("rust_zstd_v2.parquet", "parquet", all)
	f("js.parquet", "parquet", "x|n|name|day|ok\n1.5|1|a|1970-01-01T00:00:00|true\n~|-9007199254740993|~|2020-01-01T00:00:00|false\n1e-09|~|ä b|1969-12-31T00:00:00|~")
}

// TestNested: what cannot be read is left out where nobody asks for it, and refused where somebody does.
func TestNested(t *testing.T) {
	for _, name := range []string{"nested.arrows", "nested.parquet"} {
		f := func(keep func(string) bool, notes int) {
			t.Helper()
			g, err := data.ReadFrom(bytes.NewReader(testFile(t, name)), data.Options{}, keep)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			if r := g.Reading(); show(g) != "a\n1\n2" || len(r.Notes) != notes {
				t.Errorf("%s: %q, notes %v, want 1, 2 and %d", name, show(g), r.Notes, notes)
			}
		}
		f(nil, 1)
		f(func(name string) bool { return name == "a" }, 0)
		var e *data.Error
		_, err := data.ReadFrom(bytes.NewReader(testFile(t, name)), data.Options{}, func(string) bool { return true })
		if !errors.As(err, &e) || e.Column != "l" || e.Option != "ignored_columns" || !strings.Contains(e.Reason, "nested") {
			t.Errorf("%s: %v, want an error about column l", name, err)
		}
	}
}
