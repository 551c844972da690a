package cuda

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestOverStandIn runs the tests that want a card, with all the package's, in the build with the tag gpu over a stand-in
// for the driver's library: what is between this package and the driver, cgo's rules about pointers included, is run on
// machines without a card. It needs cgo, a C compiler and what the build with the tag gpu is linked with.
func TestOverStandIn(t *testing.T) {
	if Built {
		t.Skip("this is the build with the tag gpu")
	}
	if testing.Short() {
		t.Skip("compiles another build")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the stand-in is for linux on amd64")
	}
	compiler, err := exec.LookPath("gcc")
	if err != nil || !anyFile("/usr/local/cuda/include/cuda.h", "/usr/include/cuda.h") ||
		!anyFile("/usr/local/cuda/lib64/stubs/libcuda.so", "/usr/lib/x86_64-linux-gnu/libcuda.so") {
		t.Skip("no gcc, or no CUDA toolkit is installed")
	}
	// Files that this build does not contain, and that go test must see to know when to run the test again.
	for _, name := range []string{"driver_cu.go", "lacks.go", "gpu_test.go", "testdata/test.ptx", "testdata/standin/driver.c"} {
		if !anyFile(name) {
			t.Fatalf("%s is missing", name)
		}
	}
	dir := t.TempDir()
	run := func(env []string, name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%.8000s", filepath.Base(name), err, out)
		}
	}
	library, tests := filepath.Join(dir, "libcuda.so.1"), filepath.Join(dir, "cuda.test")
	run(nil, compiler, "-std=gnu11", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-I/usr/local/cuda/include",
		"-o", library, "testdata/standin/driver.c", "-lm")
	run([]string{"CGO_ENABLED=1"}, "go", "test", "-c", "-tags", "gpu", "-o", tests, ".")
	run([]string{"LD_LIBRARY_PATH=" + dir}, tests)
}

func anyFile(paths ...string) bool {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}
