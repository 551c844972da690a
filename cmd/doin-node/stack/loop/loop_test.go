package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/store"
)

// disk is a chain on a disk that fails as often as it is told, and a journal of what happened in which order.
type disk struct {
	mu      sync.Mutex
	fails   int
	err     error
	journal []string
}

func (d *disk) note(format string, a ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.journal = append(d.journal, fmt.Sprintf(format, a...))
}

func (d *disk) write(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != 0 {
		d.fails--
		return d.err
	}
	d.journal = append(d.journal, what)
	return nil
}

func (d *disk) Append(ctx context.Context, e store.Entry) error {
	return errors.Join(ctx.Err(), d.write(fmt.Sprint("append ", e.Block.Header.Index)))
}

func (d *disk) Replace(ctx context.Context, ancestor int64, branch []store.Entry) error {
	return errors.Join(ctx.Err(), d.write(fmt.Sprintf("replace %d by %d", ancestor, len(branch))))
}

// newTestLoop returns the loop of the first of three evaluators, whose effects are noted in the disk's journal.
func newTestLoop(l *network, d *disk) *loop {
	lp := newLoop(l.engine(nil), d, discard, l.clock)
	lp.effects = effects{
		broadcast: func(m *chain.Message) error { d.note("broadcast %s", m.Type); return nil },
		evaluate:  func(context.Context, engine.Evaluate) { d.note("evaluate") },
		committed: func(c engine.Commit) { d.note("committed above %d", c.Ancestor) },
		roundDone: func(engine.RoundDone) { d.note("round done") },
	}
	return lp
}

// effectsOf are what a step may answer when blocks were adopted; the Broadcast comes first to show that it waits.
func effectsOf(c engine.Commit) []engine.Effect {
	return []engine.Effect{engine.Broadcast{Message: &chain.Message{Type: chain.MsgBlockAnnouncement}}, c}
}

func TestPersistBeforeAnybodyHears(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(2)
	d := &disk{}
	lp := newTestLoop(l, d)
	if err := lp.carryOut(t.Context(), effectsOf(engine.Commit{Entries: l.blocks})); err != nil {
		t.Fatal(err)
	}
	if err := lp.carryOut(t.Context(), effectsOf(engine.Commit{Entries: l.blocks, Dropped: []*chain.Block{l.blocks[0].Block}})); err != nil {
		t.Fatal(err)
	}
	want := []string{"append 1", "append 2", "broadcast block_announcement", "committed above 0",
		"replace 0 by 2", "broadcast block_announcement", "committed above 0"}
	if !slices.Equal(d.journal, want) {
		t.Errorf("journal = %q, want %q", d.journal, want)
	}
}

func TestDiskFullIsWaitedOut(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(1)
	synctest.Test(t, func(t *testing.T) {
		d := &disk{fails: 3, err: fmt.Errorf("wrapped: %w", store.ErrDiskFull)}
		begun := time.Now()
		if err := newTestLoop(l, d).carryOut(t.Context(), effectsOf(engine.Commit{Entries: l.blocks})); err != nil {
			t.Fatal(err)
		}
		if took, want := time.Since(begun), (1+2+4)*time.Second; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		if want := []string{"append 1", "broadcast block_announcement", "committed above 0"}; !slices.Equal(d.journal, want) {
			t.Errorf("journal = %q, want %q", d.journal, want)
		}
	})
}

// A node that stops while its disk is full must not have told anybody of the block.
func TestStopWhileDiskIsFull(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(1)
	synctest.Test(t, func(t *testing.T) {
		d := &disk{fails: -1, err: store.ErrDiskFull}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := newTestLoop(l, d).carryOut(ctx, effectsOf(engine.Commit{Entries: l.blocks}))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("carryOut = %v, want the context's end", err)
		}
		if len(d.journal) != 0 {
			t.Errorf("journal = %q, want nothing", d.journal)
		}
	})
}

func TestBrokenDiskEndsTheLoop(t *testing.T) {
	l := newNetwork(t, "")
	l.extend(1)
	d := &disk{fails: 1, err: errors.New("input/output error")}
	err := newTestLoop(l, d).carryOut(t.Context(), effectsOf(engine.Commit{Entries: l.blocks}))
	if want := "store block 1: input/output error"; err == nil || err.Error() != want {
		t.Errorf("carryOut = %v, want %q", err, want)
	}
	if len(d.journal) != 0 {
		t.Errorf("journal = %q, want nothing", d.journal)
	}
}

func TestLoopBusy(t *testing.T) {
	lp := newTestLoop(newNetwork(t, ""), &disk{})
	for range cap(lp.requests) {
		if err := lp.post(engine.Tick{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := lp.post(engine.Tick{}); !errors.Is(err, errBusy) {
		t.Errorf("post to a full loop = %v, want errBusy", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lp.call(ctx, engine.Tick{}); !errors.Is(err, context.Canceled) {
		t.Errorf("call of a full loop = %v, want the context's end", err)
	}
	lp.deliver(ctx, engine.Tick{}) // returns
}

func TestLoopStop(t *testing.T) {
	l := newNetwork(t, "")
	synctest.Test(t, func(t *testing.T) {
		lp := newTestLoop(l, &disk{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- lp.run(ctx) }()

		var height int64 = -1
		if err := lp.ask(t.Context(), func(e *engine.Engine) { height = e.View().State.Height }); err != nil || height != 0 {
			t.Errorf("ask = %v, height %d, want 0", err, height)
		}
		if err := lp.submit(t.Context(), engine.ClaimTask{TaskID: "none", EvaluatorID: "nobody"}); err == nil {
			t.Error("a task that does not exist was claimed")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run = %v", err)
		}
		// Whoever comes too late is told so and does not wait.
		for range cap(lp.requests) + 1 {
			lp.deliver(t.Context(), engine.Tick{})
			if _, err := lp.call(t.Context(), engine.Tick{}); !errors.Is(err, context.Canceled) {
				t.Fatalf("call after the end = %v, want context.Canceled", err)
			}
		}
	})
}

// A search that is told of its round's end sees the state after it.
func TestViewBeforeRoundDone(t *testing.T) {
	l := newNetwork(t, "")
	lp := newTestLoop(l, &disk{})
	before := lp.view.Load()
	var seen *engine.View
	lp.effects.roundDone = func(engine.RoundDone) { seen = lp.view.Load() }
	if err := lp.carryOut(t.Context(), []engine.Effect{engine.RoundDone{Domain: domain}}); err != nil {
		t.Fatal(err)
	}
	if seen == nil || seen == before {
		t.Error("the round ended before its view could be seen")
	}
}
