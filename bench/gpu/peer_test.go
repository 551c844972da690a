package gpu

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/bench/workload"
)

// interpreter writes a shell script that takes the place of Python: it is called with -B, a script and --device cuda.
func interpreter(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// answering is a peer of one mode that answers everything, and refuses to prepare "vmap".
const answering = `
case "$2" in *jax* | *triton*) n=${2##*/}; echo '{"absent": "no module '${n%_peer.py}'"}'; exit;; esac
said='{"upload": "no", "compile": "no", "optimizer": "yes: two", "stopping": "no", "digests": "no", "python": "yes"}'
echo '{"peer": "pytorch", "version": "9", "device": "x", "modes": ["graph", "vmap", "silent"], "includes": {"graph": '$said', "vmap": '$said', "silent": {"upload": "no"}}}'
while read -r line; do case "$line" in
*ceiling*) echo '{"gflops": 1000, "library": "shell"}';;
*prepare*vmap*) echo '{"error": "OutOfMemoryError: no"}';;
*measure*) echo '{"seconds": 2.5, "timed_seconds": 0.1, "timed_steps": 40}';;
*) echo '{}';;
esac; done
`

func TestPeers(t *testing.T) {
	card := hostCard(t)
	cfg := DefaultConfig()
	cfg.Populations, cfg.Steps, cfg.Repetitions, cfg.Workloads = []int{2}, 5, 2, []string{workload.S2}
	cfg.Python = interpreter(t, answering)
	r := NewReport()
	if err := Measure(t.Context(), card, cfg, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Peers) != 2 || r.Ceiling != 1000 || r.CeilingLibrary != "shell" {
		t.Fatalf("peers %+v, ceiling %v", r.Peers, r.Ceiling)
	}
	p := r.Peers[0]
	if p.Peer != "pytorch-graph" || p.ModelsPerSecond != 2/2.5 || p.StepsTimed != 40 || p.Repetitions != 2 || !(p.TimesEngine > 0) || p.ShareOfCeiling == nil {
		t.Errorf("figure %+v", p)
	}
	if p.Includes.Optimizer != "yes: two" || !r.Workloads[0].Includes.whole() || r.Workloads[0].Includes.Digests != "no" {
		t.Errorf("includes %+v, ours %+v", p.Includes, r.Workloads[0].Includes)
	}
	if w := r.Workloads[len(r.Workloads)-1]; w.Variant != digested || !strings.HasPrefix(w.Includes.Digests, "yes") {
		t.Errorf("with digests: %+v", w)
	}
	if len(r.Absent) != 2 || !strings.Contains(r.Absent[0], "jax: no module jax") || !strings.Contains(r.Absent[1], "triton: no module triton") {
		t.Errorf("absent %q", r.Absent)
	}
	if s := strings.Join(r.LeftOut, "\n"); !strings.Contains(s, "pytorch-vmap: peer: OutOfMemoryError") || !strings.Contains(s, "pytorch-silent: it does not say") {
		t.Errorf("left out %q", s)
	}
	if w := r.Workloads[0]; w.ShareOfCeiling == nil || !(*w.ShareOfCeiling > 0) {
		t.Errorf("figure %+v", w)
	}
}

// TestPeerEnds: a peer that ends in the middle costs its figures and nothing else.
func TestPeerEnds(t *testing.T) {
	card := hostCard(t)
	cfg := DefaultConfig()
	cfg.Populations, cfg.Steps, cfg.Repetitions, cfg.Workloads = []int{2}, 5, 2, []string{workload.Small}
	cfg.Python = interpreter(t, strings.Replace(answering, `echo '{"seconds": 2.5, "timed_seconds": 0.1, "timed_steps": 40}'`, "exit 1", 1))
	r := NewReport()
	if err := Measure(t.Context(), card, cfg, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Workloads) != 2 || len(r.Peers) != 0 || !strings.Contains(strings.Join(r.LeftOut, "\n"), "ended in the middle") {
		t.Errorf("%d workloads, peers %v, left out %q", len(r.Workloads), r.Peers, r.LeftOut)
	}
}

func TestPeerThatIsNone(t *testing.T) {
	f := func(script string, words string) {
		t.Helper()
		_, err := startPeer(t.Context(), interpreter(t, script), "x_peer.py", "cuda", 300*time.Millisecond)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", script, err, words)
		}
	}
	f("exit 1", "without an answer")
	f("exec sleep 60", "no answer within")
	f("echo hello", "is no answer")
	f(`echo '{"absent": "no GPU"}'`, "no GPU")
	if _, err := startPeer(t.Context(), filepath.Join(t.TempDir(), "none"), "x", "cuda", time.Second); err == nil {
		t.Error("no interpreter, and no error")
	}
}

func TestPeerErrors(t *testing.T) {
	p, err := startPeer(t.Context(), interpreter(t, answering), "pytorch_peer.py", "cuda", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, err := p.ask(t.Context(), 10*time.Second, peerRequest{Do: "prepare", Mode: "vmap"}); !errors.Is(err, errPeer) {
		t.Errorf("a refusal is %v, want errPeer", err)
	}
	if a, err := p.ask(t.Context(), 10*time.Second, peerRequest{Do: "measure"}); err != nil || a.Seconds != 2.5 {
		t.Errorf("after a refusal: %+v, %v", a, err)
	}
}

// TestPyTorch tries the script on the processor where PyTorch is installed.
func TestPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PyTorch")
	}
	python := ""
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(p, "-c", "import torch").Run() == nil {
			python = p
			break
		}
	}
	if python == "" {
		t.Skip("LEFT OUT: no Python with PyTorch")
	}
	dir := t.TempDir()
	if err := unpackPeers(dir); err != nil {
		t.Fatal(err)
	}
	p, err := startPeer(t.Context(), python, filepath.Join(dir, "pytorch_peer.py"), "cpu", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	ask := func(r peerRequest) (peerAnswer, error) { return p.ask(t.Context(), time.Minute, r) }
	groups := []peerGroup{
		{Count: 4, Batch: 8, Widths: []int{5, 7, 1}, Activation: "relu", Steps: 40},
		{Count: 3, Batch: 8, Widths: []int{5, 7, 6, 1}, Activation: "gelu", Steps: 40, EvalEvery: 20, Patience: 3},
	}
	for _, mode := range p.hello.Modes {
		if mode == "compiled" {
			continue // takes long to make ready
		}
		if _, err := ask(peerRequest{Do: "prepare", Key: mode, Mode: mode, Groups: groups}); err != nil {
			t.Errorf("prepare %s: %v", mode, err)
			continue
		}
		if a, err := ask(peerRequest{Do: "measure", Key: mode, Seconds: 0.02}); err != nil || !(a.Seconds > 0) || a.TimedSteps < 30 {
			t.Errorf("measure %s: %+v, %v", mode, a, err)
		}
	}
	if _, err := ask(peerRequest{Do: "measure", Key: "none", Seconds: 0.02}); !errors.Is(err, errPeer) {
		t.Errorf("measure of nothing: %v", err)
	}
	if a, err := ask(peerRequest{Do: "ceiling", Size: 64, Seconds: 0.01}); err != nil || !(a.GFLOPS > 0) {
		t.Errorf("ceiling: %+v, %v", a, err)
	}
	if _, err := ask(peerRequest{Do: "drop"}); err != nil {
		t.Errorf("drop: %v", err)
	}
}
