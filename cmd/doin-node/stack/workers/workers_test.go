package workers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
)

const domain = "d"

func testConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, _, err := config.Parse("test.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A job that comes before its domain is loaded waits: to the worker it would be an unknown domain, to the chain an
// abstention.
func TestJobsWaitForTheirDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := worker.NewSupervisor(worker.Options{Path: "none"})
		w := &Workers{of: map[string]*worker.Supervisor{domain: s}, ready: map[string]chan struct{}{domain: make(chan struct{}), "broken": make(chan struct{})},
			lost: map[string]chan struct{}{domain: make(chan struct{}), "broken": make(chan struct{})}}
		w.of["broken"] = s
		if _, err := w.loaded(t.Context(), "other"); !errors.Is(err, worker.ErrUnknownDomain) {
			t.Errorf("unknown domain: %v, want ErrUnknownDomain", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := w.loaded(ctx, domain); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before it is loaded: %v, want to wait", err)
		}
		got := make(chan *worker.Supervisor)
		go func() {
			s, _ := w.loaded(t.Context(), domain)
			got <- s
		}()
		synctest.Wait()
		close(w.ready[domain])
		if <-got != s {
			t.Error("not the domain's worker")
		}
		w.Abandon(domain) // it is loaded, so nothing comes of it
		if _, err := w.loaded(t.Context(), domain); err != nil {
			t.Errorf("a loaded domain after Abandon: %v", err)
		}
		failed := make(chan error)
		go func() {
			_, err := w.loaded(t.Context(), "broken")
			failed <- err
		}()
		synctest.Wait()
		w.Abandon("broken")
		if err := <-failed; !errors.Is(err, worker.ErrUnknownDomain) {
			t.Errorf("a domain that cannot be loaded: %v, want ErrUnknownDomain", err)
		}
	})
}

func TestSharedLimits(t *testing.T) {
	cfg := testConfig(t, `{"domains": [
		{"domain_id": "a", "evaluate": true, "optimization_plugin": "forecast", "resource_limits": {"max_training_seconds": 10, "max_memory_mb": 100}},
		{"domain_id": "b", "evaluate": true, "optimization_plugin": "tabular", "resource_limits": {"max_training_seconds": 60, "max_memory_mb": 50}},
		{"domain_id": "c", "evaluate": true, "optimization_plugin": "exec:./c", "resource_limits": {"max_training_seconds": 90, "max_memory_mb": 900}},
		{"domain_id": "d", "optimization_plugin": "forecast"}]}`)
	shared := sharedLimits(cfg.Domains, map[string]bool{"a": true, "b": true})
	if got := limits(shared, 10); got.Job != time.Minute || got.MemoryBytes != 100<<20 || got.Nice != 10 {
		t.Errorf("limits of the shared process = %v and %d bytes, want a minute and 100 MiB", got.Job, got.MemoryBytes)
	}
}

// TestParallel: a share of the processors becomes a number of trainings, unless one is configured or a GPU trains.
func TestParallel(t *testing.T) {
	f := func(workers int, share float64, device string, want int) {
		t.Helper()
		if got := parallel(config.Worker{Parallel: workers, CPUShare: share}, device, 8); got != want {
			t.Errorf("parallel(%d, %v, %q) = %d, want %d", workers, share, device, got, want)
		}
	}
	f(0, 1, "", 0)
	f(0, 0.5, "", 4)
	f(0, 0.5, "cpu", 4)
	f(0, 0.01, "", 1)
	f(3, 0.5, "", 3)
	f(0, 0.5, "cuda:0", 0)
}
