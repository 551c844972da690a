package fusion

import (
	"os/exec"
	"strings"
	"testing"
)

func TestPlanted(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: ", err)
	}
	for _, target := range targets {
		lines, functions, err := list(t.Context(), target, "doin.network/node/internal/fusion/testdata/planted", "./testdata/planted")
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 1 || !strings.Contains(lines[0], "planted.go:5") || functions < 2 {
			t.Errorf("%s: %d functions, fused: %q; one line of planted.go:5 was planted", target, functions, lines)
		}
	}
}
