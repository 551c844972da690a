package engine

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"doin.network/node/compute/nn"
)

// TestRun: a short run measures everything it promises, and every form of the report can be written.
func TestRun(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Rounds, cfg.Duration, cfg.Peers = 1, time.Millisecond, false
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, w := range r.Workloads {
		names[w.Name] = true
		if !(w.MicrosPerStep > 0) || !(w.ModelsPerSecond > 0) || !(w.MFLOPPerStep > 0) || w.ShareOfPeak < 0 || w.ShareOfPeak > 1.5 {
			t.Errorf("workload %+v", w)
		}
	}
	for _, n := range []string{S2, Small, Wide, TCN, Mixed} {
		if !names[n] {
			t.Errorf("no figure for %s", n)
		}
	}
	if len(r.Products) != len(productSizes) {
		t.Errorf("%d products", len(r.Products))
	}
	var md, svg, text bytes.Buffer
	for _, err := range []error{r.WriteMarkdown(&md, "test", time.Unix(0, 0)), r.WriteSVG(&svg), r.WriteText(&text)} {
		if err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(md.String(), "| S2 |") || !strings.Contains(svg.String(), "<svg") || !strings.Contains(text.String(), "S2") {
		t.Error("a report lacks its content")
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"fma_peak_gflops"`, `"workloads":[{"name":"S2","workers":1`, `"us_per_model_step"`, `"models_per_s"`, `"share_of_peak"`} {
		if !bytes.Contains(data, []byte(key)) {
			t.Errorf("JSON lacks %s", key)
		}
	}
}

// TestFlop: the headline step is 2.12 million operations.
func TestFlop(t *testing.T) {
	c := workloads()[0].models[0]
	if got := flop(&c); got != 64*(4*32*64+6*(64*64+64)) {
		t.Errorf("flop(S2) = %v", got)
	}
	for _, w := range workloads() {
		for i := range w.models {
			if err := w.models[i].Validate(); err != nil {
				t.Errorf("%s: %v", w.name, err)
			}
		}
	}
	tcn := workloads()[3].models[0]
	if tcn.Layers[0].Kind != nn.TCN || flop(&tcn) <= 0 {
		t.Error("no flop for the tcn")
	}
}

func TestMedian(t *testing.T) {
	f := func(want float64, s ...float64) {
		t.Helper()
		if got := median(s); got != want {
			t.Errorf("median(%v) = %v, want %v", s, got, want)
		}
	}
	f(0)
	f(2, 3, 1, 2)
	f(2.5, 4, 1, 2, 3)
}
