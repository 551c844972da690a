//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"doin.network/node/internal/canon"
)

// program is a host whose domain is a Python program of sixty lines that only evaluates, over JSON lines.
func program(t *testing.T, members ...any) *host {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))").CombinedOutput(); err != nil {
		t.Skipf("no python3 from 3.9 on: %v %s", err, out)
	}
	d := canon.NewObject("domain_id", "parabola", "optimize", true, "evaluate", true, "optimization_plugin", "exec:./parabola.py",
		"optimization_config", canon.NewObject("ga", canon.NewObject("population", 8)))
	for k, v := range canon.NewObject(members...).All() {
		d.Set(k, v)
	}
	h := newHost(t, "node", settings(d), "solo", true)
	text := read(t, filepath.Join(root, "cmd", "doin-worker", "testdata", "parabola.py"))
	if err := os.WriteFile(h.file("parabola.py"), text, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestProgram has a lone node search a program that only evaluates: its champion is accepted and answers, and a restart keeps it.
func TestProgram(t *testing.T) {
	t.Parallel()
	h := program(t)
	answers := func() {
		t.Helper()
		eventually(t, "a champion near the best", func() error {
			o, err := h.get("/status")
			if err != nil {
				return err
			}
			c, err := member(t, member(t, o, "progress"), "parabola").Object("champion")
			if err != nil {
				return err
			}
			if v, err := c.Bool("verified"); err != nil || !v {
				return fmt.Errorf("verified %v, %v", v, err)
			}
			if f, err := c.Float("performance"); err != nil || f < -0.5 {
				return fmt.Errorf("performance %v, %v", f, err)
			}
			return nil
		})
		a := h.must("POST", "/inference", []byte(`{"domain_id": "parabola", "input_data": {}, "wait": 30}`))
		o, err := a.object()
		if err != nil || a.status != 200 {
			t.Fatalf("%v, %v", a, err)
		}
		if f, ok := number(member(t, o, "result")); !ok || f < 0 || f > 2 {
			t.Errorf("the champion's a = %v, %v, want about 1: %v", f, ok, a)
		}
	}
	h.run()
	answers()
	h.stop(syscall.SIGTERM)
	h.run()
	answers()
}

// TestProgramSynthetic: a program that only evaluates makes no synthetic data, and a configuration that wants it says so.
func TestProgramSynthetic(t *testing.T) {
	t.Parallel()
	h := program(t, "has_synthetic_data", true)
	mentions(t, failed(t, h.dir, "--config", "node.json"), "parabola", "has_synthetic_data", "must be false", "only evaluates")
}
