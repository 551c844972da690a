package local

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is a node that runs.
type process struct {
	*member
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; valid after done
}

// start starts the node's process. What it prints goes to its log file.
func (m *member) start(exe, level string) (*process, error) {
	log, err := os.OpenFile(m.file("log.txt"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	args := []string{
		"--config", m.file("node.json"),
		"--data-dir", m.dir,
		"--stats-file", m.file("experiment_stats.csv"),
		"--olap-db", m.file("olap.db"),
	}
	if level != "" {
		args = append(args, "--log-level", level)
	}
	p := &process{member: m, cmd: exec.Command(exe, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	isolate(p.cmd)
	started := make(chan error)
	go func() {
		// The child is told of the end of the thread that made it (see isolate): so
		// this goroutine keeps its thread until the child has ended.
		runtime.LockOSThread()
		defer log.Close()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start node %d: %w", m.index, err)
	}
	return p, nil
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

// died describes a process that ended on its own, with its last words.
func (p *process) died() error {
	how := "it exited without an error"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("node %d ended early: %s; the last lines of %s:\n%s",
		p.index, how, p.file("log.txt"), lastLines(p.file("log.txt"), 20))
}

// stop asks every process to end and kills what has not after StopTime. It returns
// when all have ended, with the indices of those that were killed.
func stop(ps []*process) (killed []int) {
	for _, p := range ps {
		if !p.exited() {
			terminate(p.cmd.Process.Pid)
		}
	}
	deadline := time.NewTimer(StopTime)
	defer deadline.Stop()
	late := false
	for _, p := range ps {
		if !late {
			select {
			case <-p.done:
				continue
			case <-deadline.C:
				late = true
			}
		}
		if !p.exited() {
			killGroup(p.cmd.Process.Pid)
			killed = append(killed, p.index)
			<-p.done
		}
	}
	return killed
}

// lastLines returns the end of a file, at most n lines and 8 KiB.
func lastLines(name string, n int) string {
	const most = 8 << 10
	f, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	buf := make([]byte, min(st.Size(), most))
	k, _ := f.ReadAt(buf, st.Size()-int64(len(buf)))
	lines := bytes.Split(bytes.TrimSpace(buf[:k]), []byte("\n"))
	return "  " + string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n  ")))
}
