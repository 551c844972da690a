package gpubench

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/bench/gpu"
	"doin.network/node/compute/device/cuda"
)

// run calls the command and returns what it wrote to standard output.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := Command("test")
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&bytes.Buffer{})
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

const tasks = "../../../compute/nn/testdata"

func TestWhole(t *testing.T) {
	if _, err := exec.LookPath("g++"); err != nil {
		t.Skip("LEFT OUT: no C++ compiler for the kernels")
	}
	dir := t.TempDir()
	text, err := run(t, "--device", "host", "--populations", "4", "--steps", "20", "--repetitions", "1", "--workloads", "S2,small", "--peers=false",
		"--tasks", tasks, "--only", "linear-1,hidden-3", "--quick", "--random", "1", "--seed", "9", "--json", "--out", dir)
	if err != nil {
		t.Fatal(err)
	}
	r := gpu.NewReport()
	if err := json.Unmarshal([]byte(text), r); err != nil {
		t.Fatal(err)
	}
	if len(r.Workloads) != 5 || r.Digests.Compared < 3 || r.Digests.Different != 0 || r.Version != "test" || r.Toolkit == "" || r.Digests.RandomSeed != 9 {
		t.Errorf("report %+v", r)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 3 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// TestParts makes a report as run.sh does.
func TestParts(t *testing.T) {
	if _, err := exec.LookPath("g++"); err != nil {
		t.Skip("LEFT OUT: no C++ compiler for the kernels")
	}
	dir := t.TempDir()
	report, phases := filepath.Join(dir, "report.json"), filepath.Join(dir, "phases")
	if err := os.WriteFile(phases, []byte("self-test\tok\t1\t\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	small := []string{"--populations", "2", "--steps", "5", "--repetitions", "1", "--peers=false", "--workloads", "small"}
	for _, part := range [][]string{
		{"info"},
		{"digests", "--tasks", tasks, "--only", "linear-1", "--quick"},
		{"digests", "--tasks", tasks, "--only", "linear-1", "--quick", "--source", "rebuilt"},
		append([]string{"measure"}, small...),
		append([]string{"fastmath"}, small...),
		{"finish", "--phases", phases, "--out", filepath.Join(dir, "out")},
	} {
		if part[0] != "finish" {
			part = append(part, "--device", "host")
		}
		if text, err := run(t, append(part, "--report", report)...); err != nil {
			t.Fatalf("%v: %v\n%s", part, err, text)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "out", "gpu-host-forward.*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("files %q, %v", files, err)
	}
	r, err := gpu.ReadReport(filepath.Join(dir, "out", "gpu-host-forward.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Workloads) != 2 || r.FastMath == nil || len(r.Digests.Runs) != 2 || r.Digests.Runs[1].Source != "rebuilt" || len(r.Phases) != 1 {
		t.Errorf("report %+v", r)
	}
}

func TestErrors(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		if _, err := run(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	if !cuda.Built {
		f("no GPU in this build", "--populations", "4")
	}
	f("unknown device", "--device", "gpu")
	f("no file", "info", "--device", "host")
	f("no folder", "rebuild")
	f("--source", "digests", "--source", "x", "--report", filepath.Join(t.TempDir(), "r"))
}
