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

// parabola is a domain of a Python program of sixty lines that only evaluates, over JSON lines.
func parabola(t *testing.T) *canon.Object {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))").CombinedOutput(); err != nil {
		t.Skipf("no python3 from 3.9 on: %v %s", err, out)
	}
	return canon.NewObject("domain_id", "parabola", "optimize", true, "evaluate", true, "optimization_plugin", "exec:./parabola.py",
		"optimization_config", canon.NewObject("ga", canon.NewObject("population", 8)))
}

// give puts the program where its host looks for it.
func give(t *testing.T, h *host) *host {
	t.Helper()
	text := read(t, filepath.Join(root, "cmd", "doin-worker", "testdata", "parabola.py"))
	if err := os.WriteFile(h.file("parabola.py"), text, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestProgram has a lone node search a program that only evaluates: its champion is accepted and answers, and a restart keeps it.
func TestProgram(t *testing.T) {
	t.Parallel()
	h := give(t, newHost(t, "node", settings(parabola(t)), "solo", true))
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

// TestProgramQuorum has two nodes that do not search run the program themselves and agree with the one that does.
func TestProgramQuorum(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 3, settings(parabola(t)))
	for i, h := range hosts {
		give(t, h)
		if i > 0 {
			o, err := canon.ParseObject(read(t, h.file("node.json")))
			if err != nil {
				t.Fatal(err)
			}
			write(t, h.file("node.json"), canon.AppendIndent(nil, o.Set("domains", []any{parabola(t).Set("optimize", false)})))
			h.run()
		}
	}
	hosts[0].run() // the last: a claim that is made before its evaluators are there is lost
	for _, h := range hosts {
		eventually(t, h.name+" has a verified champion", func() error {
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
			return nil
		})
	}
}

// TestProgramSynthetic: a program that only evaluates makes no synthetic data, and a configuration that wants it says so.
func TestProgramSynthetic(t *testing.T) {
	t.Parallel()
	h := give(t, newHost(t, "node", settings(parabola(t).Set("has_synthetic_data", true))))
	mentions(t, failed(t, h.dir, "--config", "node.json"), "parabola", "has_synthetic_data", "must be false", "only evaluates")
}

// TestRosenbrock has two islands search the example of ten lines: its champion is verified by the other, nearly so good as can be, and
// both say that it is approximate.
func TestRosenbrock(t *testing.T) {
	t.Parallel()
	parabola(t) // or skip without python3
	path, err := filepath.Abs(filepath.Join(root, "examples", "rosenbrock", "rosenbrock.py"))
	if err != nil {
		t.Fatal(err)
	}
	hosts := newNetwork(t, 2, settings(canon.NewObject("domain_id", "rosenbrock", "optimize", true, "evaluate", true, "has_synthetic_data", false,
		"optimization_plugin", "exec:"+path, "seeds", 1, "performance_scale", 0.0001, "min_increment", 0.002,
		"optimization_config", canon.NewObject("strategy", "cma"))))
	for _, h := range hosts {
		h.run()
	}
	for _, h := range hosts {
		eventually(t, h.name+" has a verified champion near the best", func() error {
			o, err := h.get("/status")
			if err != nil {
				return err
			}
			p := member(t, member(t, o, "progress"), "rosenbrock")
			c, err := p.Object("chain_champion")
			if err != nil {
				return err
			}
			if rough, err := c.Bool("approximate"); err != nil || !rough {
				t.Errorf("approximate %v, %v in %v", rough, err, c)
			}
			if f, err := p.Float("verified_best"); err != nil || f < -1e-3 {
				return fmt.Errorf("verified best %v, %v", f, err)
			}
			return nil
		})
	}
}
