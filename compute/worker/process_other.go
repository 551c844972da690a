//go:build !unix

package worker

import (
	"os"
	"os/exec"
)

// setProcessAttributes has nothing to set: the worker ends when its input does.
func setProcessAttributes(*exec.Cmd) {}

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// residentBytes is not known here.
func residentBytes(int) (int64, bool) { return 0, false }

// lowerPriority is not known here.
func lowerPriority(int, int) error { return nil }
