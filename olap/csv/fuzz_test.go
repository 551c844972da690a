package csv

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzOpen: whatever a crash, or somebody, left in the file and its position, the sink opens it, and what cannot be
// continued is set aside rather than written over.
func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "s.csv")
	s, err := Open(path, Options{})
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	header, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(header, []byte(`{"spool":"ab","seq":1,"size":10}`))
	f.Add(append(header, "1,2\n\"torn"...), []byte(`{"size":9223372036854775807}`))
	f.Add([]byte("a,b\n1,2\n"), []byte("{"))
	f.Fuzz(func(t *testing.T, sheet, position []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "s.csv")
		for name, data := range map[string][]byte{path: sheet, path + ".pos": position} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(kept, header) {
			t.Fatalf("%q became %q (%v)", sheet, kept, err)
		}
	})
}
