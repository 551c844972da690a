package local

import (
	"os/exec"
	"syscall"
)

// isolate gives the process a group of its own, so that a Ctrl-C at the terminal
// reaches it only through us, and a SIGTERM should we be killed ourselves.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
