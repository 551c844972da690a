package host

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// process is a running program.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr tail
	once   sync.Once
	ended  error
}

func startProcess(ctx context.Context, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Stderr = &p.stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout = bufio.NewReader(stdout)
	return p, p.cmd.Start()
}

// stop ends the program as soon as it has done what it was told, and waits for it. Returns how it ended; nil when in order.
func (p *process) stop() error {
	p.once.Do(func() {
		// Closing tells the program to end. It has ended already if that fails.
		_ = p.stdin.Close()
		p.ended = p.cmd.Wait()
	})
	return p.ended
}

// said is the end of what the program wrote to standard error.
func (p *process) said() string { return p.stderr.String() }

// tailMost bounds what is kept of standard error.
const tailMost = 16 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
	cut  bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailMost; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
		t.cut = true
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimRight(string(t.kept), "\n")
	if t.cut {
		text = "…" + text
	}
	return text
}
