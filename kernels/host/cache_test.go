package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * unused)
	hash := strings.Repeat("0a", 16)
	for name, at := range map[string]time.Time{
		hash: old, strings.Repeat("0b", 16): time.Now(), "building-12": old, "building-13": time.Now(), "notes.txt": old,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	prune(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{strings.Repeat("0b", 16), "building-13", "notes.txt"}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
	if touch(filepath.Join(dir, hash)) {
		t.Error("a program that is gone was found")
	}
}
