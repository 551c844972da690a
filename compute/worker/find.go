package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Names of the worker programs, without the system's suffix.
const (
	ProgramGPU = "doin-worker-gpu"
	Program    = "doin-worker"
)

// Names of devices. Others are those of single GPUs, "cuda:0".
const (
	DeviceAuto = "auto"
	DeviceCPU  = "cpu"
)

// ErrDevice is returned, wrapped with the reason, by FindWorker where the GPU that was asked for cannot be had.
var ErrDevice = errors.New("worker: device")

// FindOptions say which worker is looked for. The zero value is good.
type FindOptions struct {
	// Path is the program configured; empty: it is looked for.
	Path string
	// Dir is looked in before PATH: that of the running program.
	Dir string
	// Device is DeviceAuto, DeviceCPU or the name of one GPU; empty is DeviceAuto.
	Device string
	// Timeout bounds the question to a GPU worker whether it has a device. Default 20 s.
	Timeout time.Duration
	// Logger gets the reason why a GPU worker is not used; nil discards.
	Logger *slog.Logger
}

// Found is a worker program to run.
type Found struct {
	Path string
	// Devices are the values of the program's flag --device, for one process each; an empty one: without the flag. There is
	// at least one.
	Devices []string
	// Fallback is a program for the processor, if there is one, for the time when Path, that of a GPU, cannot be started any
	// more. It is empty unless the choice was free.
	Fallback string
}

// FindWorker returns the worker program to run, which is one of the two of this project, each looked for in o.Dir and
// then on PATH, unless o.Path names another:
//
//   - DeviceAuto: doin-worker-gpu with the devices that it reports, if there is one that reports any, else doin-worker,
//     with one line in the log saying why. A configured program is run as it is, and not asked.
//   - DeviceCPU: doin-worker; doin-worker-gpu is not started.
//   - One GPU: doin-worker-gpu, or the configured program, which must report this device; otherwise the error wraps
//     ErrDevice.
//
// Which one runs never changes a result.
func FindWorker(ctx context.Context, o FindOptions) (Found, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Path != "" {
		return o.configured(ctx)
	}
	switch o.Device {
	case DeviceCPU:
		return o.processor(DeviceCPU)
	case DeviceAuto, "":
		path, err := lookup(ProgramGPU, o.Dir)
		if err == nil {
			var d Description
			if d, err = describeGPU(ctx, path, "", o.Timeout); err == nil {
				found := Found{Path: path, Devices: d.devices()}
				if path, err := lookup(Program, o.Dir); err == nil {
					found.Fallback = path
				}
				return found, nil
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			o.Logger.Debug("there is no gpu worker", "program", ProgramGPU)
		} else {
			o.Logger.Warn("gpu worker not used, trainings run on the processor", "program", ProgramGPU, "reason", err)
		}
		return o.processor("")
	}
	path, err := lookup(ProgramGPU, o.Dir)
	if err != nil {
		return Found{}, fmt.Errorf("%w %q: %w", ErrDevice, o.Device, err)
	}
	return o.gpu(ctx, path)
}

// configured is the program that Path names.
func (o *FindOptions) configured(ctx context.Context) (Found, error) {
	path, err := exec.LookPath(o.Path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return Found{}, fmt.Errorf("worker: worker_path: %w", err)
	}
	switch o.Device {
	case DeviceAuto, "":
		return Found{Path: path, Devices: []string{""}}, nil
	case DeviceCPU:
		return Found{Path: path, Devices: []string{DeviceCPU}}, nil
	}
	return o.gpu(ctx, path)
}

// gpu is a program on the one device that was asked for.
func (o *FindOptions) gpu(ctx context.Context, path string) (Found, error) {
	if _, err := describeGPU(ctx, path, o.Device, o.Timeout); err != nil {
		return Found{}, fmt.Errorf("%w %q: %s: %w", ErrDevice, o.Device, filepath.Base(path), err)
	}
	return Found{Path: path, Devices: []string{o.Device}}, nil
}

// processor is the worker without a GPU.
func (o *FindOptions) processor(device string) (Found, error) {
	path, err := lookup(Program, o.Dir)
	if err != nil {
		return Found{}, fmt.Errorf("worker: %w", err)
	}
	return Found{Path: path, Devices: []string{device}}, nil
}

// lookup finds a program in dir or on PATH. The error wraps fs.ErrNotExist if there is no such file, fs.ErrPermission if
// it is not executable.
func lookup(name, dir string) (string, error) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	var forbidden error
	if dir != "" {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil {
			return filepath.Abs(path)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			forbidden = fmt.Errorf("%s is not executable: %w", filepath.Join(dir, name), err)
		}
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return filepath.Abs(path)
	case forbidden != nil:
		return "", forbidden
	}
	return "", fmt.Errorf("%s is neither in %s nor on PATH: %w", name, dir, fs.ErrNotExist)
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
