//go:build !unix

package local

import (
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

// terminate ends a process: there is no polite way here.
func terminate(pid int) { killGroup(pid) }

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}
