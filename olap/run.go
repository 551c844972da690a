package olap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Run delivers rows until ctx is done and then until every sink has every row, but at most
// FlushTimeout longer. It returns nil if nothing is left, else an error that wraps ErrPending and
// names the sinks behind. A sink that ignores the end of its context is abandoned, with a
// goroutine, after another FlushTimeout. Run may be called once.
func (r *Recorder) Run(ctx context.Context) error {
	if r.running.Swap(true) {
		return errors.New("olap: Run was called before")
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	draining := ctx.Done()
	var wg sync.WaitGroup
	for _, f := range r.feeds {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r.deliver(work, draining, f)
		}()
	}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()

	<-draining
	if !wait(finished, r.cfg.FlushTimeout) {
		stop()
		if !wait(finished, max(r.cfg.FlushTimeout, time.Second)) {
			r.log.Error("a sink does not return from its write", "behind", r.behind())
		}
	}
	if behind := r.behind(); behind != "" {
		return fmt.Errorf("%w: %s", ErrPending, behind)
	}
	return nil
}

// wait waits until c is closed, at most d, and reports whether it was.
func wait(c <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
		return false
	}
}

// behind names the sinks with rows to come, with their number.
func (r *Recorder) behind() string {
	var parts []string
	for _, f := range r.feeds {
		if n := f.pending.Load(); n > 0 {
			parts = append(parts, fmt.Sprintf("%s (%d rows)", f.sink.Name(), n))
		}
	}
	return strings.Join(parts, ", ")
}

// Flush waits until every sink has every row recorded before the call. Run must be running.
func (r *Recorder) Flush(ctx context.Context) error {
	_, target := r.spool.Held()
	for {
		r.mu.Lock()
		progress, closed, reached := r.progress, r.closed, true
		for _, f := range r.feeds {
			reached = reached && (f.done >= target || f.pending.Load() == 0)
		}
		r.mu.Unlock()
		if reached {
			return nil
		}
		if closed {
			return ErrClosed
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
