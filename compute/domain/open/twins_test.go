package open

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/internal/canon"
)

// TestTwins: a table has one data hash, however it is written. The files of testdata/twins are the examples' as other programs
// write them.
func TestTwins(t *testing.T) {
	hash := func(plugin, path string) string {
		t.Helper()
		d, err := New(plugin, canon.NewObject("data", path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return d.Describe().DataHash
	}
	f := func(plugin, example string, twins ...string) {
		t.Helper()
		text, err := os.ReadFile(example)
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(append([]byte("\ufeff"), bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), []byte(","), []byte(";"))...))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "other")
		if err := os.WriteFile(other, packed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		want := hash(plugin, example)
		for _, twin := range append(twins, other) {
			if got := hash(plugin, twin); got != want {
				t.Errorf("%s: data hash %s, want that of %s, %s", twin, got, example, want)
			}
		}
	}
	f("forecast", "../../../examples/co2/mauna_loa_co2_monthly.csv", "testdata/twins/co2.parquet", "testdata/twins/co2.arrow")
	f("tabular", "../../../examples/iris/iris.csv", "testdata/twins/iris.arrow")
}
