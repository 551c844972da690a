package workers

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

func TestReadGPU(t *testing.T) {
	read := func(text string) (Reading, bool) {
		t.Helper()
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return readGPU(o)
	}
	none := func(text string) {
		t.Helper()
		if r, ok := read(text); ok {
			t.Errorf("readGPU(%s) = %+v, want none", text, r)
		}
	}
	none(`{"device": "cpu"}`)
	none(`{"gpus": null}`)
	none(`{"gpus": []}`)
	none(`{"gpus": [7]}`)
	none(`{"gpus": {"name": "x"}}`)

	is := func(text string, want olap.GPU) Reading {
		t.Helper()
		r, ok := read(text)
		if !ok || !reflect.DeepEqual(r.GPU, want) {
			t.Errorf("readGPU(%s) = %+v, %v, want %+v", text, r.GPU, ok, want)
		}
		return r
	}
	full := olap.GPU{Name: "NVIDIA H200", UtilizationPercent: olap.Int(97), MemoryUsedBytes: olap.Int(123456789012),
		TemperatureCelsius: olap.Int(0), PowerWatts: olap.Float(612), ClockMHz: olap.Int(1980)}
	a := is(`{"gpus": [{"index": 0, "uuid": null, "name": "NVIDIA H200", "utilization_percent": 97, "memory_used_bytes": 123456789012,
		"temperature_celsius": 0, "power_watts": 612, "sm_clock_mhz": 1980, "energy_joules": 1000.5, "throttle": []}, {"name": "another"}]}`, full)
	b := is(`{"gpus": [{"name": null, "utilization_percent": "97", "memory_used_bytes": 1.5, "temperature_celsius": null,
		"power_watts": [], "energy_joules": 1250.75}]}`, olap.GPU{})
	is(`{"gpus": [{"name": "`+strings.Repeat("x", 1000)+`"}]}`, olap.GPU{Name: strings.Repeat("x", maxGPUName)})

	if g := b.Since(a); g.EnergyJoules == nil || *g.EnergyJoules != 250.25 {
		t.Errorf("energy between the readings = %v, want 250.25", g.EnergyJoules)
	}
	if g := a.Since(b); g.EnergyJoules != nil {
		t.Errorf("energy of a counter that fell = %v, want none", *g.EnergyJoules)
	}
	if g := a.Since(Reading{}); g.EnergyJoules != nil || g.Name != full.Name {
		t.Errorf("since nothing: %+v", g)
	}
}

// fakeWorker writes a program that describes itself if it is asked with the arguments given, and is none otherwise.
func fakeWorker(t *testing.T, arguments string, d worker.Description) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fake-worker")
	script := "#!/bin/sh\ntest \"$*\" = '" + arguments + "' && echo '" + string(canon.Default(d.Object())) + "' && exit 0\n" +
		"echo 'doin-worker: device: no GPU: it fell off' >&2\nexit 1\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDevice(t *testing.T) {
	d := worker.Description{Name: "w", Version: "1", Device: "card", HasGPU: true, Workers: 1, Plugins: []string{"forecast"}}
	path := fakeWorker(t, "--device cuda:1 describe", d)
	find := func(device string) (*Workers, error) {
		t.Helper()
		cfg := testConfig(t, `{"worker_path": "`+path+`", "device": "`+device+`", "domains": [
			{"domain_id": "a", "evaluate": true, "optimization_plugin": "forecast"},
			{"domain_id": "b", "evaluate": true, "optimization_plugin": "tabular"}]}`)
		return Find(t.Context(), cfg, slog.New(slog.DiscardHandler))
	}
	for _, device := range []string{"auto", "cpu", "cuda:1"} {
		w, err := find(device)
		if err != nil || len(w.all) != 1 || w.of["a"] != w.of["b"] {
			t.Errorf("device %s: %+v, %v, want one worker", device, w, err)
		}
	}
	// A device that was asked for is not replaced by another.
	if _, err := find("cuda:0"); !errors.Is(err, worker.ErrDevice) || !strings.Contains(err.Error(), `"cuda:0"`) || !strings.Contains(err.Error(), "it fell off") {
		t.Errorf("device cuda:0: %v, want ErrDevice with the reason", err)
	}
}
