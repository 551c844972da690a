package workload

import (
	"slices"
	"testing"

	"doin.network/node/compute/nn"
)

func TestAll(t *testing.T) {
	seen := map[Variant]int{}
	for _, w := range All(1000) {
		seen[w.Variant]++
		for i := range w.Models {
			c := &w.Models[i]
			if err := c.Validate(); err != nil {
				t.Errorf("%s %s: %v", w.Name, w.Variant, err)
			}
			if stops := c.Patience > 0; stops != (w.Variant == Early || w.Variant == GA) {
				t.Errorf("%s %s: patience %d", w.Name, w.Variant, c.Patience)
			}
		}
	}
	if seen[Fixed] != 4 || seen[Early] != 4 || seen[Shapes] != 1 || seen[GA] != 1 {
		t.Errorf("variants %v", seen)
	}
	tasks := All(100)[3].Tasks(50)
	if tasks[0].Train != tasks[24].Train || tasks[0].Key == tasks[24].Key {
		t.Error("models with the same inputs must share samples, and no two their key")
	}
}

// TestFlop: the headline step is 2.12 million operations; a convolution does not count what lies before the first step.
func TestFlop(t *testing.T) {
	all := All(1000)
	if got := Flop(&all[0].Models[0]); got != 64*(4*32*64+6*(64*64+64)) {
		t.Errorf("Flop(S2) = %v", got)
	}
	c := nn.DefaultConfig()
	c.Inputs, c.Steps, c.Outputs, c.Batch, c.Activation = 6, 3, 1, 2, ""
	c.Layers = []nn.Layer{{Kind: nn.Conv1D, Width: 5, Kernel: 2, Dilation: 1, Activation: nn.ReLU}, {Kind: nn.LastStep}}
	// Two passes of 5 = 1 + 2 + 2 taps of 2 × 5, three passes of 5 × 1.
	if got, want := Flop(&c), 2.0*2*(2*5*2*5+3*5); got != want {
		t.Errorf("Flop(conv) = %v, want %v", got, want)
	}
}

// TestFind: a name and a variant are one experiment.
func TestFind(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range All(50) {
		if seen[w.String()] {
			t.Errorf("two workloads are called %s", &w)
		}
		seen[w.String()] = true
		got, ok := Find(w.Name, w.Variant, 50)
		if !ok || got.String() != w.String() || len(got.Models) != len(w.Models) {
			t.Errorf("Find(%q, %q) = %s, %v", w.Name, w.Variant, &got, ok)
		}
		if !slices.Contains(Names(), w.Name) {
			t.Errorf("Names() = %q, without %q", Names(), w.Name)
		}
	}
	for _, name := range Names() {
		if !slices.ContainsFunc(All(50), func(w Workload) bool { return w.Name == name }) {
			t.Errorf("no workload is called %q", name)
		}
	}
	if w, ok := Find("S3", Fixed, 50); ok {
		t.Errorf("Find(S3) = %v", w)
	}
}
