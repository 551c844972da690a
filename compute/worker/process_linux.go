package worker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// setProcessAttributes gives the worker a process group of its own and lets the
// kernel kill it when the node dies, however that happens.
func setProcessAttributes(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// maxTree bounds how many processes of a worker are counted.
const maxTree = 256

// residentBytes returns the resident memory of a process and its descendants;
// ok is false if the system does not tell.
func residentBytes(pid int) (total int64, ok bool) {
	pids := []int{pid}
	for i := 0; i < len(pids) && i < maxTree; i++ {
		n, err := resident(pids[i])
		if err != nil {
			continue // gone meanwhile
		}
		total, ok = total+n, true
		pids = append(pids, children(pids[i])...)
	}
	return total, ok
}

func resident(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm of %d: %q", pid, data)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// children returns the children that any thread of pid started.
func children(pid int) (out []int) {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, t := range threads {
		data, err := os.ReadFile(dir + "/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, f := range bytes.Fields(data) {
			if n, err := strconv.Atoi(string(f)); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// lowerPriority makes the process group that begins with pid nicer than this process.
func lowerPriority(pid, nice int) error { return syscall.Setpriority(syscall.PRIO_PGRP, pid, nice) }
