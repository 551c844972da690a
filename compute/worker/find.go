package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"doin.network/node/internal/canon"
)

// Names of the worker programs, without the system's suffix.
const (
	ProgramGPU = "doin-worker-gpu"
	Program    = "doin-worker"
)

// describeTimeout bounds the question to a GPU worker whether it has a device.
const describeTimeout = 20 * time.Second

// FindWorker returns the worker program to run: configured if that is not empty
// (an error if it is not a program), else doin-worker-gpu, if one is found and
// reports a device, else doin-worker, each looked for in exeDir, the directory of
// the running program, and then on PATH. Which one runs never changes a result.
func FindWorker(ctx context.Context, configured, exeDir string, log *slog.Logger) (string, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if configured != "" {
		path, err := exec.LookPath(configured)
		if err != nil {
			return "", fmt.Errorf("worker: worker_path: %w", err)
		}
		return filepath.Abs(path)
	}
	if path, err := lookup(ProgramGPU, exeDir); err == nil {
		d, err := DescribeProgram(ctx, path)
		if err == nil && d.HasGPU {
			return path, nil
		}
		if err == nil {
			err = errors.New("reports no device")
		}
		log.Info("gpu worker not used", "path", path, "err", err)
	}
	path, err := lookup(Program, exeDir)
	if err != nil {
		return "", fmt.Errorf("worker: %s is neither in %s nor on PATH: %w", Program, exeDir, err)
	}
	return path, nil
}

// lookup finds a program in dir or on PATH.
func lookup(name, dir string) (string, error) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if dir != "" {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil {
			return filepath.Abs(path)
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fs.ErrNotExist
	}
	return filepath.Abs(path)
}

// DescribeProgram runs "PATH describe", which prints the description as JSON.
func DescribeProgram(ctx context.Context, path string) (Description, error) {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "describe")
	cmd.WaitDelay = time.Second
	cmd.Env = os.Environ()
	out, err := cmd.Output()
	if err != nil {
		return Description{}, fmt.Errorf("worker: %s describe: %w", path, err)
	}
	o, err := canon.ParseObject(out)
	if err == nil {
		var d Description
		if d, err = ParseDescription(o); err == nil {
			return d, nil
		}
	}
	return Description{}, fmt.Errorf("worker: %s describe: %w", path, err)
}

// execPrefix marks a plugin that is a program.
const execPrefix = "exec:"

// ExecArgv splits a plugin of the form "exec:PROGRAM ARGS…" at white space; ok is
// false for a plugin of another form. A relative path with a separator is taken
// from dir, a bare name from PATH.
func ExecArgv(plugin, dir string) (argv []string, ok bool, err error) {
	rest, ok := strings.CutPrefix(plugin, execPrefix)
	if !ok {
		return nil, false, nil
	}
	argv = strings.Fields(rest)
	if len(argv) == 0 {
		return nil, true, fmt.Errorf("worker: plugin %.80q names no program", plugin)
	}
	if strings.ContainsRune(argv[0], filepath.Separator) && !filepath.IsAbs(argv[0]) {
		argv[0] = filepath.Join(dir, argv[0])
		if !filepath.IsAbs(argv[0]) {
			if argv[0], err = filepath.Abs(argv[0]); err != nil {
				return nil, true, fmt.Errorf("worker: plugin %.80q: %w", plugin, err)
			}
		}
	}
	return argv, true, nil
}
