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
)

// bundle lays out a bundle whose programs are shell scripts.
func bundle(t *testing.T, programs map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("LEFT OUT: no bash")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("bundle")); err != nil {
		t.Fatal(err)
	}
	for name, text := range programs {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/bash\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fakeBench writes what a run's parts would leave. DIFFERENT is how many digests differ.
const fakeBench = `
shift; part=$1
while [ $# -gt 0 ]; do case $1 in --report) report=$2;; --out) out=$2;; --phases) phases=$2;; --source) source=$2;; esac; shift; done
case $part in
info) echo '{}' >"$report"; echo "sm_90 NVIDIA Fake";;
rebuild) mkdir -p "$out";;
digests) echo "$source: 246 digests compared, $DIFFERENT different"; [ "$DIFFERENT" = 0 ];;
finish) cp "$phases" "$out/phases.txt"; for e in json md svg; do echo >"$out/gpu-nvidia-fake.$e"; done; ! grep -q failed "$phases";;
esac
`

var fakePrograms = map[string]string{
	"bin/doin-bench": fakeBench, "bin/doin-worker-gpu": "echo '{}'", "bin/cuda.test": "echo PASS",
	"tools/nvcc": "exit 0", "tools/compute-sanitizer": `echo "========= ERROR SUMMARY: 0 errors"`,
	"tools/nvidia-smi": "exit 0",
}

// runBundle runs run.sh and returns its status, what it printed, and the folder of the results.
func runBundle(t *testing.T, dir string, env ...string) (status int, text, out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "out")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(dir, "run.sh"), out)
	cmd.Env = append(os.Environ(), append([]string{"PATH=" + filepath.Join(dir, "tools") + ":" + os.Getenv("PATH"), "PYTHON=false", "DIFFERENT=0", "TMPDIR=" + t.TempDir()}, env...)...)
	cmd.WaitDelay = time.Second
	b, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(b), out
}

func phasesOf(t *testing.T, out string) map[string]Phase {
	t.Helper()
	list, err := ReadPhases(filepath.Join(out, "phases.txt"))
	if err != nil {
		t.Fatal(err)
	}
	phases := map[string]Phase{}
	for _, p := range list {
		phases[p.Name] = p
	}
	return phases
}

func TestRunScript(t *testing.T) {
	dir := bundle(t, fakePrograms)
	status, text, out := runBundle(t, dir)
	if status != 0 {
		t.Fatalf("status %d\n%s", status, text)
	}
	phases := phasesOf(t, out)
	for _, name := range []string{"info", "self-test", "worker", "digests cubin", "digests ptx", "digests rebuilt", "memcheck", "racecheck", "synccheck", "initcheck", "fastmath", "measure"} {
		if phases[name].Status != "ok" {
			t.Errorf("%s: %+v", name, phases[name])
		}
	}
	if !strings.Contains(phases["memcheck"].Note, "ERROR SUMMARY: 0 errors") {
		t.Errorf("memcheck: %+v", phases["memcheck"])
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) > 8 {
		t.Errorf("%d files, %v", len(files), err)
	}
	for _, name := range []string{"gpu-nvidia-fake.json", "gpu-nvidia-fake.md", "gpu-nvidia-fake.svg", "run.log"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestRunScriptUnpacks: programs are packed in a bundle, as make gpu-bundle makes it, and one that is broken is named.
func TestRunScriptUnpacks(t *testing.T) {
	dir := bundle(t, fakePrograms)
	packed, err := filepath.Glob(filepath.Join(dir, "bin", "*"))
	if err != nil || len(packed) != 3 {
		t.Fatalf("programs %q, %v", packed, err)
	}
	if out, err := exec.Command("gzip", append([]string{"-n9"}, packed...)...).CombinedOutput(); err != nil {
		t.Fatalf("gzip: %v: %s", err, out)
	}
	status, text, out := runBundle(t, dir)
	if p := phasesOf(t, out); status != 0 || p["digests cubin"].Status != "ok" || p["worker"].Status != "ok" || p["self-test"].Status != "ok" {
		t.Errorf("status %d, %+v\n%s", status, p, text)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "bin", "*")); err != nil || len(left) != 3 {
		t.Errorf("the bundle has %q now, %v, want what it had", left, err)
	}
	if err := os.Truncate(packed[0]+".gz", 40); err != nil {
		t.Fatal(err)
	}
	if status, text, _ := runBundle(t, dir); status != 1 || !strings.Contains(text, filepath.Base(packed[0])+".gz cannot be unpacked") {
		t.Errorf("a broken program: status %d\n%s", status, text)
	}
}

func TestRunScriptFails(t *testing.T) {
	dir := bundle(t, fakePrograms)
	status, text, out := runBundle(t, dir, "DIFFERENT=3")
	if p := phasesOf(t, out); status != 1 || p["digests cubin"].Status != "failed" || !strings.Contains(p["digests cubin"].Note, "3 different") || p["measure"].Status != "ok" {
		t.Errorf("digests differ: status %d, %+v\n%s", status, p, text)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/cuda.test"), []byte("#!/bin/sh\necho '--- FAIL: TestGPU'; exit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	status, text, out = runBundle(t, dir)
	if p := phasesOf(t, out); status != 1 || p["self-test"].Status != "failed" || p["digests cubin"].Status != "ok" {
		t.Errorf("self-test fails: status %d, %+v\n%s", status, p, text)
	}
}

// TestRunScriptOutOfTime: digests are compared whatever the time; what there is no time for is left out, and the results are
// written.
func TestRunScriptOutOfTime(t *testing.T) {
	f := func(seconds string, status int, want map[string]string, env ...string) {
		t.Helper()
		dir := bundle(t, fakePrograms)
		got, text, out := runBundle(t, dir, append(env, "DOIN_GPU_SECONDS="+seconds)...)
		p := phasesOf(t, out)
		if got != status {
			t.Errorf("%s s: status %d, want %d\n%s", seconds, got, status, text)
		}
		for name, w := range want {
			if p[name].Status != w {
				t.Errorf("%s s: %s is %+v, want %s\n%s", seconds, name, p[name], w, text)
			}
		}
	}
	f("0", 0, map[string]string{"info": "ok", "digests cubin": "ok", "self-test": "left out", "digests ptx": "left out", "measure": "left out"})
	f("0", 1, map[string]string{"digests cubin": "failed", "measure": "left out"}, "DIFFERENT=1")
	for _, seconds := range []string{"60", "349"} {
		rebuilt := map[string]string{"60": "left out", "349": "ok"}[seconds]
		f(seconds, 0, map[string]string{"digests cubin": "ok", "self-test": "ok", "worker": "ok", "digests ptx": "ok", "digests rebuilt": rebuilt, "memcheck": "ok", "fastmath": rebuilt, "measure": "ok"})
	}
	if status, text, _ := runBundle(t, bundle(t, fakePrograms), "DOIN_GPU_SECONDS=soon"); status != 64 || !strings.Contains(text, "must be a number") {
		t.Errorf("no number: status %d\n%s", status, text)
	}
}

// TestRunScriptRights: programs that lost the right to execute get it back.
func TestRunScriptRights(t *testing.T) {
	dir := bundle(t, fakePrograms)
	for name := range fakePrograms {
		if filepath.Dir(name) != "bin" {
			continue
		}
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	status, text, out := runBundle(t, dir)
	if p := phasesOf(t, out); status != 0 || p["self-test"].Status != "ok" || p["worker"].Status != "ok" || p["digests cubin"].Status != "ok" {
		t.Errorf("status %d, %+v\n%s", status, p, text)
	}
}

func TestRunScriptWithoutCard(t *testing.T) {
	f := func(bench, words string) {
		t.Helper()
		programs := map[string]string{"bin/doin-bench": bench}
		dir := bundle(t, programs)
		begun := time.Now()
		status, text, _ := runBundle(t, dir)
		if status != 2 || !strings.Contains(text, words) {
			t.Errorf("status %d, want 2 and %q\n%s", status, words, text)
		}
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
	}
	f("echo 'doin-bench: error while loading shared libraries: libcuda.so.1: cannot open shared object file' >&2; exit 127", "no NVIDIA driver")
	f("echo 'Error in initialization, please refer to … NoDevice'; exit 1", "finds no card")
	f("echo 'doin-bench: device: no GPU: compute capability 7.5' >&2; exit 1", "compute capability 7.5")
}

// TestBudget checks the arithmetic of the times, and what a phase makes of them.
func TestBudget(t *testing.T) {
	dir := bundle(t, nil)
	f := func(script, want string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -u; WORK=$PWD LOG=$PWD/log PHASES=$PWD/phases; : >log; : >phases; . "+dir+"/budget.sh; "+script)
		cmd.Dir = t.TempDir()
		b, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(b)) != want {
			t.Errorf("%s: %q, %v, want %q", script, b, err, want)
		}
	}
	f("TOTAL=530 SECONDS=0; budget 5 30 20", "30")
	f("TOTAL=530 SECONDS=480; budget 5 40 20", "30")
	f("TOTAL=530 SECONDS=520; budget 5 30 20", "0")
	f("TOTAL=530 SECONDS=900; budget 5 30 0", "0")
	f("TOTAL=1000 SECONDS=0; budget 5 30 980", "20")
	f("TOTAL=430 SECONDS=0; budget 5 300 330", "200") // measurements shrink first
	f("TOTAL=200 SECONDS=0; budget 5 300 330", "200")
	f("TOTAL=23 SECONDS=0; budget 5 100 330", "10") // then checks: a tenth of them
	f("TOTAL=23 SECONDS=0; budget 5 10 330", "5")   // but what a phase needs
	f("TOTAL=23 SECONDS=20; budget 5 100 330", "3")
	f("TOTAL=0 SECONDS=0; MUST=1 phase a 7 60 300 echo '{for}' >/dev/null; cat \"$LAST\"; cut -f1,2 phases", "3s\na\tok")
	f(`TOTAL=530 SECONDS=0; phase a 5 30 20 echo "{for}" >/dev/null; cat "$LAST"; cut -f1,2 phases`, "25s\na\tok")
	f("TOTAL=530 SECONDS=526; phase a 5 30 0 true >/dev/null; echo $? \"$LAST\"; cut -f1,2,4 phases", "1 \na\tleft out\t4 s left, 5 wanted")
	f("TOTAL=1 SECONDS=0; phase a 1 1 0 sleep 20 >/dev/null; echo $?; cut -f1,2,4 phases", "124\na\ttimed out\tafter 1 s")
	f(`TOTAL=9 SECONDS=0; phase a 1 9 0 bash -c 'printf "one\ttwo\n\n"; exit 3' >/dev/null; cut -f1,2,4 phases`, "a\tfailed\tstatus 3: one two")
}
