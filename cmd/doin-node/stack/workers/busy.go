package workers

import (
	"context"
	"math"
	"sync"
	"time"

	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

const (
	// busyEvery is the time between two readings of the workers' counters, busySpan how far back the shares reach.
	busyEvery = 5 * time.Second
	busySpan  = time.Minute
)

// counters are what a worker has counted since it started.
type counters struct {
	own, others float64 // thread-seconds in trainings of the node's own search, and of others
	slots       float64
	uptime      float64 // seconds
}

// readCounters picks the counters out of a worker's telemetry; ok is false for a program that does not count.
func readCounters(telemetry *canon.Object) (c counters, ok bool) {
	for _, m := range []struct {
		key string
		to  *float64
	}{{"busy_own_seconds", &c.own}, {"busy_others_seconds", &c.others}, {"slots", &c.slots}, {"uptime_seconds", &c.uptime}} {
		v, err := telemetry.Float(m.key)
		if err != nil || !(v >= 0) || math.IsInf(v, 0) {
			return counters{}, false
		}
		*m.to = v
	}
	return c, c.slots >= 1
}

// sample is what was added up, over all workers, up to a moment.
type sample struct {
	at                   time.Time
	own, others, offered float64 // thread-seconds
}

// busy keeps what the workers did in the last minute. A worker that starts again counts from zero again.
type busy struct {
	now func() time.Time

	mu      sync.Mutex
	last    map[*worker.Supervisor]counters
	total   sample
	samples []sample // the oldest first
}

func newBusy(now func() time.Time) *busy {
	return &busy{now: now, last: map[*worker.Supervisor]counters{}}
}

// add files one reading of every worker that answered.
func (b *busy) add(readings map[*worker.Supervisor]counters) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s, c := range readings {
		before := b.last[s]
		if c.uptime < before.uptime {
			before = counters{}
		}
		b.last[s] = c
		b.total.own += max(0, c.own-before.own)
		b.total.others += max(0, c.others-before.others)
		b.total.offered += c.slots * (c.uptime - before.uptime)
	}
	b.total.at = b.now()
	if n := len(b.samples); n > 1 && b.total.at.Sub(b.samples[n-2].at) < busyEvery/2 {
		b.samples = b.samples[:n-1] // however often somebody asks
	}
	b.samples = append(b.samples, b.total)
	for len(b.samples) > 2 && b.total.at.Sub(b.samples[1].at) >= busySpan {
		b.samples = b.samples[1:]
	}
}

// shares returns the shares of the last minute, or of the time since the start while that is shorter.
func (b *busy) shares() (own, others float64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.samples) == 0 {
		return 0, 0, false
	}
	var from sample
	if len(b.samples) > 1 {
		from = b.samples[0]
	}
	offered := b.total.offered - from.offered
	if offered <= 0 {
		return 0, 0, false
	}
	return min(1, (b.total.own-from.own)/offered), min(1, (b.total.others-from.others)/offered), true
}

// watch reads the counters until ctx ends.
func (w *Workers) watch(ctx context.Context) {
	tick := time.NewTicker(busyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.Telemetry(ctx)
		}
	}
}

// Busy returns the share of the wall time of the last minute that the workers' threads spent in trainings for this node's
// own search, and for others; ok is false while no worker has told.
func (w *Workers) Busy() (own, others float64, ok bool) { return w.busy.shares() }
