package worker

import (
	"syscall"
	"testing"
)

// TestNice: a worker runs at the priority that it is given, and one that is given none at this process's.
func TestNice(t *testing.T) {
	f := func(nice, want int) {
		t.Helper()
		l := quick()
		l.Nice = nice
		s := start(t, "good", l)
		got, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid(t, s))
		if got = 20 - got; err != nil || got != want { // the kernel's own form
			t.Errorf("with Nice %d a worker runs at %d, %v, want %d", nice, got, err, want)
		}
	}
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	f(0, 20-own)
	f(19, 19)
}
