package workers

import (
	"math"
	"testing"
	"time"

	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

func TestBusy(t *testing.T) {
	var now time.Time
	b := newBusy(func() time.Time { return now })
	one, two := new(worker.Supervisor), new(worker.Supervisor)
	is := func(what string, own, others float64) {
		t.Helper()
		o, x, ok := b.shares()
		if !ok || math.Abs(o-own) > 1e-12 || math.Abs(x-others) > 1e-12 {
			t.Errorf("%s: busy %v, others %v, %v; want %v and %v", what, o, x, ok, own, others)
		}
	}
	if _, _, ok := b.shares(); ok {
		t.Error("shares before anything was read")
	}
	read := func(after time.Duration, list map[*worker.Supervisor]counters) {
		now = now.Add(after)
		b.add(list)
	}
	read(10*time.Second, map[*worker.Supervisor]counters{one: {own: 10, others: 5, slots: 2, uptime: 10}})
	is("since the start", 0.5, 0.25)
	read(10*time.Second, map[*worker.Supervisor]counters{one: {own: 30, others: 5, slots: 2, uptime: 20}, two: {slots: 2, uptime: 10}})
	is("with a second worker", 0.5, 0)
	// The first one starts again; its counters do too.
	read(10*time.Second, map[*worker.Supervisor]counters{one: {own: 4, others: 16, slots: 2, uptime: 10}, two: {slots: 2, uptime: 20}})
	is("after a restart", 24.0/80, 16.0/80)
	for range 12 {
		c := b.last[two]
		read(10*time.Second, map[*worker.Supervisor]counters{two: {own: c.own + 20, slots: 2, uptime: c.uptime + 10}})
	}
	is("a minute later", 1, 0)
	for range 10_000 {
		b.add(nil)
	}
	if len(b.samples) > 20 {
		t.Errorf("%d samples after a flood of questions", len(b.samples))
	}
}

func TestReadCounters(t *testing.T) {
	o := canon.NewObject("busy_own_seconds", 1.5, "busy_others_seconds", int64(2), "slots", int64(4), "uptime_seconds", 10.0)
	if c, ok := readCounters(o); !ok || c != (counters{1.5, 2, 4, 10}) {
		t.Errorf("readCounters(%s) = %+v, %v", canon.Default(o), c, ok)
	}
	for key, v := range map[string]any{"busy_own_seconds": -1.0, "slots": int64(0), "uptime_seconds": "long", "busy_others_seconds": math.Inf(1)} {
		if c, ok := readCounters(o.Clone().Set(key, v)); ok {
			t.Errorf("readCounters with %s = %v gives %+v", key, v, c)
		}
	}
	if _, ok := readCounters(canon.NewObject()); ok {
		t.Error("a worker that does not count is counted")
	}
}
