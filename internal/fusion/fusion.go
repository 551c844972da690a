// Package fusion looks for products that a compiler contracted with a sum, one rounding in the place of two: Go may do so on
// some targets where no conversion stands between the two (Go specification, "Floating-point operators"), and a result would be
// another one there. It is imported by tests only.
package fusion

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// targets are those whose compiler contracts; amd64 below v3 has no instruction for it.
var targets = []string{"GOARCH=arm64", "GOAMD64=v3"}

var (
	fused    = regexp.MustCompile(`(?m)^.*\s(FN?M(ADD|SUB)[SD]|VFN?M(ADD|SUB)\d+[SP][SD])\s.*$`)
	function = regexp.MustCompile(`(?m)^\S+ STEXT `)
)

// None compiles the packages that pattern names, as import paths go, for every target that contracts, and fails the test with
// each fused instruction of theirs. build is what is built in the test's folder, so that the packages are compiled: "." or "./...".
// least is the number of functions below which a listing cannot be of all of them.
func None(t *testing.T, pattern, build string, least int) {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles for other targets")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: ", err)
	}
	for _, target := range targets {
		lines, functions, err := list(t.Context(), target, pattern, build)
		if err != nil {
			t.Fatal(err)
		}
		if functions < least {
			t.Fatalf("%s: %d functions listed, at least %d expected: this cannot be all of %s", target, functions, least, pattern)
		}
		for _, line := range lines {
			t.Errorf("%s: fused: %s", target, line)
		}
	}
}

// list returns the fused instructions of the packages, each with its place in the source, and how many functions were listed.
func list(ctx context.Context, target, pattern, build string) (lines []string, functions int, err error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-gcflags="+pattern+"=-S", build)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=amd64", target)
	listing, err := cmd.CombinedOutput()
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w\n%s", target, err, listing)
	}
	for _, line := range fused.FindAll(listing, -1) {
		lines = append(lines, string(bytes.TrimSpace(line)))
	}
	return lines, len(function.FindAll(listing, -1)), nil
}
