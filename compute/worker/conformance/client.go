package conformance

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// client is a program under test with its pipes. It keeps no rule but the frame
// format, so that a test can break each of the others.
type client struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	frames  chan worker.Frame
	readErr error // why frames was closed
	exited  chan error
	timeout time.Duration
	form    table.Form // of the tables
	next    uint64
}

func dial(argv []string, stderr io.Writer, timeout time.Duration) (*client, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = stderr
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &client{cmd: cmd, stdin: stdin, frames: make(chan worker.Frame, 256), exited: make(chan error, 1), timeout: timeout}
	go func() {
		for {
			f, err := worker.ReadFrame(stdout, worker.DefaultFrameBytes)
			if err != nil {
				c.readErr = err
				close(c.frames)
				c.exited <- cmd.Wait()
				return
			}
			c.frames <- f
		}
	}()
	return c, nil
}

// close kills the program and waits for it.
func (c *client) close() {
	_ = c.cmd.Process.Kill()
	c.stdin.Close()
	for range c.frames {
	}
	<-c.exited
}

// send writes a frame of a new request and returns its id.
func (c *client) send(verb worker.Verb, data *canon.Object, body []byte) (uint64, error) {
	c.next++
	f := worker.Frame{ID: c.next, Verb: verb, Kind: worker.KindRequest, Data: data, Body: body}
	if f.Form = c.form; f.Form != table.Arrow {
		f.V = 2
	}
	return c.next, c.write(f)
}

func (c *client) write(f worker.Frame) error { return worker.WriteFrame(c.stdin, &f) }

// receive returns the next frame of any request.
func (c *client) receive() (worker.Frame, error) {
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	select {
	case f, ok := <-c.frames:
		if !ok {
			return f, fmt.Errorf("its output ended: %w", c.readErr)
		}
		return f, nil
	case <-timer.C:
		return worker.Frame{}, fmt.Errorf("no answer within %v", c.timeout)
	}
}

// receiveOf returns the next frame, which must belong to request id.
func (c *client) receiveOf(id uint64) (worker.Frame, error) {
	f, err := c.receive()
	if err != nil {
		return f, err
	}
	if f.ID != id {
		return f, fmt.Errorf("answered request %d instead of %d", f.ID, id)
	}
	return f, nil
}

// ask sends a request and returns its reply; an error frame is an error.
func (c *client) ask(verb worker.Verb, data *canon.Object, body []byte) (worker.Frame, error) {
	id, err := c.send(verb, data, body)
	if err != nil {
		return worker.Frame{}, err
	}
	f, err := c.receiveOf(id)
	if err != nil {
		return f, err
	}
	switch f.Kind {
	case worker.KindReply:
		if f.Verb != verb {
			return f, fmt.Errorf("reply to %s names the verb %q", verb, f.Verb)
		}
		return f, nil
	case worker.KindError:
		return f, &refusal{worker.FrameError(&f)}
	}
	return f, fmt.Errorf("kind %q where a reply or an error is due", f.Kind)
}

// refusal is an answer that was an error frame.
type refusal struct{ err error }

func (r *refusal) Error() string { return "error frame: " + r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// refused returns nil if err is an error frame that wraps want (nil: any).
func refused(err, want error) error {
	var r *refusal
	switch {
	case err == nil:
		return errors.New("accepted")
	case !errors.As(err, &r):
		return err
	case want != nil && !errors.Is(err, want):
		return fmt.Errorf("%w, want %w", err, want)
	}
	return nil
}

// ends waits for the program's end.
func (c *client) ends() error {
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	for {
		select {
		case _, ok := <-c.frames:
			if !ok {
				select {
				case err := <-c.exited:
					c.exited <- err
					return nil
				case <-timer.C:
					return fmt.Errorf("closed its output but still runs after %v", c.timeout)
				}
			}
		case <-timer.C:
			return fmt.Errorf("still runs after %v", c.timeout)
		}
	}
}
