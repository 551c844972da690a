package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/store"
	"doin.network/node/chain/task"
)

// tickInterval is how often the engine is told the time.
const tickInterval = 100 * time.Millisecond

// errBusy is returned while the event loop has no room.
var errBusy = errors.New("node: event loop is busy")

// loop owns the engine: every event goes through it, and effects are carried out in their order.
type loop struct {
	engine *engine.Engine
	store  blockWriter
	log    *slog.Logger
	now    func() time.Time

	requests chan request
	stopped  chan struct{} // closed when run has returned
	view     atomic.Pointer[engine.View]

	effects effects
}

// blockWriter is the chain on the disk, as *store.Store writes it: what a call that returned nil has written stays.
type blockWriter interface {
	Append(ctx context.Context, e store.Entry) error
	Replace(ctx context.Context, ancestor int64, branch []store.Entry) error
}

// effects are what the loop hands to the rest of the node. None of them blocks.
type effects struct {
	broadcast func(*chain.Message) error
	evaluate  func(context.Context, engine.Evaluate)
	infer     func(context.Context, engine.Inference)
	fetch     func(engine.Fetch)
	committed func(engine.Commit)
	roundDone func(engine.RoundDone)
	anchor    func(engine.AnchorDue)
	penalize  func(engine.Penalize)
}

// request is one event, or a question to the engine, with room for its answer.
type request struct {
	event engine.Event
	ask   func(*engine.Engine)
	reply chan []engine.Effect // nil if nobody waits; else buffered
}

func newLoop(e *engine.Engine, st blockWriter, log *slog.Logger, now func() time.Time) *loop {
	l := &loop{engine: e, store: st, log: log, now: now, requests: make(chan request, 512), stopped: make(chan struct{})}
	l.view.Store(e.View())
	return l
}

// run is the event loop. It returns when ctx ends, or with the error of a store that cannot be written for
// another reason than a full disk.
func (l *loop) run(ctx context.Context) error {
	defer close(l.stopped)
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	for {
		var r request
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.event = engine.Tick{}
		case r = <-l.requests:
		}
		if r.ask != nil {
			r.ask(l.engine)
			r.reply <- nil
			continue
		}
		out := l.engine.Step(l.now().UnixMicro(), r.event)
		if err := l.carryOut(ctx, out); err != nil {
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

// carryOut carries out the effects of one step. Blocks are on the disk, and the view shows the step, before anybody
// hears of it: a peer, the step's caller, or a search whose round it ends.
func (l *loop) carryOut(ctx context.Context, out []engine.Effect) error {
	for _, f := range out {
		if c, ok := f.(engine.Commit); ok {
			if err := l.persist(ctx, c); err != nil {
				return err
			}
		}
	}
	l.view.Store(l.engine.View())
	for _, f := range out {
		l.handOut(ctx, f)
	}
	return nil
}

func (l *loop) handOut(ctx context.Context, f engine.Effect) {
	switch f := f.(type) {
	case engine.Commit:
		l.effects.committed(f)
	case engine.Broadcast:
		if err := l.effects.broadcast(f.Message); err != nil {
			l.log.Warn("message not sent", "type", f.Message.Type, "err", err)
		}
	case engine.Evaluate:
		l.effects.evaluate(ctx, f)
	case engine.Inference:
		l.effects.infer(ctx, f)
	case engine.Fetch:
		l.effects.fetch(f)
	case engine.RoundDone:
		l.effects.roundDone(f)
	case engine.AnchorDue:
		l.effects.anchor(f)
	case engine.Penalize:
		l.effects.penalize(f)
	case engine.Notice:
		level := slog.LevelInfo
		if f.Warn {
			level = slog.LevelWarn
		}
		l.log.Log(ctx, level, f.Text, f.Args...)
	}
}

// persist stores what the engine adopted. A full disk is waited out: nothing later happens until there is room,
// so nobody hears of a block that this node could lose. It fails with ctx's error when the node stops meanwhile.
func (l *loop) persist(ctx context.Context, c engine.Commit) error {
	entries := make([]store.Entry, len(c.Entries))
	for i, e := range c.Entries {
		entries[i] = storeEntry(e.Block, e.State, e.Receipts)
	}
	write := func() error {
		if len(c.Dropped) > 0 {
			return l.store.Replace(ctx, c.Ancestor, entries)
		}
		for len(entries) > 0 {
			if err := l.store.Append(ctx, entries[0]); err != nil {
				return err
			}
			entries = entries[1:]
		}
		return nil
	}
	return patiently(ctx, l.log, c.Ancestor+1, write)
}

// patiently writes the block at a height; a full disk is waited out.
func patiently(ctx context.Context, log *slog.Logger, height int64, write func() error) error {
	wait := time.Second
	for {
		err := write()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, store.ErrDiskFull):
			return fmt.Errorf("store block %d: %w", height, err)
		}
		log.Error("disk is full: nothing is written until there is room", "height", height, "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// post hands the loop an event whose effects nobody waits for. It fails with errBusy rather than wait.
func (l *loop) post(ev engine.Event) error {
	select {
	case l.requests <- request{event: ev}:
		return nil
	case <-l.stopped:
		return context.Canceled
	default:
		return errBusy
	}
}

// deliver hands the loop an event that must not be lost: it waits for room.
func (l *loop) deliver(ctx context.Context, ev engine.Event) {
	select {
	case l.requests <- request{event: ev}:
	case <-ctx.Done():
	case <-l.stopped:
	}
}

// call hands the loop an event and returns its effects after they were carried out.
func (l *loop) call(ctx context.Context, ev engine.Event) ([]engine.Effect, error) {
	return l.do(ctx, request{event: ev})
}

// ask lets f look at the engine inside the loop.
func (l *loop) ask(ctx context.Context, f func(*engine.Engine)) error {
	_, err := l.do(ctx, request{ask: f})
	return err
}

func (l *loop) do(ctx context.Context, r request) ([]engine.Effect, error) {
	r.reply = make(chan []engine.Effect, 1)
	select {
	case l.requests <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.stopped:
		return nil, context.Canceled
	}
	select {
	case out := <-r.reply:
		return out, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.stopped:
		return nil, context.Canceled
	}
}

// submit offers the engine something and returns its verdict.
func (l *loop) submit(ctx context.Context, ev engine.Event) error {
	out, err := l.call(ctx, ev)
	if err != nil {
		return err
	}
	for _, f := range out {
		if r, ok := f.(engine.SubmitResult); ok {
			return r.Err
		}
	}
	return nil
}

// pending returns the tasks of the domains that wait, and how many wait in all.
func (l *loop) pending(ctx context.Context, domains []string, limit int) (tasks []task.Task, total int, err error) {
	err = l.ask(ctx, func(e *engine.Engine) { tasks, total = e.Tasks(domains, limit), e.View().Tasks.Pending })
	return tasks, total, err
}

// task returns one task.
func (l *loop) task(ctx context.Context, id string) (t task.Task, ok bool, err error) {
	err = l.ask(ctx, func(e *engine.Engine) { t, ok = e.Task(id) })
	return t, ok, err
}
