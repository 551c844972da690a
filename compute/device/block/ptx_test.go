package block

import (
	"context"
	"errors"
	"os"
	"testing"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels/host"
	"doin.network/node/kernels/ptxrun"
)

// translated starts a device that runs committed images, instruction by instruction.
func translated(t *testing.T, o ptxrun.Options, c host.Config, modules ...string) *host.Device {
	t.Helper()
	m, err := ptxrun.Committed(modules...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ptxrun.Build(t.Context(), "", m, o)
	if errors.Is(err, host.ErrNoCompiler) {
		t.Skip("LEFT OUT: no C++ compiler, the PTX is not run")
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := host.Start(context.WithoutCancel(t.Context()), p, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// sampled returns every n-th of the committed tasks, beginning with the first-th.
func sampled(t *testing.T, first, n int) (names []string, tasks []nn.Task, roots map[string]string) {
	t.Helper()
	all, every, roots := committed(t)
	for i := first; i < len(all); i += n {
		names, tasks = append(names, all[i]), append(tasks, every[i])
	}
	return names, tasks, roots
}

// TestPTX trains committed tasks by the committed PTX: a sample, or with DOIN_PTX=all every one, by each of the kernels.
func TestPTX(t *testing.T) {
	every := 8
	if os.Getenv("DOIN_PTX") == "all" {
		every = 1
	}
	d := translated(t, ptxrun.Options{}, host.Config{})
	for i, c := range []struct {
		options Options
		order   host.Order
	}{
		{Options{Variant: Narrow}, host.Forward},
		{Options{Variant: Wide, StepsPerLaunch: 7, Shuffle: 1}, host.Shuffled},
		{Options{Variant: Streamed, StepsPerLaunch: 20, Blocks: 1}, host.Reversed},
	} {
		if err := d.Reorder(c.order, uint64(i)); err != nil {
			t.Fatal(err)
		}
		names, tasks, roots := sampled(t, i%every, every)
		compare(t, engine(t, d, c.options), names, tasks, roots)
		t.Logf("%s, %v: %d tasks", c.options.Variant, c.order, len(names))
	}
	// Prediction and the elementary functions have kernels of their own.
	if err := SelfTest(d); err != nil {
		t.Error(err)
	}
}

// TestPTXRaces trains a sample where unordered accesses to one word, and accesses outside of what was allocated, are faults. The
// wide kernel is left out: it is the narrow one's source, and takes a compiler as long once more.
func TestPTXRaces(t *testing.T) {
	every := 48
	if os.Getenv("DOIN_PTX") == "all" {
		every = 12
	}
	d := translated(t, ptxrun.Options{Races: true}, host.Config{Order: host.Shuffled, Seed: 11}, "train", "train_streamed", "collect")
	for i, v := range []Variant{Narrow, Streamed} {
		names, tasks, roots := sampled(t, 5*i, every)
		compare(t, engine(t, d, Options{Variant: v}), names, tasks, roots)
		t.Logf("%s: %d tasks", v, len(names))
	}
}
