package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"doin.network/node/internal/canon"
)

// maxDescription bounds what is read of each output of a program that describes itself.
const maxDescription = 64 << 10

// describeGPU asks a program for its description, on one device or (empty) on the one it chooses: "PATH [--device D]
// describe". The error is a reason for a line of a log: the program does not end in time, says why it cannot be used, or
// reports no device.
func describeGPU(ctx context.Context, path, device string, timeout time.Duration) (d Description, err error) {
	var args []string
	if device != "" {
		args = []string{"--device", device}
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(within, path, append(args, "describe")...)
	cmd.WaitDelay = time.Second
	setProcessAttributes(cmd)
	cmd.Cancel = func() error {
		killGroup(cmd.Process.Pid)
		return nil
	}
	runtime.LockOSThread() // the kernel's death signal follows the thread that starts the program
	defer runtime.UnlockOSThread()
	cmd.Env = os.Environ()
	var stdout, stderr tail
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return d, ctx.Err()
	case within.Err() != nil:
		return d, fmt.Errorf("does not describe itself within %v", timeout)
	case err != nil:
		return d, errors.New(reason(err, stdout.String(), stderr.String()))
	}
	o, err := canon.ParseObject(stdout.b)
	if err == nil {
		d, err = ParseDescription(o)
	}
	switch {
	case err != nil:
		return d, fmt.Errorf("its description is none: %w", err)
	case !d.HasGPU:
		return d, fmt.Errorf("reports no GPU, but %s", d.Device)
	}
	return d, nil
}

// reason says why a GPU worker ended with err instead of describing itself.
//
// A program that is linked with the CUDA driver may end before its first line: the loader does not find the library, or
// gorgonia.org/cu, which initialises the driver at import, writes a line to standard output and exits. What the worker
// itself has to say is the last line of its standard error.
func reason(err error, stdout, stderr string) string {
	for line := range strings.Lines(stdout + "\n" + stderr) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "libcuda.so") && strings.Contains(line, "shared librar") {
			return "no NVIDIA driver: its library libcuda.so.1 is not installed"
		}
		if _, code, ok := strings.Cut(line, "Error in initialization"); ok {
			code = code[strings.LastIndexAny(code, " \t")+1:]
			if strings.EqualFold(code, "NoDevice") {
				return "no NVIDIA device that this process may use; see nvidia-smi and CUDA_VISIBLE_DEVICES"
			}
			return "the CUDA driver cannot be initialised: " + clip(code)
		}
	}
	for _, text := range []string{stderr, stdout} {
		if lines := strings.Split(strings.TrimSpace(text), "\n"); lines[len(lines)-1] != "" {
			return clip(strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), Program+": "))
		}
	}
	return exitText(err)
}

// tail keeps the last bytes written to it, at most maxDescription.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-maxDescription):]...)
	if over := len(t.b) - maxDescription; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(bytes.ToValidUTF8(t.b, []byte("?"))) }
