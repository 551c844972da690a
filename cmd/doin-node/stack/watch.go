package stack

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/api"
)

const (
	// watchEvery is the time between two looks at the node.
	watchEvery = 5 * time.Second
	// askTime is how long the machine may take to answer a look, deadTime for how long it may be silent in a node that lives.
	askTime  = 2 * time.Second
	deadTime = 2 * time.Minute
	// settleTime is how long after its start a node may be without peers or a worker.
	settleTime = time.Minute
)

// watch looks at the node every few seconds and keeps what it found: whoever asks how the node is costs nothing.
type watch struct {
	s       *Stack
	started time.Time
	clocks  clocks
	deaths  deaths

	mu       sync.Mutex
	answered time.Time // when the machine last did
	found    atomic.Pointer[[]api.Check]
}

var _ api.Health = (*watch)(nil)

func newWatch(s *Stack) *watch {
	now := s.Now()
	w := &watch{s: s, started: now, answered: now}
	w.found.Store(&[]api.Check{})
	return w
}

// Health implements api.Health.
func (w *watch) Health() api.HealthReport {
	w.mu.Lock()
	answered := w.answered
	w.mu.Unlock()
	r := api.HealthReport{Alive: w.s.Now().Sub(answered) < deadTime, Checks: slices.Clone(*w.found.Load())}
	for _, a := range w.s.alarms.Standing() {
		r.Alarms = append(r.Alarms, api.Alarm{Name: a.Name, What: a.What, Remedy: a.Remedy, Since: timestamp.FromTime(a.Since).Wire()})
	}
	return r
}

// run looks until ctx ends.
func (w *watch) run(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look makes every check once. Those that are worth a word raise an alarm.
func (w *watch) look(ctx context.Context) {
	found := []api.Check{w.store(), w.machine(ctx), w.peers(), w.worker(), w.disk(), w.clock(), w.recorder()}
	if ctx.Err() != nil {
		return // what stops is not broken
	}
	w.bootstrap()
	w.twins()
	w.found.Store(&found)
}

// young reports whether the node has just been started.
func (w *watch) young() bool { return w.s.Now().Sub(w.started) < settleTime }

// machine asks the event loop for nothing, and whether it answers in time.
func (w *watch) machine(ctx context.Context) api.Check {
	c := api.Check{Name: "machine", Vital: true, OK: true, Detail: "answers"}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if err := w.s.profile.Loop.Ask(ctx, func(loop.Tasks) {}); err != nil {
		c.OK, c.Detail = false, "the event loop does not answer: "+err.Error()
		return c
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = w.s.Now()
	return c
}
