package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

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

func TestFindWorker(t *testing.T) {
	beside, onPath := t.TempDir(), t.TempDir()
	t.Setenv("PATH", onPath+":"+os.Getenv("PATH"))
	find := func(configured, want string) {
		t.Helper()
		got, err := FindWorker(t.Context(), configured, beside, nil)
		if err != nil || got != want {
			t.Errorf("FindWorker(%q) = %q, %v, want %q", configured, got, err, want)
		}
	}
	if got, err := FindWorker(t.Context(), "", beside, nil); err == nil {
		t.Errorf("FindWorker() with no worker = %q", got)
	}
	far := program(t, onPath, Program, "exit 0")
	find("", far)
	near := program(t, beside, Program, "exit 0")
	find("", near)

	describe := func(gpu bool) string {
		d := Description{Name: "g", Version: "1", Device: "card", HasGPU: gpu, Workers: 1, Plugins: []string{"p"}}
		return fmt.Sprintf("test \"$1\" = describe && echo '%s'", canon.Default(d.Object()))
	}
	program(t, beside, ProgramGPU, "echo no device; exit 1")
	find("", near)
	program(t, beside, ProgramGPU, "echo nonsense")
	find("", near)
	program(t, beside, ProgramGPU, describe(false))
	find("", near)
	gpu := program(t, beside, ProgramGPU, describe(true))
	find("", gpu)
	find(far, far)
	if got, err := FindWorker(t.Context(), filepath.Join(beside, "none"), beside, nil); err == nil {
		t.Errorf("FindWorker() with a wrong worker_path = %q", got)
	}
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
