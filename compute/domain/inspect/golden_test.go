package inspect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/domain/inspect"
	"doin.network/node/compute/domain/open"
	"doin.network/node/internal/canon"
)

// TestGolden: what is said of files that people have, and the configuration runs as it is.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no file: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r, err := inspect.File(file, inspect.Options{})
			if err != nil {
				t.Fatal(err)
			}
			d, err := open.New(r.Plugin, r.Config)
			if err != nil {
				t.Fatalf("the configuration suggested, %s: %v", r.Config.GoString(), err)
			}
			if got, want := d.Describe().DataHash, r.Description.DataHash; got != want {
				t.Errorf("data_hash with the configuration suggested %s, want %s", got, want)
			}
			golden(t, strings.TrimSuffix(file, ".csv")+".txt", r.Text())
			if file == "testdata/weekdays.csv" {
				o := r.Object()
				o.Delete("settings") // the domain's own tests have them
				if reading, err := o.Object("reading"); err != nil || !reading.Has("missing_values") {
					t.Errorf("reading %v, %v", reading, err)
				} else {
					reading.Delete("missing_values")
				}
				golden(t, "testdata/weekdays.json", string(canon.AppendIndent(nil, o))+"\n")
			}
		})
	}
}

// golden compares a text with that of a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", file, got, want)
	}
}
