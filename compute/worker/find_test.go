package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// program writes a shell script.
func program(t *testing.T, dir, name, script string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// described is a script that describes a GPU worker, if it is asked with the arguments given.
func described(arguments string, gpu bool, devices ...string) string {
	d := Description{Name: "g", Version: "1", Device: "card", HasGPU: gpu, Workers: 1, Plugins: []string{"p"}, Devices: devices}
	return fmt.Sprintf("test \"$*\" = '%s' && echo '%s'", arguments, canon.Default(d.Object()))
}

// scene is a folder beside the program and one on PATH, and what is logged.
type scene struct {
	t              *testing.T
	beside, onPath string
	lines          bytes.Buffer
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, beside: t.TempDir(), onPath: t.TempDir()}
	t.Setenv("PATH", s.onPath+":"+os.Getenv("PATH"))
	return s
}

func (s *scene) find(o FindOptions) (Found, error) {
	s.lines.Reset()
	o.Dir, o.Logger = s.beside, slog.New(slog.NewTextHandler(&s.lines, nil))
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	return FindWorker(s.t.Context(), o)
}

// is finds a program with devices, and without a line in the log.
func (s *scene) is(o FindOptions, path string, devices ...string) {
	s.t.Helper()
	got, err := s.find(o)
	if err != nil || got.Path != path || !slices.Equal(got.Devices, devices) || s.lines.Len() > 0 {
		s.t.Errorf("FindWorker(%+v) = %+v, %v, want %s with %q; log:\n%s", o, got, err, path, devices, &s.lines)
	}
}

// fallsBack finds a program, with one line in the log that has the reason.
func (s *scene) fallsBack(o FindOptions, path, reason string) {
	s.t.Helper()
	got, err := s.find(o)
	lines := s.lines.String()
	if err != nil || got.Path != path || !slices.Equal(got.Devices, []string{""}) ||
		strings.Count(lines, "\n") != 1 || !strings.Contains(lines, reason) {
		s.t.Errorf("FindWorker(%+v) = %+v, %v, want %s; log, where %q should be:\n%s", o, got, err, path, reason, lines)
	}
}

// fails finds nothing, for a reason.
func (s *scene) fails(o FindOptions, want error, reason string) {
	s.t.Helper()
	got, err := s.find(o)
	if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), reason) || s.lines.Len() > 0 {
		s.t.Errorf("FindWorker(%+v) = %+v, %v, want %v with %q; log:\n%s", o, got, err, want, reason, &s.lines)
	}
}

func TestFindWorker(t *testing.T) {
	s := newScene(t)
	s.fails(FindOptions{}, fs.ErrNotExist, Program)
	far := program(t, s.onPath, Program, "exit 0")
	s.is(FindOptions{}, far, "")
	near := program(t, s.beside, Program, "exit 0")
	s.is(FindOptions{}, near, "")
	s.is(FindOptions{Device: DeviceAuto}, near, "")
	s.is(FindOptions{Device: DeviceCPU}, near, DeviceCPU)
	s.fails(FindOptions{Device: "cuda:0"}, ErrDevice, ProgramGPU+" is neither in")

	gpu := program(t, s.beside, ProgramGPU, described("describe", true))
	s.is(FindOptions{}, gpu, "")
	if found, err := s.find(FindOptions{}); err != nil || found.Fallback != near {
		t.Errorf("FindWorker() = %+v, %v, want the fallback %s", found, err, near)
	}
	program(t, s.beside, ProgramGPU, described("describe", true, "cuda:0", "cuda:2"))
	s.is(FindOptions{}, gpu, "cuda:0", "cuda:2")
	program(t, s.beside, ProgramGPU, described("--device cuda:2 describe", true))
	s.is(FindOptions{Device: "cuda:2"}, gpu, "cuda:2")
	if found, err := s.find(FindOptions{Device: "cuda:2"}); err != nil || found.Fallback != "" {
		t.Errorf("FindWorker(cuda:2) = %+v, %v, want no fallback", found, err)
	}
	s.fails(FindOptions{Device: "cuda:3"}, ErrDevice, "cuda:3")

	marker := filepath.Join(s.onPath, "started")
	program(t, s.beside, ProgramGPU, "touch "+marker)
	s.is(FindOptions{Device: DeviceCPU}, near, DeviceCPU)
	if _, err := os.Stat(marker); err == nil {
		t.Error("the gpu worker was started for the device cpu")
	}
}

func TestFindWorkerFallsBack(t *testing.T) {
	s := newScene(t)
	near := program(t, s.beside, Program, "exit 0")
	f := func(script, reason string) {
		t.Helper()
		program(t, s.beside, ProgramGPU, script)
		s.fallsBack(FindOptions{}, near, reason)
		s.fails(FindOptions{Device: "cuda:0"}, ErrDevice, strings.Trim(reason, `\"`))
	}
	f(`echo 'Error in initialization, please refer to "https://example.org/init.html" for details on: NoDevice'; exit 1`, "no NVIDIA device that this process may use")
	f(`echo 'Error in initialization, please refer to "https://example.org/init.html" for details on: UnknownErrorCode:34'; exit 1`, "cannot be initialised: UnknownErrorCode:34")
	f(`echo "$0: error while loading shared libraries: libcuda.so.1: cannot open shared object file: No such file or directory" >&2; exit 127`, "libcuda.so.1 is not installed")
	f(`echo "a first line" >&2; echo "doin-worker: device: no GPU: cuda:0 Old: compute capability 7.5" >&2; exit 1`, `device: no GPU: cuda:0 Old: compute capability 7.5`)
	f("exit 3", "exit status 3")
	f("kill -9 $$", "killed")
	f("echo nonsense", "its description is none")
	f("head -c 200000 /dev/zero | tr '\\0' x", "its description is none")
	f("shift $(($# - 1)); "+described("describe", false), "reports no GPU, but card")
	f("shift $(($# - 1)); "+described("describe", true, make([]string, maxDevices+1)...), fmt.Sprintf("%d devices", maxDevices+1))

	program(t, s.beside, ProgramGPU, "sleep 60")
	s.fallsBack(FindOptions{Timeout: 100 * time.Millisecond}, near, "does not describe itself within 100ms")

	if err := os.Chmod(filepath.Join(s.beside, ProgramGPU), 0o644); err != nil {
		t.Fatal(err)
	}
	s.fallsBack(FindOptions{}, near, "is not executable")
	s.fails(FindOptions{Device: "cuda:0"}, ErrDevice, "is not executable")
	far := program(t, s.onPath, ProgramGPU, described("describe", true, "cuda:0"))
	s.is(FindOptions{}, far, "cuda:0")
	if err := os.WriteFile(filepath.Join(s.onPath, ProgramGPU), []byte("\x7fELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.fallsBack(FindOptions{}, near, "exec format error")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	program(t, s.onPath, ProgramGPU, "sleep 60")
	if _, err := FindWorker(ctx, FindOptions{Dir: s.beside, Device: "cuda:0"}); !errors.Is(err, context.Canceled) {
		t.Errorf("FindWorker() of an ended context = %v", err)
	}
}

func TestFindWorkerConfigured(t *testing.T) {
	s := newScene(t)
	program(t, s.beside, Program, "exit 0")
	program(t, s.beside, ProgramGPU, described("describe", true, "cuda:0"))
	own := program(t, s.onPath, "own", described("--device cuda:1 describe", true))
	s.is(FindOptions{Path: own}, own, "")
	s.is(FindOptions{Path: "own"}, own, "")
	s.is(FindOptions{Path: own, Device: DeviceCPU}, own, DeviceCPU)
	s.is(FindOptions{Path: own, Device: "cuda:1"}, own, "cuda:1")
	s.fails(FindOptions{Path: own, Device: "cuda:0"}, ErrDevice, "own")
	s.fails(FindOptions{Path: filepath.Join(s.beside, "none")}, fs.ErrNotExist, "worker_path")
}

func TestExecArgv(t *testing.T) {
	f := func(plugin string, ok bool, want ...string) {
		t.Helper()
		argv, is, err := ExecArgv(plugin, "/dir")
		if err != nil || is != ok || !slices.Equal(argv, want) {
			t.Errorf("ExecArgv(%q) = %q, %v, %v, want %q, %v", plugin, argv, is, err, want, ok)
		}
	}
	f("forecast", false)
	f("exec:./my_domain.py --fast  x", true, "/dir/my_domain.py", "--fast", "x")
	f("exec:/abs/p", true, "/abs/p")
	f("exec:python3 p.py", true, "python3", "p.py")
	if _, ok, err := ExecArgv("exec:  ", ""); !ok || err == nil {
		t.Errorf("ExecArgv of no program: %v, %v", ok, err)
	}
}
