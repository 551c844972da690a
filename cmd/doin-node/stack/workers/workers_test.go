package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain/engine"
	"doin.network/node/compute/worker"
)

// A job that comes before its domain is loaded waits: to the worker it would be an unknown domain, to the chain an
// abstention.
func TestJobsWaitForTheirDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := worker.NewSupervisor(worker.Options{Path: "none"})
		w := &workers{of: map[string]*worker.Supervisor{domain: s}, ready: map[string]chan struct{}{domain: make(chan struct{})}}
		if _, err := w.loaded(t.Context(), "other"); !errors.Is(verdict(err), engine.ErrAbstain) {
			t.Errorf("unknown domain: %v, want an abstention", err)
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
	})
}

func TestVerdict(t *testing.T) {
	f := func(err, want error) {
		t.Helper()
		if got := verdict(err); !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("verdict(%v) = %v, want %v", err, got, want)
		}
	}
	f(nil, nil)
	f(worker.ErrDataHash, engine.ErrAbstain)
	f(worker.ErrUnknownDomain, engine.ErrAbstain)
	f(worker.ErrUnsupported, engine.ErrAbstain)
	f(worker.ErrRefused, engine.ErrInvalid)
	f(worker.ErrTimeout, engine.ErrInvalid)
	f(worker.ErrMemory, engine.ErrInvalid)
	f(worker.ErrWorkerDied, worker.ErrWorkerDied)
	if err := verdict(worker.ErrWorkerDied); errors.Is(err, engine.ErrInvalid) || errors.Is(err, engine.ErrAbstain) {
		t.Errorf("a worker's death is a verdict: %v", err)
	}
}

func TestSharedLimits(t *testing.T) {
	cfg := testConfig(t, `{"domains": [
		{"domain_id": "a", "evaluate": true, "optimization_plugin": "forecast", "resource_limits": {"max_training_seconds": 10, "max_memory_mb": 100}},
		{"domain_id": "b", "evaluate": true, "optimization_plugin": "tabular", "resource_limits": {"max_training_seconds": 60, "max_memory_mb": 50}},
		{"domain_id": "c", "evaluate": true, "optimization_plugin": "exec:./c", "resource_limits": {"max_training_seconds": 90, "max_memory_mb": 900}},
		{"domain_id": "d", "optimization_plugin": "forecast"}]}`)
	shared, n := sharedLimits(cfg.Domains)
	if got := limits(shared); got.Job != time.Minute || got.MemoryBytes != 100<<20 || n != 2 {
		t.Errorf("limits of the shared process = %v and %d bytes for %d domains, want a minute and 100 MiB for 2", got.Job, got.MemoryBytes, n)
	}
}
