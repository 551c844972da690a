//go:build unix

package local

import "syscall"

// terminate asks a process to end. One that has ended meanwhile is no error.
func terminate(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

// killGroup kills a process and the workers it started, which are in its group.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
