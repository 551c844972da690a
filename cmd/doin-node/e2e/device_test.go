//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeviceFallsBack runs a node beside a GPU worker that says what the real one says where there is no device: the node
// says so in one line and trains on the processor, unless the GPU was asked for by name.
func TestDeviceFallsBack(t *testing.T) {
	dir := t.TempDir()
	said := `#!/bin/sh
echo 'Error in initialization, please refer to "https://example.org/init.html" for details on: NoDevice'
exit 1
`
	if err := os.WriteFile(filepath.Join(dir, "doin-worker-gpu"), []byte(said), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	const reason = "no NVIDIA device that this process may use"

	h := newHost(t, "node", settings(forecast()), "worker_path", "", "optimizer_loop_interval", 0)
	h.run()
	eventually(t, "a round on the processor", func() error {
		if r, err := h.rounds("co2"); err != nil || r < 1 {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		return nil
	})
	lines := 0
	for line := range strings.Lines(h.out.String()) {
		if strings.Contains(line, "gpu") {
			mentions(t, line, "WARN", "doin-worker-gpu", reason)
			lines++
		}
	}
	if lines != 1 {
		t.Errorf("%d lines about the gpu worker, want 1", lines)
	}

	h = newHost(t, "node", settings(forecast()), "worker_path", "", "device", "cuda:0")
	mentions(t, failed(t, t.TempDir(), "--config", h.file("node.json")), "cuda:0", reason)

	h = newHost(t, "node", settings(forecast()), "worker_path", "", "device", "cpu", "optimizer_loop_interval", 0)
	h.run()
	eventually(t, "a round on the processor", func() error {
		if r, err := h.rounds("co2"); err != nil || r < 1 {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		return nil
	})
	if strings.Contains(h.out.String(), "doin-worker-gpu") {
		t.Error("the gpu worker was asked, although the processor was chosen")
	}
}
