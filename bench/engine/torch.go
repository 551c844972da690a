package engine

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

//go:embed torch.py
var torchScript string

// torch is a Python process that measures one PyTorch step at a time, so that its figures are taken between ours.
type torch struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// startTorch starts the peer; the reason is given where it is not to be had.
func startTorch(ctx context.Context, python string) (*torch, []string) {
	cmd := exec.CommandContext(ctx, python, "-c", torchScript)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, []string{"pytorch: " + err.Error()}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, []string{"pytorch: " + err.Error()}
	}
	if err := cmd.Start(); err != nil {
		return nil, []string{"pytorch: " + err.Error()}
	}
	t := &torch{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	if !t.out.Scan() || !strings.HasPrefix(t.out.Text(), "torch ") {
		t.close()
		return nil, []string{"pytorch: not installed for " + python}
	}
	return t, nil
}

func (t *torch) close() {
	t.in.Close()
	t.cmd.Wait() // its exit status says nothing more
}

// measure asks for microseconds per model-step of one way of training an MLP.
func (t *torch) measure(mode string, w *torchModel, seconds float64) (float64, error) {
	if _, err := fmt.Fprintf(t.in, "%s %d %s %g\n", mode, w.batch, w.widths, seconds); err != nil {
		return 0, fmt.Errorf("pytorch: %w", err)
	}
	if !t.out.Scan() {
		return 0, fmt.Errorf("pytorch: ended: %v", t.out.Err())
	}
	us, err := strconv.ParseFloat(t.out.Text(), 64)
	if err != nil {
		return 0, fmt.Errorf("pytorch: %q", t.out.Text())
	}
	return us, nil
}

// torchModel is an MLP as the script understands it.
type torchModel struct {
	batch  int
	widths string // "32,64,64,1"
}

func (b *bench) torchStep(w measured) error {
	for _, mode := range []string{"eager", "stacked"} {
		us, err := b.torch.measure(mode, w.torch, b.cfg.Duration.Seconds())
		if err != nil {
			return err
		}
		b.add("pytorch-"+mode+"/"+w.String(), us)
	}
	return nil
}
