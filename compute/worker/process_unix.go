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

// lowerPriority makes the process group that begins with pid nicer than this process.
func lowerPriority(pid, nice int) error { return syscall.Setpriority(syscall.PRIO_PGRP, pid, nice) }
