package olap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a sink in memory that does what write says.
type memory struct {
	name  string
	write func(ctx context.Context, n int) error // nil: works; n counts the calls, from 1

	mu     sync.Mutex
	calls  int
	rows   []Row
	closed bool
}

func (m *memory) Name() string { return m.name }

func (m *memory) Write(ctx context.Context, rows []Row) error {
	m.mu.Lock()
	m.calls++
	n := m.calls
	m.mu.Unlock()
	if m.write != nil {
		if err := m.write(ctx, n); err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.rows = append(m.rows, rows...)
	m.mu.Unlock()
	return nil
}

func (m *memory) Close() error { m.closed = true; return nil }

// ids returns the domains written, in order; the tests use domain rows as tokens.
func (m *memory) ids() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for _, r := range m.rows {
		ids = append(ids, r.Domain.ID)
	}
	return ids
}

func token(i int) Row { return Row{Domain: &Domain{ID: fmt.Sprint("d", i)}} }

func tokens(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint("d", i))
	}
	return ids
}

func mustRecorder(t *testing.T, dir string, sinks ...Sink) *Recorder {
	t.Helper()
	r, err := Open(DefaultConfig(dir), sinks...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// start runs r and returns what stops it and waits.
func start(t *testing.T, r *Recorder) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() error { cancel(); return <-done }
}

func TestRecorderDeliversAndResumes(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { deliverAndResume(t, dir) })
}

func deliverAndResume(t *testing.T, dir string) {
	a, b := &memory{name: "a"}, &memory{name: "b", write: func(context.Context, int) error { return errors.New("down") }}
	r := mustRecorder(t, dir, a, b)
	stop := start(t, r)
	for i := range 5 {
		if err := r.Record(token(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := stop(); !errors.Is(err, ErrPending) || !strings.Contains(err.Error(), "b (5 rows)") || strings.Contains(err.Error(), "a (") {
		t.Errorf("Run = %v, want ErrPending for b", err)
	}
	s := r.Stats()
	if s.Accepted != 5 || s.Sinks[0].Delivered != 5 || s.Sinks[1].Pending != 5 || s.Sinks[1].Retries == 0 || s.Sinks[1].LastError != "down" {
		t.Errorf("Stats = %+v", s)
	}
	if err := r.Close(); err != nil || !a.closed || !b.closed {
		t.Errorf("Close = %v, sinks closed: %v %v", err, a.closed, b.closed)
	}
	if err := r.Record(token(9)); !errors.Is(err, ErrClosed) {
		t.Errorf("Record after Close = %v", err)
	}

	a2, b2, c2 := &memory{name: "a"}, &memory{name: "b"}, &memory{name: "c"}
	r = mustRecorder(t, dir, a2, b2, c2)
	if s := r.Stats(); s.Sinks[0].Pending != 0 || s.Sinks[1].Pending != 5 || s.Sinks[2].Pending != 5 {
		t.Errorf("Stats after reopening = %+v", s)
	}
	stop = start(t, r)
	if err := r.Record(token(5), token(6)); err != nil {
		t.Fatal(err)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
	if got := append(a.ids(), a2.ids()...); !slices.Equal(got, tokens(7)) {
		t.Errorf("a has %q", got)
	}
	for _, m := range []*memory{b2, c2} {
		if got := m.ids(); !slices.Equal(got, tokens(7)) {
			t.Errorf("%s has %q", m.name, got)
		}
	}
	for i, row := range b2.rows {
		if row.Spool == "" || i > 0 && row.Seq <= b2.rows[i-1].Seq {
			t.Errorf("row %d is at %q %d", i, row.Spool, row.Seq)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestSlowSinkDoesNotSlowRecord: with a sink that hangs for an hour, recording takes no (virtual)
// time, the other sink keeps up, and the slow one catches up in the end.
func TestSlowSinkDoesNotSlowRecord(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		slow := &memory{name: "slow", write: func(ctx context.Context, n int) error {
			select {
			case <-time.After(time.Hour):
			case <-ctx.Done():
			}
			return ctx.Err()
		}}
		quick := &memory{name: "quick"}
		r := mustRecorder(t, dir, slow, quick)
		stop := start(t, r)
		begin := time.Now()
		for i := range 600 {
			if err := r.Record(token(i)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if took := time.Since(begin); took != 0 {
			t.Errorf("recording took %v", took)
		}
		if got := quick.ids(); !slices.Equal(got, tokens(600)) {
			t.Errorf("the quick sink has %d rows", len(got))
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := slow.ids(); !slices.Equal(got, tokens(600)) {
			t.Errorf("the slow sink has %d rows", len(got))
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestBackoffAndFlushDeadline(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		sink := &memory{name: "s"}
		sink.write = func(_ context.Context, n int) error {
			at = append(at, time.Since(begin))
			if n <= 4 {
				return errors.New("not yet")
			}
			if n == 5 {
				panic("bug")
			}
			return nil
		}
		r := mustRecorder(t, dir, sink)
		stop := start(t, r)
		if err := r.Record(token(0)); err != nil {
			t.Fatal(err)
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 200, 600, 1400, 3000, 6200}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !slices.Equal(at, want) {
			t.Errorf("tried at %v, want %v", at, want)
		}
		hang := make(chan struct{})
		sink.write = func(context.Context, int) error { <-hang; return nil } // ignores its context
		if err := r.Record(token(1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begin = time.Now()
		if err := stop(); !errors.Is(err, ErrPending) {
			t.Errorf("Run = %v, want ErrPending", err)
		}
		if took := time.Since(begin); took != 4*time.Second {
			t.Errorf("Run returned after %v, want twice FlushTimeout", took)
		}
		if err := r.Close(); err != nil || sink.closed {
			t.Errorf("Close = %v; busy sink closed: %v", err, sink.closed)
		}
		close(hang)
	})
}

func TestRejectedRowIsDroppedAlone(t *testing.T) {
	poison := &poisonSink{memory: memory{name: "p"}, bad: "d3"}
	r := mustRecorder(t, t.TempDir(), poison)
	for i := range 7 {
		if err := r.Record(token(i)); err != nil {
			t.Fatal(err)
		}
	}
	stop := start(t, r)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := poison.ids(); !slices.Equal(got, []string{"d0", "d1", "d2", "d4", "d5", "d6"}) {
		t.Errorf("written: %q", got)
	}
	if s := r.Stats().Sinks[0]; s.Rejected != 1 || s.Delivered != 6 || s.Pending != 0 {
		t.Errorf("Stats = %+v", s)
	}
	r.Close()
}

type poisonSink struct {
	memory
	bad string
}

func (p *poisonSink) Write(ctx context.Context, rows []Row) error {
	for _, r := range rows {
		if r.Domain.ID == p.bad {
			return fmt.Errorf("%w: %s", ErrReject, p.bad)
		}
	}
	return p.memory.Write(ctx, rows)
}

func TestRecordRefuses(t *testing.T) {
	sink := &memory{name: "s"}
	cfg := DefaultConfig(t.TempDir())
	cfg.MaxBytes = 16 << 20
	r, err := Open(cfg, sink)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, row := range []Row{
		{},
		{Domain: &Domain{ID: "d"}, Rollback: &Rollback{}},
		{Round: &Round{ID: "r", Number: 1}},
		{Rollback: &Rollback{Height: -2}},
		{Optimae: &ChainOptimae{}},
	} {
		if err := r.Record(token(0), row); !errors.Is(err, ErrInvalidRow) {
			t.Errorf("Record(%+v) = %v, want ErrInvalidRow", row, err)
		}
	}
	big := Row{Domain: &Domain{ID: "d", Description: strings.Repeat("x", 1<<20)}}
	refused := 0
	for range 20 {
		if err := r.Record(big); errors.Is(err, ErrSpoolFull) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	s := r.Stats()
	if refused == 0 || s.Dropped != uint64(refused) || s.Accepted != uint64(20-refused) || s.Sinks[0].Pending != int64(20-refused) {
		t.Errorf("%d refused, Stats = %+v", refused, s)
	}
	stop := start(t, r)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Record(big); err != nil {
		t.Errorf("Record after the sink caught up = %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := Open(cfg, &memory{name: "x"}, &memory{name: "x"}); err == nil {
		t.Error("Open took two sinks of one name")
	}
	if _, err := Open(Config{}); err == nil {
		t.Error("Open took an empty Config")
	}
}

func BenchmarkRecord(b *testing.B) {
	r, err := Open(DefaultConfig(b.TempDir()), &memory{name: "s"})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	tracker := NewTracker(Node{ID: "n"}, nil)
	if _, err := tracker.Start(Setup{DomainID: "d"}, epoch); err != nil {
		b.Fatal(err)
	}
	rows, err := tracker.Record("d", Observation{}, epoch)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := r.Record(rows...); err != nil && !errors.Is(err, ErrSpoolFull) {
			b.Fatal(err)
		}
	}
}
