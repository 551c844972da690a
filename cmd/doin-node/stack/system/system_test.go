package system

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestDiskOf: a folder that is not there yet is on the disk of the one above it.
func TestDiskOf(t *testing.T) {
	dir := t.TempDir()
	d, ok := DiskOf(dir)
	if runtime.GOOS != "linux" {
		t.Skip("not told here")
	}
	later, ok2 := DiskOf(filepath.Join(dir, "not", "yet"))
	if !ok || !ok2 || d.SizeBytes <= 0 || d.FreeBytes > d.SizeBytes || later.SizeBytes != d.SizeBytes || d.ReadOnly {
		t.Errorf("DiskOf = %+v, %v; of a folder below %+v, %v", d, ok, later, ok2)
	}
}

func TestSizeAndWritable(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"x": 10, "a/y": 5} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := Size(dir); got != 15 {
		t.Errorf("Size = %d, want 15", got)
	}
	if got := Size(filepath.Join(dir, "none")); got != 0 {
		t.Errorf("Size of nothing = %d, want 0", got)
	}
	if err := Writable(filepath.Join(dir, "later")); err != nil {
		t.Errorf("Writable = %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".doin*")); len(left) > 0 {
		t.Errorf("Writable left %q", left)
	}
	if err := Writable(filepath.Join(dir, "x", "y")); err == nil {
		t.Error("Writable below a file = nil")
	}
}
