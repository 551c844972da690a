package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"doin.network/node/bench/engine"
)

func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := rootCommand()
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(new(bytes.Buffer))
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

// TestEngineChild: what the parent starts prints one number.
func TestEngineChild(t *testing.T) {
	text, err := run(t, "engine", "--child", "--duration", "1ms")
	if err != nil {
		t.Fatal(err)
	}
	if us, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || !(us > 0) {
		t.Errorf("engine --child prints %q", text)
	}
}

// reportForTest is a report with one figure of each kind.
func reportForTest() *engine.Report {
	return &engine.Report{
		Machine: engine.Machine{CPU: "c", Cores: 1, OS: "o", Go: "g"}, ISA: "naive", Rounds: 1, FMAPeak: 1,
		Products:  []engine.Product{{Size: 16, GFLOPS: 1, ShareOfPeak: 0.5}},
		Workloads: []engine.Workload{{Name: "mixed ga", Workers: 1, MFLOPPerStep: 1, MicrosPerStep: 1, ModelsPerSecond: 1, ShareOfPeak: 0.5}},
	}
}

// TestWrite: a report is three files.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	r := reportForTest()
	if err := write(dir, r); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "engine.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil || got["isa"] != "naive" {
		t.Errorf("engine.json = %s, %v", data, err)
	}
	for name, want := range map[string]string{"engine.md": "| mixed ga | 1 |", "engine.svg": "<svg"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q: %v", name, want, err)
		}
	}
}

// TestBadFlags: what cannot be measured is refused before anything is.
func TestBadFlags(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		if _, err := run(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("doin-bench %q = %v, want %q", args, err, want)
		}
	}
	f("rounds 0", "engine", "--rounds", "0")
	f("no such", "engine", "--isa", "no such")
	f("unknown command", "engines")
	f("unknown flag", "engine", "--round", "1")
}

// TestBBOB: dimensions have files of their own, and one that is measured later leaves those of the others as they are.
func TestBBOB(t *testing.T) {
	dir := t.TempDir()
	measure := func(n string) {
		t.Helper()
		if _, err := run(t, "bbob", "--dim", n, "--functions", "1", "--instances", "1", "--budget", "100", "--out", dir); err != nil {
			t.Fatal(err)
		}
	}
	measure("2")
	before, err := os.ReadFile(filepath.Join(dir, "bbob-2.md"))
	if err != nil {
		t.Fatal(err)
	}
	measure("3")
	if after, err := os.ReadFile(filepath.Join(dir, "bbob-2.md")); err != nil || !bytes.Equal(after, before) {
		t.Errorf("bbob-2.md after 3 dimensions were measured: %s, %v", after, err)
	}
	text, err := run(t, "bbob", "--dim", "2,3", "--functions", "1", "--instances", "1", "--budget", "100", "--out", dir)
	if err != nil || !strings.Contains(text, "| 2 | f1 |") || !strings.Contains(text, "| 3 | f1 |") {
		t.Errorf("both dimensions: %s, %v", text, err)
	}
}
