//go:build unix

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds the wait for anything that should happen; a loaded machine is slow.
const patience = 60 * time.Second

// stopTime is how long a process may take to end when it is asked to.
const stopTime = 5 * time.Second

// eventually polls ok until it is true. Without that within patience the test fails with what, and the last reason
// that ok gave.
func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s: %v", patience, what, err)
		}
		<-tick.C
	}
}

// output collects what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// tail is the last n lines, each at most 400 bytes.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	lines = lines[max(0, len(lines)-n):]
	for i, l := range lines {
		lines[i] = l[:min(len(l), 400)]
	}
	return strings.Join(lines, "\n")
}

// process is a doin-node that was started.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	out  *output // stdout and stderr
	done chan struct{}
	err  error // how it ended; valid after done
	mute bool  // its last words do not matter: it was killed, and nothing was lost
}

// start runs the node program in dir. When the test ends the process is gone, and if the test failed its last words
// are shown.
func start(t *testing.T, name, dir string, args ...string) *process {
	t.Helper()
	return launch(t, name, dir, append([]string{nodeExe}, args...))
}

// launch is start with the whole command line, which ends in the node program and its arguments.
func launch(t *testing.T, name, dir string, line []string) *process {
	t.Helper()
	p := &process{t: t, name: name, out: &output{}, done: make(chan struct{})}
	p.cmd = exec.Command(line[0], line[1:]...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = 2 * time.Second // a worker that outlives its node would hold the pipe
	p.cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	go func() {
		// The kernel ties the child to this thread (see dieWithParent), so it stays until the child has ended.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() && !p.mute {
			t.Logf("the last lines of %s:\n%s", name, tail(p.out.String(), 25))
		}
	})
	return p
}

// exited reports whether the process has ended.
func (p *process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process at once (SIGKILL).
func (p *process) kill() {
	if !p.exited() {
		_ = p.cmd.Process.Kill() // it may have ended meanwhile
	}
	<-p.done
}

// stop sends sig and demands a clean end within stopTime with no child left.
func (p *process) stop(sig os.Signal) {
	p.t.Helper()
	children := descendants(p.cmd.Process.Pid)
	begin := time.Now()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatalf("%s: %v: %v", p.name, sig, err)
	}
	select {
	case <-p.done:
	case <-time.After(stopTime * slack):
		p.t.Fatalf("%s runs %v after %v", p.name, time.Since(begin), sig)
	}
	if d := time.Since(begin); d > stopTime {
		p.t.Errorf("%s took %v to stop at %v", p.name, d, sig)
	}
	if p.err != nil {
		p.t.Errorf("%s ended at %v with %v", p.name, sig, p.err)
	}
	eventually(p.t, "no child is left of "+p.name, func() error {
		for _, pid := range children {
			if running(pid) {
				return fmt.Errorf("process %d still runs", pid)
			}
		}
		return nil
	})
}

// slack is how much longer than allowed a test waits before it gives up on a process.
const slack = 4

// exit waits for a process that is to end by itself and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("%s still runs after %v", p.name, patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

// failed runs the node program, which must end with an error, and returns what it printed.
func failed(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return fails(t, nodeExe, dir, args...)
}

// fails is failed of a program.
func fails(t *testing.T, exe, dir string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("%s %v ended without an error:\n%s", filepath.Base(exe), args, tail(string(out), 20))
	}
	if ctx.Err() != nil {
		t.Fatalf("%s %v runs although it cannot:\n%s", filepath.Base(exe), args, tail(string(out), 20))
	}
	if strings.Contains(string(out), "goroutine ") {
		t.Errorf("%s %v panicked:\n%s", filepath.Base(exe), args, tail(string(out), 40))
	}
	return string(out)
}

// mentions fails the test unless text contains every word.
func mentions(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not mentioned in:\n%s", w, tail(text, 12))
		}
	}
}

// processes lists the running processes as pid → parent, from /proc.
func processes() map[int]int {
	out := map[int]int{}
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent …: the name may hold anything, so the fields are counted from its end.
		i := bytes.LastIndexByte(data, ')')
		fields := strings.Fields(string(data[i+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil || i < 0 || len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			out[pid] = parent
		}
	}
	return out
}

// descendants returns the children of pid, their children and so on.
func descendants(pid int) (out []int) {
	all := processes()
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for child, parent := range all {
			if parent == queue[0] {
				out, queue = append(out, child), append(queue, child)
			}
		}
	}
	return out
}

func running(pid int) bool {
	_, ok := processes()[pid]
	return ok && syscall.Kill(pid, 0) == nil
}
