// Package python tests doin.py, which Python programs use: go test ./sdk/python.
package python

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"doin.network/node/compute/worker/conformance"
)

// python returns the interpreter. A machine without one tests nothing here, and says so.
func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT TESTED: no python3 on this machine, sdk/python/doin.py needs one from 3.8 on")
	}
	if out, err := exec.Command(path, "-c", "import sys; sys.exit(sys.version_info < (3, 8))").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: python3 is older than 3.8: %v %s", err, out)
	}
	return path
}

// TestUnits runs test_doin.py with a doin-worker for the studies.
func TestUnits(t *testing.T) {
	t.Parallel()
	path := python(t)
	worker := filepath.Join(t.TempDir(), "doin-worker")
	if out, err := exec.Command("go", "build", "-o", worker, "../../cmd/doin-worker").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), path, "-W", "error::ResourceWarning", "-m", "unittest", "test_doin")
	cmd.Env = append(os.Environ(), "DOIN_WORKER="+worker, "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !regexp.MustCompile(`(?m)^Ran \d+ tests`).Match(out) || bytes.Contains(out, []byte("skipped=")) {
		t.Errorf("python3 -m unittest test_doin: %v\n%s", err, out)
	}
}

// TestConformance holds a program of ten lines against the protocol and what a node demands.
func TestConformance(t *testing.T) {
	python(t)
	t.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	conformance.Run(t, []string{"../../examples/rosenbrock/rosenbrock.py"}, conformance.Config{Stderr: os.Stderr})
}
