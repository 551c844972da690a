package loop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/state"
	"doin.network/node/chain/store"
	"doin.network/node/chain/task"
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

func (d *disk) AppendAll(ctx context.Context, entries []store.Entry) (int, error) {
	for i, e := range entries {
		if err := errors.Join(ctx.Err(), d.write(fmt.Sprint("append ", e.Block.Header.Index))); err != nil {
			return i, err
		}
	}
	return len(entries), nil
}

func (d *disk) Keep(ctx context.Context, p store.Promise) error {
	return errors.Join(ctx.Err(), d.write(fmt.Sprintf("keep %d blocks, %d final, %d notes", len(p.Blocks), len(p.Final), len(p.Notes))))
}

func (d *disk) KeepTree(ctx context.Context, block, _ state.ID, _, _ *state.Tree, notes []store.Note) error {
	return errors.Join(ctx.Err(), d.write(fmt.Sprintf("state of %x with %d notes", block[:1], len(notes))))
}

func (d *disk) Replace(ctx context.Context, ancestor int64, branch []store.Entry) error {
	return errors.Join(ctx.Err(), d.write(fmt.Sprintf("replace %d by %d", ancestor, len(branch))))
}

// machine is a chain machine that answers every event with the same effects and counts its pictures.
type machine struct {
	out   []protocol.Effect
	views int
}

func (m *machine) Step(int64, protocol.Event) []protocol.Effect { return m.out }
func (m *machine) View() int                                    { m.views++; return m.views }
func (m *machine) Tasks([]string, int) []task.Task              { return nil }
func (m *machine) Task(string) (task.Task, bool)                { return task.Task{}, false }

// newTestLoop returns a loop whose effects are noted in the disk's journal.
func newTestLoop(d *disk) *Loop[int] {
	l := New(&machine{}, Config{Store: d, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	l.Join(func(_ context.Context, f protocol.Effect) {
		switch f := f.(type) {
		case protocol.Broadcast:
			d.note("broadcast %s", f.Message.Type)
		case protocol.Commit:
			d.note("committed above %d", f.Ancestor)
		default:
			d.note("%T", f)
		}
	}, nil, nil)
	return l
}

// blocks are n blocks from 1 on.
func blocks(n int) (out []protocol.Entry) {
	for i := range n {
		out = append(out, protocol.Entry{Block: &chain.Block{Header: chain.Header{Index: int64(i + 1)}}})
	}
	return out
}

// effectsOf are what a step may answer when blocks were adopted; the Broadcast comes first to show that it waits.
func effectsOf(c protocol.Commit) []protocol.Effect {
	return []protocol.Effect{protocol.Broadcast{Message: &chain.Message{Type: chain.MsgBlockAnnouncement}}, c}
}

func TestPersistBeforeAnybodyHears(t *testing.T) {
	d := &disk{}
	lp := newTestLoop(d)
	if err := lp.carryOut(t.Context(), protocol.Tick{}, effectsOf(protocol.Commit{Entries: blocks(2)})); err != nil {
		t.Fatal(err)
	}
	if err := lp.carryOut(t.Context(), protocol.Tick{}, effectsOf(protocol.Commit{Entries: blocks(2), Dropped: []*chain.Block{blocks(1)[0].Block}})); err != nil {
		t.Fatal(err)
	}
	want := []string{"append 1", "append 2", "broadcast block_announcement", "committed above 0",
		"replace 0 by 2", "broadcast block_announcement", "committed above 0"}
	if !slices.Equal(d.journal, want) {
		t.Errorf("journal = %q, want %q", d.journal, want)
	}
}

// What a machine has promised is on the disk before the blocks of readers are, and before anybody hears.
func TestPromiseFirst(t *testing.T) {
	d := &disk{}
	out := append(effectsOf(protocol.Commit{Entries: blocks(1)}),
		protocol.Persist{Blocks: []protocol.Certified{{Height: 3}}, Final: []protocol.Certified{{Height: 1}, {Height: 2}}, Notes: []protocol.Note{{Name: "lock"}},
			State: &protocol.Snapshot{Block: [32]byte{7}, Notes: []protocol.Note{{Name: "snapshot"}}}})
	if err := newTestLoop(d).carryOut(t.Context(), protocol.Tick{}, out); err != nil {
		t.Fatal(err)
	}
	want := []string{"keep 1 blocks, 2 final, 1 notes", "state of 07 with 1 notes", "append 1", "broadcast block_announcement", "committed above 0", "protocol.Persist"}
	if !slices.Equal(d.journal, want) {
		t.Errorf("journal = %q, want %q", d.journal, want)
	}
}

func TestDiskFullIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{fails: 3, err: fmt.Errorf("wrapped: %w", store.ErrDiskFull)}
		begun := time.Now()
		if err := newTestLoop(d).carryOut(t.Context(), protocol.Tick{}, effectsOf(protocol.Commit{Entries: blocks(1)})); err != nil {
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
	synctest.Test(t, func(t *testing.T) {
		d := &disk{fails: -1, err: store.ErrDiskFull}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := newTestLoop(d).carryOut(ctx, protocol.Tick{}, effectsOf(protocol.Commit{Entries: blocks(1)}))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("carryOut = %v, want the context's end", err)
		}
		if len(d.journal) != 0 {
			t.Errorf("journal = %q, want nothing", d.journal)
		}
	})
}

func TestBrokenDiskEndsTheLoop(t *testing.T) {
	d := &disk{fails: 1, err: errors.New("input/output error")}
	err := newTestLoop(d).carryOut(t.Context(), protocol.Tick{}, effectsOf(protocol.Commit{Entries: blocks(1)}))
	if want := "store block 1: input/output error"; err == nil || err.Error() != want {
		t.Errorf("carryOut = %v, want %q", err, want)
	}
	if len(d.journal) != 0 {
		t.Errorf("journal = %q, want nothing", d.journal)
	}
}

func TestLoopBusy(t *testing.T) {
	lp := newTestLoop(&disk{})
	for range cap(lp.requests) {
		if err := lp.Post(protocol.Tick{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := lp.Post(protocol.Tick{}); !errors.Is(err, ErrBusy) {
		t.Errorf("post to a full loop = %v, want ErrBusy", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lp.Call(ctx, protocol.Tick{}); !errors.Is(err, context.Canceled) {
		t.Errorf("call of a full loop = %v, want the context's end", err)
	}
	lp.Deliver(ctx, protocol.Tick{}) // returns
}

func TestLoopStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lp := newTestLoop(&disk{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- lp.Run(ctx) }()

		var found int64 = -1
		if err := lp.Ask(t.Context(), func(tasks Tasks) { found = int64(len(tasks.Tasks(nil, 1))) }); err != nil || found != 0 {
			t.Errorf("ask = %v, %d tasks, want none", err, found)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run = %v", err)
		}
		// Whoever comes too late is told so and does not wait.
		for range cap(lp.requests) + 1 {
			lp.Deliver(t.Context(), protocol.Tick{})
			if _, err := lp.Call(t.Context(), protocol.Tick{}); !errors.Is(err, context.Canceled) {
				t.Fatalf("call after the end = %v, want context.Canceled", err)
			}
		}
	})
}

// Who is told of a step sees the state after it, and a flood of messages that change nothing makes no pictures.
func TestView(t *testing.T) {
	m := &machine{}
	l := New(m, Config{Store: &disk{}, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	before, seen := l.View(), 0
	l.Join(func(context.Context, protocol.Effect) { seen = l.View() }, nil, nil)
	message := protocol.Received{Message: &chain.Message{}}
	step := func(ev protocol.Event, out ...protocol.Effect) {
		t.Helper()
		if err := l.carryOut(t.Context(), ev, out); err != nil {
			t.Fatal(err)
		}
	}
	step(message, protocol.Claim{})
	if seen == before || seen != l.View() {
		t.Error("the effect was carried out before its view could be seen")
	}
	for range 100 {
		step(message)
		step(message, protocol.Notice{Debug: true}, protocol.Penalize{})
	}
	if l.View() != seen {
		t.Errorf("%d pictures for a flood, want none", l.View()-seen)
	}
	step(protocol.Tick{})
	if l.View() == seen {
		t.Error("a tick does not show what the messages changed")
	}
}
