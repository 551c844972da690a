//go:build unix && !linux

package worker

import (
	"os/exec"
	"syscall"
)

// setProcessAttributes gives the worker a process group of its own.
func setProcessAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// residentBytes is not known here.
func residentBytes(int) (int64, bool) { return 0, false }
