package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTable: a file in any form is printed as plain CSV.
func TestTable(t *testing.T) {
	dir := t.TempDir()
	f := func(text, want string, args ...string) {
		t.Helper()
		path := filepath.Join(dir, "file.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, stdin bytes.Buffer
		err := runTable(append(args, path), nil, &out, &stdin)
		got := out.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(want, "table: ") && got != want || !strings.Contains(strings.ReplaceAll(got, path, "FILE"), want) {
			t.Errorf("table of %q = %q, want %q", text, got, want)
		}
		if err == nil { // as standard input
			out.Reset()
			if err := runTable(append(args, "-"), strings.NewReader(text), &out, &stdin); err != nil || out.String() != want {
				t.Errorf("table of %q on standard input = %q, %v, want %q", text, out.String(), err, want)
			}
		}
	}
	f("a,b\n1,x\n", "a,b\n1,x\n")
	f("a;b\n1.234,5;x\n-0,25;\"1,5;2\"\n", "a,b\n1234.5,x\n-0.25,\"1,5;2\"\n")
	f("a\tb\n1 234,5\t007\nNA\t12\n", "a,b\n1234.5,007\n,12\n")
	f("a;b\n1,5;2,5\n", "a,b\n1.5,\"2,5\"\n", "--text", "b")
	f("a,b\n\"1,234\",2\n", `table: FILE: data: "1,234": may be 1234 or 1.234`)
	f("a,b\n\"1,234\",2\n", "a,b\n1234,2\n", "--set", "decimal=.", "--set", "thousands=,")
	f("a,b\n-9,2\n", "a,b\n,2\n", "--set", `missing_values=["-9"]`)
	f("a,b\n1,2,3\n", "table: FILE: data: line 2")
	f("a,b\n1,2\n", `table: domain: configuration: unknown key "decimall"`, "--set", "decimall=.")
	if err := runTable([]string{filepath.Join(dir, "none.csv")}, nil, new(bytes.Buffer), new(bytes.Buffer)); err == nil {
		t.Error("table of a file that is not there = nil")
	}
}
