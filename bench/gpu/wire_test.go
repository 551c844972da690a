package gpu

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// scripts unpacks the peers and returns their folder; the test is skipped, loudly, where there is no Python.
func scripts(t *testing.T) string {
	t.Helper()
	if exec.Command("python3", "--version").Run() != nil {
		t.Skip("LEFT OUT: no Python")
	}
	dir := t.TempDir()
	if err := unpackPeers(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mocks stand for the packages that the peers import, as far as their first line goes.
const mocks = `
import sys
from unittest.mock import MagicMock
torch, triton, jax = MagicMock(__version__="9"), MagicMock(__version__="9"), MagicMock(__version__="9")
torch.device.return_value.type = "cuda"
torch.cuda.get_device_name.return_value = "a card"
jax.devices.return_value = [MagicMock(platform="gpu", device_kind="a card")]
sys.modules.update({"torch": torch, "triton": triton, "triton.language": MagicMock(), "jax": jax, "jax.numpy": MagicMock()})
`

// TestPeerScripts: every script compiles, offers the modes that are asked for, and says of each what its figure includes.
func TestPeerScripts(t *testing.T) {
	dir := scripts(t)
	if err := os.WriteFile(filepath.Join(dir, "sitecustomize.py"), []byte(mocks), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PYTHONPATH", dir)
	want := map[string][]string{
		"jax_peer.py":     {"scan", "scan-all"},
		"triton_peer.py":  {"loop-ieee", "loop-tf32x3"},
		"pytorch_peer.py": {"graph", "stacked", "single", "vmap", "compiled-graph", "compiled"},
	}
	for _, script := range peerScripts {
		p, err := startPeer(t.Context(), "python3", filepath.Join(dir, script), "cuda", time.Minute)
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		if !slices.Equal(p.hello.Modes, want[script]) || p.hello.Device != "a card" {
			t.Errorf("%s: modes %q on %q, want %q", script, p.hello.Modes, p.hello.Device, want[script])
		}
		for _, mode := range p.hello.Modes {
			if i := p.hello.Includes[mode]; !i.whole() {
				t.Errorf("%s: %s includes %+v", script, mode, i)
			}
		}
		p.close()
	}
}

// TestPeerWithoutPackages: where its package is missing a script says so, and ends.
func TestPeerWithoutPackages(t *testing.T) {
	dir := scripts(t)
	const missing = "import sys\nsys.modules.update({\"torch\": None, \"triton\": None, \"jax\": None})\n"
	if err := os.WriteFile(filepath.Join(dir, "sitecustomize.py"), []byte(missing), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PYTHONPATH", dir)
	for _, script := range peerScripts {
		if _, err := startPeer(t.Context(), "python3", filepath.Join(dir, script), "cuda", time.Minute); err == nil || !strings.Contains(err.Error(), "import of") {
			t.Errorf("%s: %v, want a missing import", script, err)
		}
	}
}
