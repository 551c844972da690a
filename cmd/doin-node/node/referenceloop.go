package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/engine"
	pyengine "doin.network/node/chain/python/engine"
	"doin.network/node/chain/store"
	"doin.network/node/compute/worker"
	"doin.network/node/net/flood"
)

// refLoop owns the engine of the reference profile, as loop owns the strict one.
type refLoop struct {
	engine *pyengine.Engine
	store  blockWriter
	log    *slog.Logger
	now    func() time.Time

	requests chan refRequest
	stopped  chan struct{} // closed when run has returned
	view     atomic.Pointer[pyengine.View]

	peers   func() []string
	effects func(context.Context, pyengine.Effect)
}

// refRequest is one event, or a question to the engine, with room for its answer.
type refRequest struct {
	event pyengine.Event
	ask   func(*pyengine.Engine)
	reply chan []pyengine.Effect // nil if nobody waits; else buffered
}

func newRefLoop(e *pyengine.Engine, st blockWriter, log *slog.Logger, now func() time.Time) *refLoop {
	l := &refLoop{engine: e, store: st, log: log, now: now, requests: make(chan refRequest, 512), stopped: make(chan struct{}),
		peers: func() []string { return nil }}
	l.view.Store(e.View())
	return l
}

// run is the event loop. It returns when ctx ends, or with the error of a store that cannot be written for another reason
// than a full disk.
func (l *refLoop) run(ctx context.Context) error {
	defer close(l.stopped)
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	for {
		var r refRequest
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.event = pyengine.Tick{Peers: l.peers()}
		case r = <-l.requests:
		}
		if r.ask != nil {
			r.ask(l.engine)
			r.reply <- nil
			continue
		}
		out := l.engine.Step(l.now().UnixMicro(), r.event)
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

// carryOut carries out the effects of one step, blocks before everything else.
func (l *refLoop) carryOut(ctx context.Context, ev pyengine.Event, out []pyengine.Effect) error {
	for _, f := range out {
		if c, ok := f.(pyengine.Commit); ok {
			if err := l.persist(ctx, c); err != nil {
				return err
			}
		}
	}
	// A picture costs a walk over everything that is open: not for each message of a flood.
	_, message := ev.(pyengine.Received)
	if !message || slices.ContainsFunc(out, func(f pyengine.Effect) bool { _, n := f.(pyengine.Notice); return !n }) {
		l.view.Store(l.engine.View())
	}
	for _, f := range out {
		if n, ok := f.(pyengine.Notice); ok {
			level := slog.LevelInfo
			switch {
			case n.Warn:
				level = slog.LevelWarn
			case n.Debug:
				level = slog.LevelDebug
			}
			l.log.Log(ctx, level, n.Text, n.Args...)
			continue
		}
		l.effects(ctx, f)
	}
	return nil
}

// persist stores what the engine adopted; a full disk is waited out.
func (l *refLoop) persist(ctx context.Context, c pyengine.Commit) error {
	entries := make([]store.Entry, len(c.Blocks))
	for i, b := range c.Blocks {
		entries[i] = store.Entry{Block: b}
	}
	return patiently(ctx, l.log, c.Ancestor+1, func() error {
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
	})
}

// post hands the loop an event whose effects nobody waits for. It fails with errBusy rather than wait.
func (l *refLoop) post(ev pyengine.Event) error {
	select {
	case l.requests <- refRequest{event: ev}:
		return nil
	case <-l.stopped:
		return context.Canceled
	default:
		return errBusy
	}
}

// deliver hands the loop an event that must not be lost: it waits for room.
func (l *refLoop) deliver(ctx context.Context, ev pyengine.Event) {
	select {
	case l.requests <- refRequest{event: ev}:
	case <-ctx.Done():
	case <-l.stopped:
	}
}

// call hands the loop an event and returns its effects after they were carried out.
func (l *refLoop) call(ctx context.Context, ev pyengine.Event) ([]pyengine.Effect, error) {
	return l.do(ctx, refRequest{event: ev})
}

// ask lets f look at the engine inside the loop.
func (l *refLoop) ask(ctx context.Context, f func(*pyengine.Engine)) error {
	_, err := l.do(ctx, refRequest{ask: f})
	return err
}

func (l *refLoop) do(ctx context.Context, r refRequest) ([]pyengine.Effect, error) {
	r.reply = make(chan []pyengine.Effect, 1)
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

// task hands the loop an event that is answered by a TaskResult.
func (l *refLoop) task(ctx context.Context, ev pyengine.Event) (pyengine.TaskResult, error) {
	out, err := l.call(ctx, ev)
	if err != nil {
		return pyengine.TaskResult{}, err
	}
	for _, f := range out {
		if r, ok := f.(pyengine.TaskResult); ok {
			return r, r.Err
		}
	}
	return pyengine.TaskResult{}, fmt.Errorf("node: %T was not answered", ev)
}

// receive is flood's handler: a message, signed or not, becomes an event.
func (r *Reference) receive(_ context.Context, m *chain.Message, _ flood.Peer) error {
	if err := r.chain.post(pyengine.Received{Message: m}); err != nil {
		return fmt.Errorf("%w: %v", flood.ErrBusy, err)
	}
	return nil
}

// effects joins the engine's effects to the parts that carry them out. None of them blocks.
func (r *Reference) effects() func(context.Context, pyengine.Effect) {
	r.chain.peers = func() []string {
		list := r.peers.Connected()
		out := make([]string, len(list))
		for i, p := range list {
			out[i] = p.ID
		}
		return out
	}
	return func(ctx context.Context, f pyengine.Effect) {
		switch f := f.(type) {
		case pyengine.Commit:
			r.committed(f)
		case pyengine.Broadcast:
			if err := r.flood.Broadcast(f.Message); err != nil {
				r.log.Warn("message not sent", "type", f.Message.Type, "err", err)
			}
		case pyengine.Send:
			r.send(ctx, f)
		case pyengine.Evaluate:
			r.evaluate(ctx, f)
		case pyengine.Fetch:
			r.syncer.Announced(f.Peer, f.Height, f.Hash)
		case pyengine.RoundDone:
			r.mu.Lock()
			s := r.refs[f.Domain]
			r.mu.Unlock()
			if s != nil {
				s.done <- f // there is at most one per proposal, and room for it
			}
		case pyengine.AnchorDue:
			r.jobs.Go(func() {
				if err := r.publishAnchor(ctx, engine.AnchorDue{Height: f.Height, Hash: f.Hash}); err != nil {
					r.log.Error("block not anchored", "height", f.Height, "err", err)
				}
			})
		case pyengine.Penalize:
			r.metrics.penalties.Inc()
			r.log.Warn("somebody broke the protocol", "peer", f.Peer, "signed", f.Signed, "reason", f.Reason)
			if f.Signed { // else it may be anybody in its name
				r.flood.Penalize(f.Peer)
			}
		}
	}
}

// send sends a message to one peer, if it is connected.
func (r *Reference) send(ctx context.Context, f pyengine.Send) {
	p, ok := r.peers.Lookup(f.Peer)
	if !ok {
		return
	}
	r.jobs.Go(func() {
		if err := r.flood.Send(ctx, gossipPeer(p), f.Message); err != nil && ctx.Err() == nil {
			r.log.Debug("message not sent", "type", f.Message.Type, "peer", f.Peer, "err", err)
		}
	})
}

// committed is called by the event loop after blocks were stored.
func (r *Reference) committed(c pyengine.Commit) {
	tip := c.Blocks[len(c.Blocks)-1]
	r.log.Info("block", "height", tip.Header.Index, "hash", tip.Hash, "generator", tip.Header.GeneratorID, "own", c.Own,
		"transactions", len(tip.Transactions), "sum", tip.Header.WeightedPerformanceSum, "dropped", len(c.Dropped))
	r.metrics.blocks.Add(float64(len(c.Blocks)))
	r.stored.add(c.Ancestor)
}

// evaluate runs a training in the worker and tells the engine how it ended.
func (r *Reference) evaluate(ctx context.Context, ev pyengine.Evaluate) {
	r.jobs.Go(func() {
		job := worker.Job{Domain: ev.Domain, Parameters: ev.Parameters, Seed: ev.Seed}
		if ev.Synthetic != nil {
			job.Synthetic = &worker.SyntheticJob{Seed: *ev.Synthetic}
		}
		var o worker.Outcome
		err := r.checkResources(ev)
		if err == nil {
			o, err = r.worker.evaluate(ctx, job)
		}
		if ctx.Err() != nil {
			return
		}
		out := pyengine.Outcome{Performance: o.Performance, Metrics: o.Metrics, SyntheticHash: o.SyntheticDataHash}
		if ev.Synthetic != nil {
			p := -o.SyntheticScore // scores are errors
			out.Synthetic = &p
		}
		r.chain.deliver(ctx, pyengine.Evaluated{Job: ev.Job, Outcome: out, Err: refVerdict(err)})
	})
}

// checkResources is checkLimits without the bounds, which the reference only notes.
func (r *Reference) checkResources(ev pyengine.Evaluate) error {
	for _, d := range r.cfg.Domains {
		if d.ID == ev.Domain {
			d.Bounds = nil
			return checkLimits(&d, ev.Parameters)
		}
	}
	return nil
}

// refVerdict translates the worker's errors.
func refVerdict(err error) error {
	switch v := verdict(err); {
	case errors.Is(v, engine.ErrAbstain):
		return fmt.Errorf("%w: %v", pyengine.ErrAbstain, err)
	case errors.Is(v, engine.ErrInvalid):
		return fmt.Errorf("%w: %v", pyengine.ErrInvalid, err)
	}
	return err
}
