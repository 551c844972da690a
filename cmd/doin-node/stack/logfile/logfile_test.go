package logfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestRotation writes five times the bound: the newest lines are there, in order, and the files stay within it.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "node.log")
	const bound, lines = 5000, 1000
	write := func(from, to int) {
		t.Helper()
		l, err := Open(path, bound)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for i := from; i < to; i++ {
			if _, err := fmt.Fprintf(l, "this is line %06d\n", i); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(0, lines/2)
	write(lines/2, lines) // goes on with the file
	var all []byte
	for i := older; i >= 0; i-- {
		name := path
		if i > 0 {
			name = numbered(path, i)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	if len(all) > bound || len(all) < bound/2 {
		t.Errorf("%d bytes are kept, want %d at most and not much less", len(all), bound)
	}
	got := bytes.Split(bytes.TrimSpace(all), []byte("\n"))
	for i, line := range got {
		if want := fmt.Sprintf("this is line %06d", lines-len(got)+i); string(line) != want {
			t.Fatalf("line %d is %q, want %q", i, line, want)
		}
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != older+1 {
		t.Errorf("files %q, want %d", left, older+1)
	}
}
