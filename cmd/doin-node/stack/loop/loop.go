// Package loop is the event loop that drives a chain machine: every event goes through it, one at a time, and the effects
// are carried out in their order.
//
//	messages, trainings, branches, questions ─► Loop ─► machine.Step ─► blocks to the disk ─► the view ─► Handle
//
// Blocks are on the disk, and the view shows the step, before anybody hears of it: a peer, the step's caller, or a search. A
// full disk is waited out. The picture for readers is not made anew for each message of a flood.
package loop

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/chain/task"
)

// tickInterval is how often the machine is told the time.
const tickInterval = 100 * time.Millisecond

// maxWaiting is how many events and questions wait for the machine.
const maxWaiting = 512

// ErrBusy is returned by Post while the loop has no room.
var ErrBusy = errors.New("event loop is busy")

// Tasks is what a machine tells of its queue of work. Its methods are called inside the loop.
type Tasks interface {
	// Tasks returns the pending tasks of the domains (all if none is named), at most limit.
	Tasks(domains []string, limit int) []task.Task
	// Task returns one task.
	Task(id string) (task.Task, bool)
}

// Machine is a chain machine; V is its immutable picture.
type Machine[V any] interface {
	Tasks
	Step(now int64, ev protocol.Event) []protocol.Effect
	View() V
}

// Config joins a loop to the rest of the node.
type Config struct {
	// Store is the chain on the disk.
	Store Store
	// Handle carries out an effect; it must not block. It is not asked about Notices, which are logged.
	Handle func(context.Context, protocol.Effect)
	// Peers returns the ids of the connected peers, for Tick. nil: none.
	Peers func() []string
	// Syncing reports whether the chain is being fetched, for Tick. nil: never.
	Syncing func() bool
	Log     *slog.Logger
	Now     func() time.Time
}

// Loop owns a machine. Create it with New, run it once with Run. Its other methods are safe for concurrent use, also before
// Run and after it.
type Loop[V any] struct {
	machine Machine[V]
	cfg     Config

	requests chan request
	stopped  chan struct{} // closed when Run has returned
	view     atomic.Pointer[V]
}

// request is one event, or a question to the machine, with room for its answer.
type request struct {
	event protocol.Event
	ask   func(Tasks)
	reply chan []protocol.Effect // nil if nobody waits; else buffered
}

// New returns a loop around a machine, which belongs to it from now on. What carries out its effects may come later, by Join.
func New[V any](m Machine[V], cfg Config) *Loop[V] {
	l := &Loop[V]{machine: m, cfg: cfg, requests: make(chan request, maxWaiting), stopped: make(chan struct{})}
	v := m.View()
	l.view.Store(&v)
	return l
}

// Join sets what carries out the effects, who the peers are and whether the chain is being fetched; before Run.
func (l *Loop[V]) Join(handle func(context.Context, protocol.Effect), peers func() []string, syncing func() bool) {
	l.cfg.Handle, l.cfg.Peers, l.cfg.Syncing = handle, peers, syncing
}

// View returns the picture after the last step that changed something.
func (l *Loop[V]) View() V { return *l.view.Load() }

// Run is the event loop. It returns when ctx ends, or with the error of a store that cannot be written for another reason
// than a full disk.
func (l *Loop[V]) Run(ctx context.Context) error {
	defer close(l.stopped)
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	for {
		var r request
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.event = l.tick()
		case r = <-l.requests:
		}
		if r.ask != nil {
			r.ask(l.machine)
			r.reply <- nil
			continue
		}
		out := l.machine.Step(l.cfg.Now().UnixMicro(), r.event)
		if err := l.carryOut(ctx, r.event, out); err != nil {
			if ctx.Err() != nil {
				return nil // stopping: nobody has heard of what was not written
			}
			return err
		}
		if r.reply != nil {
			r.reply <- out
		}
	}
}

func (l *Loop[V]) tick() protocol.Tick {
	var t protocol.Tick
	if l.cfg.Peers != nil {
		t.Peers = l.cfg.Peers()
	}
	if l.cfg.Syncing != nil {
		t.Syncing = l.cfg.Syncing()
	}
	return t
}

// carryOut carries out the effects of one step, blocks before everything else.
func (l *Loop[V]) carryOut(ctx context.Context, ev protocol.Event, out []protocol.Effect) error {
	if err := l.store(ctx, out); err != nil {
		return err
	}
	if shown(ev, out) {
		v := l.machine.View()
		l.view.Store(&v)
	}
	for _, f := range out {
		if n, ok := f.(protocol.Notice); ok {
			l.cfg.Log.Log(ctx, level(n), n.Text, n.Args...)
			continue
		}
		l.cfg.Handle(ctx, f)
	}
	return nil
}

// shown reports whether a step changes the picture that readers have: a message by which nothing came about can wait for
// the next tick.
func shown(ev protocol.Event, out []protocol.Effect) bool {
	if _, message := ev.(protocol.Received); !message {
		return true
	}
	for _, f := range out {
		switch f.(type) {
		case protocol.Notice, protocol.Penalize, protocol.Fetch:
		default:
			return true
		}
	}
	return false
}

func level(n protocol.Notice) slog.Level {
	switch {
	case n.Warn:
		return slog.LevelWarn
	case n.Debug:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
