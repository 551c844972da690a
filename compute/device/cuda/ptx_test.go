package cuda

import (
	"os/exec"
	"testing"
)

// TestKernelsAssemble checks the kernels of the tests that need a card, where the toolkit is installed.
func TestKernelsAssemble(t *testing.T) {
	ptxas, err := exec.LookPath("ptxas")
	if err != nil {
		t.Skip("no ptxas: no CUDA toolkit is installed")
	}
	for _, arch := range []string{"sm_80", "sm_89", "sm_90"} {
		out, err := exec.CommandContext(t.Context(), ptxas, "-arch="+arch, "-o", t.TempDir()+"/test.cubin", "testdata/test.ptx").CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", arch, err, out)
		}
	}
}
