package gpu

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"doin.network/node/bench/workload"
)

// example is a report with everything in it.
func example() *Report {
	r := NewReport()
	r.Device, r.Driver, r.Toolkit, r.Date, r.Version = "NVIDIA H200", "580.159.04", "11.8.89", "2026-01-02", "v1"
	r.Card = CardInfo{Name: r.Device, Capability: "9.0", CUDA: "13.0", Multiprocessors: 132, Images: []string{"train.sm_90.cubin"}}
	r.Digests.add(DigestRun{Set: "committed", Source: "cubin", Variant: "auto", StepsPerLaunch: 100, Repeat: 1, Compared: 246})
	r.Ceiling, r.CeilingLibrary = 50000, "cuBLAS"
	one := 0.5
	for _, population := range []int{256, 64} {
		r.Workloads = append(r.Workloads, Figure{Name: workload.S2, Variant: workload.Fixed, Population: population, ModelsPerSecond: 1000, Seconds: 1, OnDevice: &one, JoulesPerModel: &one, Repetitions: 7, Wanted: 7, useful: 100})
		r.Peers = append(r.Peers, Figure{Name: workload.S2, Variant: workload.Fixed, Population: population, Peer: "jax-scan", ModelsPerSecond: 500, TimesEngine: 2, Repetitions: 3, Wanted: 7, useful: 50})
	}
	r.Workloads = append(r.Workloads, Figure{Name: workload.Mixed, Variant: workload.GA, Population: 64, ModelsPerSecond: 2000})
	r.FastMath = &FastMath{Name: workload.S2, Population: 4096, Toolkit: "13.0.88", Exact: 90, Fast: 100, Cost: 0.11, Repetitions: 7}
	r.Phases = append(r.Phases, Phase{Name: "self-test", Status: "ok", Seconds: 3})
	r.Absent = append(r.Absent, "jax: no module")
	r.LeftOut = append(r.LeftOut, "tcn early at 16384: for want of time")
	r.shares()
	return r
}

// TestSchema holds the names that others read.
func TestSchema(t *testing.T) {
	var b bytes.Buffer
	if err := example().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(b.Bytes(), &o); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"device", "driver", "toolkit", "digests", "ceiling_gflops", "workloads", "peers", "fastmath", "phases", "absent", "left_out"} {
		if _, ok := o[key]; !ok {
			t.Errorf("no %s", key)
		}
	}
	if d := o["digests"].(map[string]any); d["compared"] != 246.0 || d["different"] != 0.0 {
		t.Errorf("digests = %v", d)
	}
	for _, list := range []string{"workloads", "peers"} {
		w := o[list].([]any)[0].(map[string]any)
		for _, key := range []string{"name", "population", "variant", "models_per_s", "share_of_ceiling", "joules_per_model", "repetitions"} {
			if _, ok := w[key]; !ok {
				t.Errorf("%s: no %s", list, key)
			}
		}
		if _, ok := w["peer"]; ok != (list == "peers") {
			t.Errorf("%s: peer is there: %t", list, ok)
		}
	}
	if got := o["workloads"].([]any)[0].(map[string]any)["share_of_ceiling"]; got != 100.0/50000 {
		t.Errorf("share of the ceiling = %v", got)
	}
	// What was not measured is an empty list, null or nothing, never a figure.
	b.Reset()
	if err := NewReport().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{`"workloads": []`, `"peers": []`, `"fastmath": null`} {
		if !strings.Contains(b.String(), s) {
			t.Errorf("an empty report has no %s", s)
		}
	}
}

func TestSaveAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	r := example()
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := ReadReport(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]Figure{r.Workloads, r.Peers} {
		for i := range list {
			list[i].useful = 0
		}
	}
	if !reflect.DeepEqual(got, r) {
		t.Errorf("read %+v, want %+v", got, r)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadReport(path); err == nil {
		t.Error("half a report was read")
	}
}

func TestForms(t *testing.T) {
	dir := t.TempDir()
	for _, r := range []*Report{example(), NewReport()} {
		if err := r.WriteFiles(dir); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteText(io.Discard); err != nil {
			t.Error(err)
		}
	}
	md, err := os.ReadFile(filepath.Join(dir, "gpu-nvidia-h200.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"| S2 | fixed | 256 | **DOIN** |", "jax-scan", "7 of 7", "3 of 7", "What determinism costs", "tcn early at 16384", "246 results compared"} {
		if !strings.Contains(string(md), s) {
			t.Errorf("the table lacks %q", s)
		}
	}
	for _, name := range []string{"gpu-nvidia-h200.svg", "gpu-unknown.svg"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for d := xml.NewDecoder(f); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestCurves(t *testing.T) {
	c := example().curves()
	if len(c) != 3 || c[0].name != "DOIN" || c[0].dashed || c[0].points[0][0] != 64 || !slices.ContainsFunc(c, func(c curve) bool { return c.dashed }) {
		t.Errorf("curves = %+v", c)
	}
	s := newScale(10, []float64{20, 500})
	if s.low != 1 || s.high != 3 || s.at(100) != 0.5 {
		t.Errorf("scale = %+v, 100 at %v", s, s.at(100))
	}
}

func TestVerdict(t *testing.T) {
	f := func(fails bool, change func(r *Report)) {
		t.Helper()
		r := example()
		change(r)
		if err := r.Verdict(); fails != errors.Is(err, ErrFailed) || !fails && err != nil {
			t.Errorf("Verdict = %v, want a failure: %t", err, fails)
		}
	}
	f(false, func(*Report) {})
	f(false, func(r *Report) { r.Phases[0].Status = "left out" })
	f(true, func(r *Report) { r.Phases[0].Status = "failed" })
	f(true, func(r *Report) { r.Digests.add(DigestRun{Compared: 1, Different: 1}) })
	f(true, func(r *Report) { r.Digests.Runs[0].Error = "device lost" })
	f(true, func(r *Report) { r.Digests = Digests{} })
}

func TestReadPhases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phases")
	read := func(text string) ([]Phase, error) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return ReadPhases(path)
	}
	p, err := read("self-test\tok\t3\t\nmeasure\ttimed out\t200\tafter 200 s\n")
	if err != nil || len(p) != 2 || p[1] != (Phase{"measure", "timed out", 200, "after 200 s"}) {
		t.Errorf("phases = %+v, %v", p, err)
	}
	for _, bad := range []string{"self-test\n", "a\tb\tc\td\n"} {
		if _, err := read(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestCardName(t *testing.T) {
	f := func(device, want string) {
		t.Helper()
		if got := (&Report{Device: device}).CardName(); got != want {
			t.Errorf("CardName(%q) = %q, want %q", device, got, want)
		}
	}
	f("NVIDIA H200", "nvidia-h200")
	f("NVIDIA GeForce RTX 4090", "nvidia-geforce-rtx-4090")
	f("../../x (y)", "x-y")
	f("", "unknown")
}
