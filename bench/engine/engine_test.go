package engine

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
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
	for _, n := range []string{"S2", "small", "wide", "tcn", "mixed ga"} {
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

// TestWorkloads: what PyTorch is told is the headline's shape.
func TestWorkloads(t *testing.T) {
	if got, want := *workloads()[0].torch, (torchModel{64, "32,64,64,1"}); got != want {
		t.Errorf("describe(S2) = %v, want %v", got, want)
	}
}
