package ptxrun

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"

	"doin.network/node/kernels/sass"
)

var update = flag.Bool("update", false, "rewrite weights.json")

// TestWeights derives the weights again where the toolkit is.
func TestWeights(t *testing.T) {
	got, err := Weigh(t.Context(), "sm_80")
	if errors.Is(err, sass.ErrNoToolkit) {
		t.Skip("LEFT OUT: no CUDA toolkit, the weights are not derived again")
	}
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("weights.json", append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := CommittedWeights()
	if err != nil {
		t.Fatal(err)
	}
	if got.Toolkit != want.Toolkit {
		t.Skipf("LEFT OUT: the toolkit is %s, the weights are of %s", got.Toolkit, want.Toolkit)
	}
	for _, key := range slices.Sorted(maps.Keys(got.Of)) {
		if v, ok := want.Of[key]; !ok || v != got.Of[key] {
			t.Errorf("weight of %s = %v, want %v", key, got.Of[key], v)
		}
	}
	if len(got.Of) != len(want.Of) {
		t.Errorf("%d weights, want %d", len(got.Of), len(want.Of))
	}
}

// TestWeightsCover: every instruction of the committed kernels has a weight.
func TestWeightsCover(t *testing.T) {
	w, err := CommittedWeights()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := Committed()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		for _, e := range m.Entries {
			for i := range e.Body {
				if e.Body[i].Label == "" {
					if _, err := w.Weight(&e.Body[i]); err != nil {
						t.Errorf("%s: %v", m.Name, err)
					}
				}
			}
		}
	}
}
