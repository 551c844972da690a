//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// TestSignals demands that a node and a whole network stop within the time promised, leaving no process.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run("node "+sig.String(), func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "node", settings(forecast()), "optimizer_loop_interval", 0)
			h.run()
			eventually(t, "a round", func() error {
				if n, err := h.rounds("co2"); err != nil || n < 1 {
					return fmt.Errorf("%d rounds, %v", n, err)
				}
				return nil
			})
			h.stop(sig)
			mentions(t, h.out.String(), "node stopped")
		})
		t.Run("network "+sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "net.json"), canon.Default(settings(quadratic())))
			p := start(t, "local", dir, "local", "--nodes", "2", "--config", "net.json", "--data-dir", "net", "--json")
			eventually(t, "both nodes have begun", func() error {
				if p.exited() {
					t.Fatalf("ended early: %v", p.err)
				}
				if n := len(descendants(p.cmd.Process.Pid)); n < 4 {
					return fmt.Errorf("%d processes", n)
				}
				return nil
			})
			p.stop(sig)
			mentions(t, p.out.String(), `"nodes"`, `"domains"`)
		})
	}
	t.Run("killed parent", func(t *testing.T) {
		t.Parallel()
		if !pdeath {
			t.Skip("children of a killed parent end with it on Linux only")
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "net.json"), canon.Default(settings(quadratic())))
		p := start(t, "local", dir, "local", "--nodes", "2", "--config", "net.json", "--data-dir", "net")
		var children []int
		eventually(t, "both nodes have begun", func() error {
			children = descendants(p.cmd.Process.Pid)
			if len(children) < 4 {
				return fmt.Errorf("%d processes", len(children))
			}
			return nil
		})
		begin := time.Now()
		p.kill()
		eventually(t, "nothing is left of the network", func() error {
			for _, pid := range children {
				if running(pid) {
					line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
					return fmt.Errorf("%d %.100q runs %v after", pid, line, time.Since(begin))
				}
			}
			return nil
		})
	})
}
