package stack

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"doin.network/node/internal/canon"
)

// workersOnly collects what a worker tells, and nothing else.
type workersOnly struct{ told []*canon.Object }

func (workersOnly) Describe(chan<- *prometheus.Desc) {} // unchecked: only what is collected counts

func (w workersOnly) Collect(ch chan<- prometheus.Metric) {
	for _, t := range w.told {
		told(out(ch), "0", t)
	}
}

// TestWorkerFamilies: what a worker tells becomes families that promtool's linter has nothing to say about; what it tells
// otherwise than promised becomes none, and breaks nothing.
func TestWorkerFamilies(t *testing.T) {
	f := func(text string, want int) {
		t.Helper()
		told, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r := prometheus.NewPedanticRegistry()
		r.MustRegister(workersOnly{[]*canon.Object{told}})
		got, err := r.Gather()
		if err != nil || len(got) != want {
			t.Errorf("%s gives %d families, %v, want %d", text, len(got), err, want)
		}
		problems, err := promlint.NewWithMetricFamilies(got).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("lint of %s: %v, %v", text, problems, err)
		}
	}
	f(`{"device": "cpu", "slots": 2, "busy_own_seconds": 1.5, "busy_others_seconds": 0, "memory_bytes": 5, "trainings": 9}`, 4)
	f(`{"device": "cuda:0", "gpus": [{"name": "x", "utilization_percent": 97, "memory_used_bytes": 5, "temperature_celsius": 50, "power_watts": 200.5, "energy_joules": 9.0}]}`, 5)
	f(`{"device": "x", "slots": "many", "gpus": 5, "memory_bytes": null}`, 0)
	f(`{"gpus": [5, null, {"power_watts": {}}]}`, 0)
}

// TestDurations: the histograms have names that promtool's linter has nothing to say about.
func TestDurations(t *testing.T) {
	d := newDurations()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(d.all()...)
	d.trained("d", true, 1)
	d.forecast("d", 1)
	d.answered("/health", 1)
	got, err := r.Gather()
	if err != nil || len(got) != 3 {
		t.Fatalf("%d families, %v, want 3", len(got), err)
	}
	if problems, err := promlint.NewWithMetricFamilies(got).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
