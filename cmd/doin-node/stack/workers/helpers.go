package workers

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
)

// helpers are the processes that train for a domain: the one that searches it, and those of the machine's other devices.
type helpers struct {
	domain config.Domain
	home   *worker.Supervisor // searches the domain
	others []*worker.Supervisor
	log    *slog.Logger

	mu       sync.Mutex
	dataHash string
	loaded   []*worker.Supervisor // the one that searches comes last
	jobs     map[*worker.Supervisor]int
}

func newHelpers(d config.Domain, home *worker.Supervisor, all []*worker.Supervisor, log *slog.Logger) *helpers {
	h := &helpers{domain: d, home: home, log: log.With("domain", d.ID), loaded: []*worker.Supervisor{home}, jobs: map[*worker.Supervisor]int{}}
	for _, s := range all {
		if s != home {
			h.others = append(h.others, s)
		}
	}
	return h
}

// expect says what data the domain has.
func (h *helpers) expect(dataHash string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dataHash = dataHash
}

// load has the domain loaded by the other processes as soon as the one that searches it has. One that cannot is left out.
func (h *helpers) load(ctx context.Context, g *errgroup.Group, ready <-chan struct{}) {
	for _, s := range h.others {
		g.Go(func() error {
			select {
			case <-ready:
			case <-ctx.Done():
				return nil
			}
			info, err := s.Configure(ctx, h.domain.ID, h.domain.Plugin(), h.domain.WorkerConfig())
			switch {
			case ctx.Err() != nil:
			case err != nil:
				h.log.Warn("a device does not help with the domain", "err", err)
			default:
				h.join(s, info.DataHash)
			}
			return nil
		})
	}
}

// join lets a process train for the domain, if it has the same data.
func (h *helpers) join(s *worker.Supervisor, dataHash string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if dataHash != h.dataHash {
		h.log.Warn("a device does not help with the domain: it has other data", "data_hash", dataHash, "want", h.dataHash)
		return
	}
	h.loaded = slices.Insert(h.loaded, 0, s)
}

// take returns the process with the fewest jobs, and of those with as many one that does not search the domain.
func (h *helpers) take() *worker.Supervisor {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := slices.MinFunc(h.loaded, func(a, b *worker.Supervisor) int { return h.jobs[a] - h.jobs[b] })
	h.jobs[s]++
	return s
}

func (h *helpers) release(s *worker.Supervisor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.jobs[s]--
}

// leave takes a process off the list, and reports whether it was on it.
func (h *helpers) leave(s *worker.Supervisor) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.Index(h.loaded, s)
	if i < 0 {
		return false
	}
	h.loaded = slices.Delete(h.loaded, i, i+1)
	return true
}

// evaluate has one training done.
func (h *helpers) evaluate(ctx context.Context, job worker.Job) (worker.Outcome, error) {
	return h.with(func(s *worker.Supervisor) (worker.Outcome, error) { return s.Evaluate(ctx, job) })
}

// with has something done by one process. One that died and could not load the domain again would refuse at once, always have
// the fewest jobs, and get them all: it is left out, and another one asked.
func (h *helpers) with(do func(s *worker.Supervisor) (worker.Outcome, error)) (worker.Outcome, error) {
	for {
		s := h.take()
		out, err := do(s)
		h.release(s)
		if !errors.Is(err, worker.ErrUnknownDomain) || s == h.home {
			return out, err
		}
		if h.leave(s) {
			h.log.Warn("a device does not help with the domain any more", "err", err)
		}
	}
}
