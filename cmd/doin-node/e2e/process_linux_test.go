package e2e

import "syscall"

// dieWithParent has the kernel end a child when the thread that started it ends: also when the test is killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }

const pdeath = true
