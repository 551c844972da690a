package workers

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
)

// Jobs go to the process that has the fewest, and among equals not to the one that searches.
func TestHelpers(t *testing.T) {
	var all []*worker.Supervisor
	for range 3 {
		all = append(all, worker.NewSupervisor(worker.Options{Path: "none"}))
	}
	home := all[1]
	h := newHelpers(config.Domain{ID: "d"}, home, all, slog.New(slog.DiscardHandler))
	if len(h.others) != 2 {
		t.Fatalf("%d others, want 2", len(h.others))
	}
	f := func(want ...*worker.Supervisor) {
		t.Helper()
		for n, w := range want {
			if got := h.take(); got != w {
				t.Errorf("job %d goes to another process", n)
			}
		}
	}
	f(home, home) // nobody else has loaded the domain
	h.expect("data")
	h.join(all[0], "other data")
	f(home)
	h.join(all[0], "data")
	f(all[0], all[0], all[0], all[0], home)
	h.join(all[2], "data")
	f(all[2], all[2], all[2], all[2], all[2])
	h.release(home)
	f(home)
}

// Every device has a process of its own, however few the domains.
func TestEveryDevice(t *testing.T) {
	d := worker.Description{Name: "w", Version: "1", Device: "card", HasGPU: true, Workers: 1, Plugins: []string{"forecast"}, Devices: []string{"cuda:0", "cuda:1", "cuda:2"}}
	path := fakeWorker(t, "describe", d)
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), worker.ProgramGPU)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(path)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	cfg := testConfig(t, `{"domains": [
		{"domain_id": "a", "evaluate": true, "optimization_plugin": "forecast"}, {"domain_id": "b", "evaluate": true, "optimization_plugin": "tabular"}]}`)
	w, err := Find(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.all) != 3 || w.of["a"] == w.of["b"] || len(w.helpers["a"].others) != 2 || len(w.helpers["b"].others) != 2 {
		t.Errorf("%d processes, %d and %d beside the domains' own, want 3, 2 and 2", len(w.all), len(w.helpers["a"].others), len(w.helpers["b"].others))
	}
}

// A process that does not know the domain any more is left out, and what it refused is done by another.
func TestHelperForgets(t *testing.T) {
	var all []*worker.Supervisor
	for range 3 {
		all = append(all, worker.NewSupervisor(worker.Options{Path: "none"}))
	}
	h := newHelpers(config.Domain{ID: "d"}, all[0], all, slog.New(slog.DiscardHandler))
	h.join(all[1], "")
	h.join(all[2], "")
	asked := map[*worker.Supervisor]int{}
	do := func(forgets ...*worker.Supervisor) error {
		_, err := h.with(func(s *worker.Supervisor) (worker.Outcome, error) {
			if asked[s]++; slices.Contains(forgets, s) {
				return worker.Outcome{}, fmt.Errorf("evaluate: %w", worker.ErrUnknownDomain)
			}
			return worker.Outcome{}, nil
		})
		return err
	}
	for range 4 {
		if err := do(all[2]); err != nil {
			t.Errorf("with() = %v, want another process to do it", err)
		}
	}
	if asked[all[2]] != 1 || asked[all[1]] != 4 || asked[all[0]] != 0 {
		t.Errorf("the processes were asked %d, %d and %d times, want 0, 4 and 1", asked[all[0]], asked[all[1]], asked[all[2]])
	}
	if err := do(all...); !errors.Is(err, worker.ErrUnknownDomain) {
		t.Errorf("with() = %v where nobody knows the domain, want ErrUnknownDomain", err)
	}
}
