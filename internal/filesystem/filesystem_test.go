package filesystem

import (
	"path/filepath"
	"runtime"
	"testing"
)

// TestNetwork: a folder of this machine is none of another's, and one that is yet to be made is where it will be.
func TestNetwork(t *testing.T) {
	dir := t.TempDir()
	here, err := Network(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "a", "b"), filepath.Join(dir, ".")} {
		if kind, err := Network(path); err != nil || kind != here {
			t.Errorf("Network(%s) = %q, %v, want %q", path, kind, err, here)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	// The numbers are those of linux/magic.h, where /proc has its own.
	if magic, err := magicOf("/proc"); err != nil || magic != 0x9fa0 {
		t.Errorf("magicOf(/proc) = %#x, %v, want 0x9fa0", magic, err)
	}
	for magic, kind := range map[uint32]string{0x6969: "NFS", 0xff534d42: "CIFS", 0xef53: "", 0x01021994: ""} {
		if kinds[magic] != kind {
			t.Errorf("kinds[%#x] = %q, want %q", magic, kinds[magic], kind)
		}
	}
}
