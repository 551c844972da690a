package cma

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// TestCompilerFusesNothing compiles the package for targets whose compiler may contract a product and a sum, and looks
// for the instructions: one float64(…) forgotten, would be another search there.
func TestCompilerFusesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for other targets")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: ", err)
	}
	fused := regexp.MustCompile(`(?m)^.*\s(FN?M(ADD|SUB)[SD]|VFN?M(ADD|SUB)\d+[SP][SD])\s.*$`)
	for _, target := range []string{"GOARCH=arm64", "GOAMD64=v3"} {
		cmd := exec.CommandContext(t.Context(), tool, "build", "-gcflags=doin.network/node/ga/cma=-S", ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64", target)
		listing, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", target, err, listing)
		}
		if len(listing) < 1<<13 {
			t.Fatalf("%s: a listing of %d bytes cannot be the whole package", target, len(listing))
		}
		for _, line := range fused.FindAllString(string(listing), -1) {
			t.Errorf("%s: fused: %s", target, line)
		}
	}
}
