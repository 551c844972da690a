package stack

import (
	"context"
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/olap"
)

// fakeLoop answers every event with the same effects.
type fakeLoop struct {
	Loop
	out  []protocol.Effect
	last protocol.Event
}

func (l *fakeLoop) Call(_ context.Context, ev protocol.Event) ([]protocol.Effect, error) {
	l.last = ev
	return l.out, nil
}

func (l *fakeLoop) Ask(context.Context, func(loop.Tasks)) error { return nil }

// TestChampions follows inferences from the client to the answer: each handle is answered once, and waiting is bounded.
func TestChampions(t *testing.T) {
	l := &fakeLoop{out: []protocol.Effect{protocol.Inference{TaskID: "t", OptimaeID: "o", Verified: true, Solo: true}}}
	s := &Stack{profile: Profile{Loop: l}, asked: newInferences()}
	ask := func() (func(context.Context) (*api.Forecast, error), error) {
		_, wait, err := Champions{s}.Infer(t.Context(), api.InferenceRequest{Domain: "d"})
		return wait, err
	}
	wait, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	handle := l.last.(protocol.Infer).Wanted
	s.asked.answer(handle, inferenceAnswer{result: canon.NewObject("forecast", 1.5)})
	s.asked.answer(handle, inferenceAnswer{err: errors.New("twice")}) // nobody waits any more
	if f, err := wait(t.Context()); err != nil || !f.Verified || !f.Solo || f.OptimaeID != "o" || f.Result.Len() != 1 {
		t.Errorf("forecast %+v, %v", f, err)
	}
	for range maxWaiting {
		if wait, err = ask(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ask(); !errors.Is(err, api.ErrBusy) {
		t.Errorf("one more than may wait: %v, want ErrBusy", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that goes: %v", err)
	}
	if _, err := ask(); err != nil {
		t.Errorf("after a client has gone: %v", err)
	}
	s.asked, l.out = newInferences(), []protocol.Effect{protocol.SubmitResult{Err: protocol.ErrNoChampion}}
	if _, err := ask(); !errors.Is(err, api.ErrBusy) || len(s.asked.waiting) != 0 {
		t.Errorf("without a champion: %v, %d wait", err, len(s.asked.waiting))
	}
}

// TestEarnings takes back what a reorganisation undoes.
func TestEarnings(t *testing.T) {
	block := func(height, earned int64) protocol.Entry {
		return protocol.Entry{Block: &chain.Block{Header: chain.Header{Index: height}}, Earned: earned}
	}
	e := newEarnings()
	e.add(protocol.Commit{Ancestor: 0, Entries: []protocol.Entry{block(1, 5), block(2, 7)}}, 10)
	e.add(protocol.Commit{Ancestor: 1, Entries: []protocol.Entry{block(2, 0), block(3, 1)}}, 10)
	if got := []int64{e.take(), e.take()}; got[0] != 6 || got[1] != 0 {
		t.Errorf("earned %v, want 6 and then nothing", got)
	}
	e.add(protocol.Commit{Ancestor: 0, Entries: []protocol.Entry{block(1, 0)}}, 10)
	if got := e.take(); got != -6 {
		t.Errorf("earned %d after all of it was undone, want -6", got)
	}
	for h := range int64(100) {
		e.add(protocol.Commit{Ancestor: h, Entries: []protocol.Entry{block(h+1, 1)}}, 10)
	}
	if len(e.at) > 12 {
		t.Errorf("%d heights are remembered, want about 10", len(e.at))
	}
}

// TestTaskErrors: what the machine says of a task is what the API answers.
func TestTaskErrors(t *testing.T) {
	l := &fakeLoop{out: []protocol.Effect{protocol.TaskResult{Err: protocol.ErrUnknownDomain}}}
	tasks := Tasks{&Stack{profile: Profile{Loop: l}}}
	if _, err := tasks.Claim(t.Context(), "t", "e"); !errors.Is(err, api.ErrUnknownDomain) {
		t.Errorf("Claim = %v, want ErrUnknownDomain", err)
	}
	l.out = nil
	if _, err := tasks.Do(t.Context(), protocol.ClaimTask{}); err == nil {
		t.Error("an event that was not answered is no error")
	}
}

// TestRecordsObject: what /status says of the rows, and that it says nothing of where they are kept.
func TestRecordsObject(t *testing.T) {
	st := olap.Stats{Accepted: 5, Dropped: 2, SpoolBytes: 100, Sinks: []olap.SinkStats{
		{Name: "csv", Delivered: 5}, {Name: "sqlite", Delivered: 2, Pending: 3, Rejected: 1, Lost: 4, LastError: "open /secret: no"}}}
	got := string(canon.Default(recordsObject(st)))
	want := `{"accepted": 5, "dropped": 2, "spool_bytes": 100, "sinks": {"csv": {"pending": 0, "rejected": 0, "lost": 0}, ` +
		`"sqlite": {"pending": 3, "rejected": 1, "lost": 4}}}`
	if got != want {
		t.Errorf("recordsObject(%+v) = %s, want %s", st, got, want)
	}
}
