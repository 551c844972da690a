package gpu

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed peers/*.py
var peerFiles embed.FS

// peerScripts are the programs that speak the protocol of peers/wire.py, in the order in which they are made ready.
var peerScripts = []string{"jax_peer.py", "triton_peer.py", "pytorch_peer.py"}

var (
	// errPeer is what a peer itself says: too little memory, a mode that it lacks. It goes on.
	errPeer = errors.New("peer")
	// errPeerGone is returned when a peer has ended, was too slow, or answered what is no answer. It is gone.
	errPeerGone = errors.New("peer ended")
)

// maxAnswer bounds a line that a peer writes.
const maxAnswer = 1 << 20

// peer is a process of another library on the same card.
type peer struct {
	hello   peerHello
	cancel  context.CancelFunc
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan []byte // closed when its output ends
	read    chan struct{}
}

// peerHello is a peer's first line.
type peerHello struct {
	Absent  string   `json:"absent"`
	Peer    string   `json:"peer"`
	Version string   `json:"version"`
	Device  string   `json:"device"`
	Modes   []string `json:"modes"`
	// Includes says of each mode what its figure contains.
	Includes map[string]Includes `json:"includes"`
}

// peerGroup is a group of models of one shape, as peers/wire.py has it.
type peerGroup struct {
	Count      int    `json:"count"`
	Batch      int    `json:"batch"`
	Widths     []int  `json:"widths"`
	Activation string `json:"activation"`
	Steps      int    `json:"steps"`
	EvalEvery  int    `json:"eval_every"`
	Patience   int    `json:"patience"`

	stops int // the steps that its models need, summed up
}

type peerRequest struct {
	Do      string      `json:"do"`
	Key     string      `json:"key,omitempty"`
	Mode    string      `json:"mode,omitempty"`
	Groups  []peerGroup `json:"groups,omitempty"`
	Seconds float64     `json:"seconds,omitempty"`
	Size    int         `json:"size,omitempty"`
}

type peerAnswer struct {
	Error        string  `json:"error"`
	Seconds      float64 `json:"seconds"`
	TimedSeconds float64 `json:"timed_seconds"`
	TimedSteps   int     `json:"timed_steps"`
	GFLOPS       float64 `json:"gflops"`
	Library      string  `json:"library"`
}

// unpackPeers writes the peers' scripts into a folder.
func unpackPeers(folder string) error {
	entries, err := peerFiles.ReadDir("peers")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := peerFiles.ReadFile("peers/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, e.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// startPeer starts a script; the error says why it is not to be had.
func startPeer(ctx context.Context, python, script, device string, within time.Duration) (*peer, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, python, "-B", script, "--device", device)
	cmd.WaitDelay = 2 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	p := &peer{cancel: cancel, cmd: cmd, in: in, answers: make(chan []byte), read: make(chan struct{})}
	go func() {
		defer close(p.read)
		defer close(p.answers)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, maxAnswer)
		for lines.Scan() {
			select {
			case p.answers <- append([]byte(nil), lines.Bytes()...):
			case <-ctx.Done():
				return
			}
		}
	}()
	if err := p.answer(ctx, within, &p.hello); err != nil {
		p.close()
		return nil, err
	}
	if p.hello.Absent != "" {
		p.close()
		return nil, errors.New(p.hello.Absent)
	}
	return p, nil
}

// close ends the peer and waits for it.
func (p *peer) close() {
	p.in.Close()
	p.cancel()
	<-p.read
	_ = p.cmd.Wait() // its exit status says nothing more
}

// answer reads the next line within a time.
func (p *peer) answer(ctx context.Context, within time.Duration, into any) error {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case line, ok := <-p.answers:
		if !ok {
			return fmt.Errorf("%w without an answer", errPeerGone)
		}
		if err := json.Unmarshal(line, into); err != nil {
			return fmt.Errorf("%w: %.100q is no answer", errPeerGone, line)
		}
		return nil
	case <-late.C:
		return fmt.Errorf("%w: no answer within %v", errPeerGone, within.Round(time.Second))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask makes a request. An error that is not errPeer means that the peer has to be closed.
func (p *peer) ask(ctx context.Context, within time.Duration, r peerRequest) (peerAnswer, error) {
	var a peerAnswer
	line, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return a, fmt.Errorf("%w: %w", errPeerGone, err)
	}
	if err := p.answer(ctx, within, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, fmt.Errorf("%w: %s", errPeer, a.Error)
	}
	return a, nil
}
