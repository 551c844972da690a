package gpu

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/bench/workload"
	"doin.network/node/compute/device"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/device/cuda"
	"doin.network/node/kernels"
)

// hostCard opens the kernels on the processor; the test is skipped, loudly, where there is no compiler.
func hostCard(t *testing.T) *Card {
	t.Helper()
	if _, err := exec.LookPath("g++"); err != nil {
		t.Skip("LEFT OUT: no C++ compiler for the kernels")
	}
	card, err := Open(t.Context(), "host", Embedded())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := card.Close(); err != nil {
			t.Error(err)
		}
	})
	return card
}

const committedFolder = "../../compute/nn/testdata"

func TestDigests(t *testing.T) {
	card := hostCard(t)
	set, err := LoadCommitted(committedFolder, []string{"linear-1", "hidden-3", "conv1d-tanh"})
	if err != nil {
		t.Fatal(err)
	}
	random, err := Random(t.Context(), 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultDigests()
	c.Committed, c.Random, c.Repeats = set, random, 2
	saved := 0
	c.After = func() error { saved++; return nil }
	r := NewReport()
	if err := CheckDigests(t.Context(), card, c, r); err != nil {
		t.Fatal(err)
	}
	d := &r.Digests
	n := len(set.Tasks)
	// Four variants by three quanta, in two orders, one of them twice; the random set is empty; and the predictions.
	runs := (4*3*2 + 1)
	if d.Different != 0 || d.Compared < runs*n || len(d.Runs) != runs+8+1 || saved != runs+8 {
		t.Errorf("%d compared, %d different, %d runs, saved %d times; want %d runs of %d", d.Compared, d.Different, len(d.Runs), saved, runs, n)
	}
	for _, run := range d.Runs {
		if run.Source != "host" || run.Error != "" {
			t.Errorf("run %+v", run)
		}
	}

	// A root that is not the task's must be noticed, and no time left must be said.
	set.Roots[1] = strings.Repeat("0", 64)
	c = DigestConfig{Committed: set, Variants: []block.Variant{block.Auto}, Quanta: []int{7}, Plain: true}
	r = NewReport()
	if err := CheckDigests(t.Context(), card, c, r); err != nil || r.Digests.Different != 1 || len(r.Digests.Differing) != 1 ||
		!strings.HasPrefix(r.Digests.Differing[0], set.Names[1]) {
		t.Errorf("%+v, %v: want one that differs", r.Digests, err)
	}
	if r.Verdict() == nil {
		t.Error("a digest differs, and the verdict is good")
	}
	c.Until = time.Now()
	r = NewReport()
	if err := CheckDigests(t.Context(), card, c, r); err != nil || r.Digests.Compared != 0 || len(r.LeftOut) != 1 {
		t.Errorf("%+v, %v: want nothing but a line", r, err)
	}
}

// TestCutOff: a run that is ended in the middle is left out, and no failure of the card's.
func TestCutOff(t *testing.T) {
	card := hostCard(t)
	committed, err := LoadCommitted(committedFolder, []string{"mlp-tanh-mse"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, r := DefaultDigests(), NewReport()
	c.Committed = committed
	if err := CheckDigests(ctx, card, c, r); !errors.Is(err, context.Canceled) || len(r.Digests.Runs) != 0 ||
		len(r.LeftOut) != 1 || !strings.Contains(r.LeftOut[0], "cut off") {
		t.Errorf("CheckDigests = %v, runs %+v, left out %q; want a line that it was cut off", err, r.Digests.Runs, r.LeftOut)
	}
}

func TestRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("trains on the processor")
	}
	a, err := Random(t.Context(), 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Random(t.Context(), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	if a.Roots[0] != b.Roots[0] || a.Roots[1] != b.Roots[1] || a.Roots[0] == a.Roots[1] {
		t.Error("the seed must decide")
	}
}

func TestMeasure(t *testing.T) {
	card := hostCard(t)
	cfg := DefaultConfig()
	cfg.Populations, cfg.Steps, cfg.Repetitions, cfg.Peers, cfg.Workloads = []int{3}, 10, 2, false, []string{workload.Small, workload.TCN}
	var lines, saved int
	cfg.Progress = func(string) { lines++ }
	cfg.After = func() error { saved++; return nil }
	r := NewReport()
	if err := Measure(t.Context(), card, cfg, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Workloads) != 4 || len(r.Peers) != 0 || lines != 4 || saved != 4 {
		t.Errorf("%d workloads, %d peers, %d lines, saved %d times", len(r.Workloads), len(r.Peers), lines, saved)
	}
	for _, w := range r.Workloads {
		if !(w.ModelsPerSecond > 0) || w.Slowest > w.ModelsPerSecond || w.Fastest < w.ModelsPerSecond || w.Repetitions != 2 || w.ShareOfCeiling != nil || w.JoulesPerModel != nil {
			t.Errorf("figure %+v", w)
		}
	}
	if err := MeasureFastMath(t.Context(), card, card, cfg, "11.8", r); err != nil || r.FastMath.Repetitions != 2 || !(r.FastMath.Exact > 0) {
		t.Errorf("fast-math: %+v, %v", r.FastMath, err)
	}

	// Without time there is a line for each cell, and the card is not touched.
	cfg.Until = time.Now()
	r = NewReport()
	if err := Measure(t.Context(), card, cfg, r); err != nil || len(r.Workloads) != 0 || len(r.LeftOut) != 4 {
		t.Errorf("%d workloads, left out %q, %v", len(r.Workloads), r.LeftOut, err)
	}
	cfg.Populations, cfg.Repetitions, cfg.Workloads = []int{0}, 0, []string{"S3"}
	err := Measure(t.Context(), card, cfg, r)
	for _, word := range []string{"population 0", "repetitions 0", `"S3"`} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v does not name %s", err, word)
		}
	}
}

func TestOpen(t *testing.T) {
	for _, name := range []string{"", "cuda", "cuda:-1", "cuda:x", "gpu"} {
		if _, err := Open(t.Context(), name, Embedded()); !errors.Is(err, ErrDevice) {
			t.Errorf("Open(%q) = %v, want ErrDevice", name, err)
		}
	}
	if !cuda.Built {
		if _, err := Open(t.Context(), "cuda:0", Embedded()); !errors.Is(err, device.ErrNoGPU) || !strings.Contains(err.Error(), "no GPU in this build") {
			t.Errorf("Open = %v, want ErrNoGPU", err)
		}
	}
	if _, err := OpenFolder(t.Context(), "cuda:0", t.TempDir(), "rebuilt"); !errors.Is(err, ErrImages) {
		t.Errorf("OpenFolder of an empty folder = %v, want ErrImages", err)
	}
}

func TestLoadCommitted(t *testing.T) {
	all, err := LoadCommitted(committedFolder, nil)
	if err != nil || len(all.Tasks) < 200 {
		t.Fatalf("%d tasks, %v", len(all.Tasks), err)
	}
	if _, err := LoadCommitted(committedFolder, []string{"no such"}); err == nil {
		t.Error("no task was found, and nothing said")
	}
	if _, err := LoadCommitted(t.TempDir(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

// TestRebuild has a compiler that writes down what it was told.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	nvcc := filepath.Join(dir, "nvcc")
	script := `#!/bin/sh
[ "$1" = --version ] && { echo "Cuda compilation tools, release 13.0, V13.0.88"; exit; }
out= ; all="$*"
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
[ -e "$1" ] || { echo "no $1"; exit 1; }
{ echo "$all"; cat "$1"; } >"$out"
`
	if err := os.WriteFile(nvcc, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if v := ToolkitVersion(t.Context(), nvcc); v != "13.0.88" {
		t.Errorf("version %q", v)
	}
	if v := ToolkitVersion(t.Context(), filepath.Join(dir, "none")); v != "" {
		t.Errorf("version of nothing: %q", v)
	}
	exact, err := Rebuild(t.Context(), nvcc, "sm_90", filepath.Join(dir, "exact"), false)
	if err != nil {
		t.Fatal(err)
	}
	fast, err := Rebuild(t.Context(), nvcc, "sm_90", filepath.Join(dir, "fast"), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(exact) != len(kernels.Modules()) || len(fast) != len(exact) {
		t.Fatalf("%d and %d images of %d modules", len(exact), len(fast), len(kernels.Modules()))
	}
	for i := range exact {
		e, f := string(exact[i].Data), string(fast[i].Data)
		if !strings.Contains(e, "-arch=sm_90") || !strings.Contains(e, "-fmad=false") || strings.Contains(e, "fast_math") {
			t.Errorf("%s: %.200s", exact[i].File, e)
		}
		if !strings.Contains(f, "-use_fast_math") || !strings.Contains(f, "-fmad=true") || !strings.Contains(f, `#include "`+fast[i].Module+`.cu"`) {
			t.Errorf("%s: %.200s", fast[i].File, f)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "exact", "sources-*")); len(left) > 0 {
		t.Errorf("%q stays", left)
	}
	if err := os.WriteFile(nvcc, []byte("#!/bin/sh\necho no licence; exit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Rebuild(t.Context(), nvcc, "sm_90", filepath.Join(dir, "none"), false); err == nil || !strings.Contains(err.Error(), "no licence") {
		t.Errorf("a compiler that fails: %v", err)
	}
}
