package inspect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
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
			answers(t, r, d)
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

// answers has the naive model answer the request that a report has.
func answers(t *testing.T, r *inspect.Report, d domain.Domain) {
	t.Helper()
	input, err := r.Object().Object("input")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := d.Naive().Infer(t.Context(), input); err != nil {
		t.Errorf("Infer(%s) = %v, %v", input.GoString(), out, err)
	}
}

// TestSeveral: the request for one of several series names it.
func TestSeveral(t *testing.T) {
	file := "shop,month,value\n"
	for i, line := range strings.Split(strings.TrimSuffix(page{header: "-"}.String(), "\n"), "\n") {
		file += fmt.Sprintf("south,%s%d\nnorth,%s\n", line, i%7, line)
	}
	path := filepath.Join(t.TempDir(), "shops.csv")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := inspect.File(path, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := open.New(r.Plugin, r.Config)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, r, d)
	if input, err := r.Object().Object("input"); err != nil || !strings.Contains(input.GoString(), "south") || !strings.Contains(r.Text(), "one model on 2 series") {
		t.Errorf("input %v, %v: %s", input.GoString(), err, r.Text())
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
