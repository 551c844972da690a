package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// maxLogLine bounds a line of the worker's standard error; the rest is dropped.
const maxLogLine = 8 << 10

// process is a started worker with its pipes.
type process struct {
	pid    int
	stdin  *os.File
	stdout *os.File

	exited chan struct{} // closed when the process has been waited for
	err    error         // its exit, valid after exited

	logs   sync.WaitGroup
	stderr *os.File
}

// startProcess starts argv in a process group of its own; extra is added to the
// environment. Lines of its standard error go to log.
func startProcess(argv, extra []string, log *slog.Logger) (*process, error) {
	var files []*os.File
	closeAll := func() {
		for _, f := range files {
			f.Close()
		}
	}
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll()
			return nil, fmt.Errorf("worker: pipe: %w", err)
		}
		files = append(files, r, w)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), extra...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[3], files[5]
	setProcessAttributes(cmd)
	p := &process{stdin: files[1], stdout: files[2], stderr: files[4], exited: make(chan struct{})}

	started := make(chan error, 1)
	go func() {
		// The kernel's death signal follows the thread that started the child, so
		// that thread stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		closeAll()
		return nil, fmt.Errorf("worker: start: %w", err)
	}
	p.pid = cmd.Process.Pid
	files[0].Close()
	files[3].Close()
	files[5].Close()
	p.logs.Go(func() { forwardLog(p.stderr, log) })
	return p, nil
}

// kill ends the process group at once.
func (p *process) kill() {
	select {
	case <-p.exited:
		// Its pid may be another's by now; what it left in its group died of its pipes.
	default:
		killGroup(p.pid)
	}
}

// end lets the process end by itself, its input being closed, kills it after
// grace, waits for it and closes its pipes. It returns how it exited.
func (p *process) end(grace time.Duration) error {
	p.stdin.Close()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		killGroup(p.pid)
		<-p.exited
	}
	// Something it started may still hold the other ends: do not wait for it.
	p.stdout.Close()
	p.stderr.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	p.logs.Wait()
	p.stderr.Close()
	return p.err
}

// A worker's lines reach the log at logRate a second, after the first logBurst of them.
const (
	logBurst = 500
	logRate  = 20
)

// tap lets through so many lines.
type tap struct {
	left    float64
	last    time.Time
	dropped int // since the last line that came through
}

// open reports whether a line may pass at a time.
func (t *tap) open(now time.Time) bool {
	t.left = min(t.left+now.Sub(t.last).Seconds()*logRate, logBurst)
	t.last = now
	if t.left < 1 {
		t.dropped++
		return false
	}
	t.left--
	return true
}

// forwardLog logs the lines of r, as many as a tap lets through, and how many it did not.
func forwardLog(r io.Reader, log *slog.Logger) {
	b := bufio.NewReaderSize(r, maxLogLine)
	t := tap{left: logBurst, last: time.Now()}
	told := func() {
		if t.dropped > 0 {
			log.Warn("worker says more than is logged", "lines_dropped", t.dropped)
			t.dropped = 0
		}
	}
	defer told()
	for {
		line, more, err := b.ReadLine()
		if err != nil {
			return
		}
		text := string(line)
		for more && err == nil {
			_, more, err = b.ReadLine()
		}
		if text != "" && t.open(time.Now()) {
			told()
			log.Log(context.Background(), lineLevel(text), "worker says", "line", text)
		}
	}
}

// lineLevel reads the level that slog's text handler writes; other lines are
// information.
func lineLevel(line string) slog.Level {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelWarn, slog.LevelError} {
		if strings.Contains(line, "level="+l.String()) {
			return l
		}
	}
	return slog.LevelInfo
}

// exitText says how a process ended.
func exitText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// notStartable reports whether a start failed in a way that trying again cannot mend.
func notStartable(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission)
}
