package draft

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/domain/inspect"
	"doin.network/node/compute/domain/open"
	"doin.network/node/internal/canon"
)

// The worker is a program of three lines that prints what inspect reports, or fails as it does.
func program(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doin-worker")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWrite: the configuration written loads, its domain opens, and what is told names the next command.
func TestWrite(t *testing.T) {
	const testdata = "../../../compute/domain/inspect/testdata/"
	for file, task := range map[string]string{"weekdays.csv": "forecast", "penguins.csv": "classification"} {
		report, err := inspect.File(testdata+file, inspect.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		saved := filepath.Join(dir, "report.json")
		if err := os.WriteFile(saved, canon.AppendIndent(nil, report.Object()), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		o := Options{File: testdata + file, Out: filepath.Join(dir, "node.json"), WorkerPath: program(t, "cat "+saved), Exe: os.Args[0], Command: "doin-node", Stdout: &out}
		if err := Write(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		c, warnings, err := config.Load(o.Out)
		if err != nil || len(warnings) > 0 || len(c.Domains) != 1 {
			t.Fatalf("%s: Load = %v, %v", file, err, warnings)
		}
		d, err := open.New(c.Domains[0].Plugin(), c.Domains[0].WorkerConfig())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if got := d.Describe().DataHash; got != report.Description.DataHash {
			t.Errorf("%s: data_hash %s, want %s", file, got, report.Description.DataHash)
		}
		for _, want := range []string{file + ": " + task, "next:  doin-node --config " + o.Out, `"domain_id": "` + strings.TrimSuffix(file, ".csv")} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is told, want %q in it", file, out.String(), want)
			}
		}
		if err := Write(t.Context(), o); err == nil || !strings.Contains(err.Error(), "exists") {
			t.Errorf("written over: %v", err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	f := func(program, want string) {
		t.Helper()
		out := filepath.Join(t.TempDir(), "node.json")
		err := Write(t.Context(), Options{File: "x.csv", Out: out, WorkerPath: program, Exe: os.Args[0]})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Write = %v, want %q", err, want)
		}
		if _, err := os.Lstat(out); err == nil {
			t.Errorf("%s was written", out)
		}
	}
	f(program(t, "echo 'doin-worker: inspect: x.csv: data: line 3: odd' >&2; exit 1"), "inspect: x.csv: data: line 3: odd")
	f(program(t, "exit 3"), "exit status 3")
	f(program(t, "echo nonsense"), "doin-worker")
	f(program(t, "echo '{}'"), "config")
	f(filepath.Join(t.TempDir(), "none"), "none")
}

func TestNameOf(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		if got := nameOf(file); got != want {
			t.Errorf("nameOf(%q) = %q, want %q", file, got, want)
		}
	}
	f("/data/co2.csv", "co2")
	f("sales 2020 (final).csv.gz", "sales_2020__final")
	f("größe.tsv", "gr__e")
	f("..", "data")
	f("2020", "2020")
	f(strings.Repeat("x", 200)+".csv", strings.Repeat("x", 64))
}

func TestQuoted(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := quoted(s); got != want {
			t.Errorf("quoted(%q) = %s, want %s", s, got, want)
		}
	}
	f("./a-b.json", "./a-b.json")
	f("a b", "'a b'")
	f("it's", `'it'\''s'`)
	f("", "''")
}
