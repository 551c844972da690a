package worker

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// peer is the parent's end of a Serve in this process.
type peer struct {
	t      *testing.T
	mem    *memory.CheckedAllocator
	domain *fakeDomain
	in     *io.PipeWriter
	out    *io.PipeReader
	done   chan error
	next   uint64
}

func serveHere(t *testing.T, workers int) *peer { return serveShare(t, workers, 0) }

// serveShare is serveHere where evaluations may take a share of the slots' time; 0: the default.
func serveShare(t *testing.T, workers int, share float64) *peer {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	p := &peer{t: t, in: inW, out: outR, done: make(chan error, 1),
		mem:    memory.NewCheckedAllocator(memory.DefaultAllocator),
		domain: &fakeDomain{started: make(chan string, 100), release: make(chan string)}}
	o := fakeOptions(workers)
	o.Allocator, o.Share = p.mem, share
	o.NewDomain = func(string, *canon.Object) (domain.Domain, error) { return p.domain, nil }
	go func() {
		err := Serve(context.Background(), inR, outW, o)
		outW.Close()
		p.done <- err
	}()
	t.Cleanup(func() {
		inW.Close()
		go func() { _, _ = io.Copy(io.Discard, outR) }()
		select {
		case <-p.done:
		case <-time.After(20 * time.Second):
			t.Error("Serve() did not return")
		}
		p.mem.AssertSize(t, 0)
	})
	p.reply(p.send(VerbConfigure, canon.NewObject("domain", "d", "plugin", "fake", "config", canon.NewObject()), nil))
	return p
}

func (p *peer) write(f Frame) {
	p.t.Helper()
	if err := WriteFrame(p.in, &f); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) send(v Verb, data *canon.Object, body []byte) uint64 {
	p.t.Helper()
	p.next++
	p.write(Frame{ID: p.next, Verb: v, Kind: KindRequest, Data: data, Body: body})
	return p.next
}

func (p *peer) receive() Frame {
	p.t.Helper()
	f, err := ReadFrame(p.out, 1<<20)
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// reply takes the next frame, which must be the reply to id.
func (p *peer) reply(id uint64) Frame {
	p.t.Helper()
	f := p.receive()
	if f.ID != id || f.Kind != KindReply {
		p.t.Fatalf("got %s of %d with %v, want the reply to %d", f.Kind, f.ID, f.Data, id)
	}
	return f
}

// fails takes the next frame, which must be an error of the code given.
func (p *peer) fails(id uint64, code string) {
	p.t.Helper()
	f := p.receive()
	if got, _ := f.Data.String("code"); f.ID != id || f.Kind != KindError || got != code {
		p.t.Errorf("got %s of %d with %v, want error %q of %d", f.Kind, f.ID, f.Data, code, id)
	}
}

func (p *peer) evaluate(do ...string) uint64 {
	p.t.Helper()
	var jobs []Job
	for _, d := range do {
		jobs = append(jobs, Job{Parameters: x(1, d), Seeds: []uint64{uint64(len(jobs))}})
	}
	body, err := EncodeJobs(p.mem, table.Arrow, jobs)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.send(VerbEvaluate, canon.NewObject("domain", "d"), body)
}

func (p *peer) optimize(do string) uint64 {
	p.t.Helper()
	return p.send(VerbOptimize, canon.NewObject("domain", "d", "seed", 1, "settings", canon.NewObject("do", do)), nil)
}

// waiting returns when so many evaluations wait for a slot.
func (p *peer) waiting(n int64) {
	p.t.Helper()
	for {
		if got, _ := p.reply(p.send(VerbTelemetry, nil, nil)).Data.Int("evaluations_waiting"); got == n {
			return
		}
	}
}

func TestEvaluationsGoBeforeTheSearch(t *testing.T) {
	p := serveShare(t, 1, 1) // however long the first job takes, the second has not had its share
	search := p.optimize("wait:search")
	if got := <-p.domain.started; got != "search" {
		t.Fatalf("first training: %q", got)
	}
	// While the search's first training runs, two jobs arrive; its second waits already.
	jobs := p.evaluate("wait:job 1", "wait:job 2")
	p.waiting(2)
	p.domain.release <- ""
	for i, want := range []string{"job", "job", "search", "search", "search"} {
		got, _, _ := strings.Cut(<-p.domain.started, " ")
		if got != want {
			t.Fatalf("training %d is the %s's, want the %s's", i+2, got, want)
		}
		p.domain.release <- ""
		if i == 1 {
			p.reply(jobs)
		}
	}
	if f := p.receive(); f.ID != search || f.Kind != KindRecord {
		t.Errorf("got %s of %d, want the search's record", f.Kind, f.ID)
	}
	p.write(Frame{ID: search, Kind: KindCancel})
	p.reply(search)
}

func TestNoGenerationWithoutCredit(t *testing.T) {
	p := serveHere(t, 2)
	search := p.optimize("")
	if f := p.receive(); f.Kind != KindRecord {
		t.Fatalf("kind %s", f.Kind)
	}
	before, _ := p.reply(p.send(VerbTelemetry, nil, nil)).Data.Int("trainings")
	p.write(Frame{ID: search, Verb: VerbOptimize, Kind: KindCredit})
	if f := p.receive(); f.Kind != KindRecord {
		t.Fatalf("kind %s", f.Kind)
	}
	after, _ := p.reply(p.send(VerbTelemetry, nil, nil)).Data.Int("trainings")
	if before != 8 || after != 16 {
		t.Errorf("%d trainings before the credit, %d after, want 8 and 16", before, after)
	}
}

func TestBadRequests(t *testing.T) {
	p := serveHere(t, 1)
	p.fails(p.send("dance", nil, nil), "bad_request")
	p.fails(p.send(VerbEvaluate, nil, nil), "bad_request")
	p.fails(p.send(VerbEvaluate, canon.NewObject("domain", "e"), nil), "unknown_domain")
	p.fails(p.send(VerbEvaluate, canon.NewObject("domain", "d"), []byte("junk")), "bad_request")
	p.fails(p.send(VerbConfigure, canon.NewObject("domain", "", "plugin", "p", "config", canon.NewObject()), nil), "bad_request")
	p.fails(p.send(VerbInfer, canon.NewObject("domain", "d", "parameters", x(1, ""), "seed", -1, "input", canon.NewObject()), nil), "bad_request")
	p.fails(p.send(VerbInfer, canon.NewObject("domain", "d", "parameters", x(1, ""), "seed", 1, "input", canon.NewObject()), nil), "refused")
	p.fails(p.send(VerbGenerate, canon.NewObject("domain", "d", "seed", 1<<32), nil), "bad_request")
	p.fails(p.send(VerbOptimize, canon.NewObject("domain", "d", "seed", 1.5, "settings", canon.NewObject()), nil), "bad_request")
	p.fails(p.send(VerbOptimize, canon.NewObject("domain", "d", "seed", 1, "settings", canon.NewObject(), "immigrants", []any{1}), nil), "bad_request")
	p.write(Frame{ID: 0, Verb: VerbDescribe, Kind: KindRequest})
	p.fails(0, "bad_request")
	p.write(Frame{ID: 99, Verb: VerbDescribe, Kind: KindReply})
	p.fails(99, "bad_request")
	p.write(Frame{ID: 99, Kind: KindCancel}) // not open: ignored
	p.write(Frame{ID: 99, Kind: KindCredit})
	id := p.evaluate("wait:job")
	<-p.domain.started
	p.write(Frame{ID: id, Verb: VerbDescribe, Kind: KindRequest})
	p.fails(id, "bad_request")
	p.write(Frame{ID: id, Kind: KindCancel})
	p.fails(id, "cancelled")
	p.reply(p.send(VerbDescribe, nil, nil))
}

func TestPanicEndsOneJob(t *testing.T) {
	p := serveHere(t, 1)
	f := p.reply(p.evaluate("panic", ""))
	r, err := DecodeResults(p.mem, make([]Job, 2), f.Body, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(r[0].Err, ErrInternal) || r[1].Err != nil {
		t.Errorf("results %v, %v", r[0].Err, r[1].Err)
	}
}

func TestShutdownCancelsWhatIsOpen(t *testing.T) {
	p := serveHere(t, 1)
	p.evaluate("wait:job")
	<-p.domain.started
	id := p.send(VerbShutdown, nil, nil)
	p.reply(id)
	go func() { _, _ = io.Copy(io.Discard, p.out) }()
	err := <-p.done
	p.done <- err
	if err != nil {
		t.Errorf("Serve() = %v", err)
	}
}

func TestSameResultsWithAnyNumberOfWorkers(t *testing.T) {
	var first []Frame
	for _, workers := range []int{1, 2, 7} {
		p := serveHere(t, workers)
		frames := []Frame{p.reply(p.evaluate("", "", "", "", "", "", "", ""))}
		search := p.optimize("")
		for range 4 {
			frames = append(frames, p.receive())
			p.write(Frame{ID: search, Kind: KindCredit})
		}
		if first == nil {
			first = frames
			continue
		}
		for i := range frames {
			if string(frames[i].Body) != string(first[i].Body) {
				t.Errorf("%d workers: answer %d differs", workers, i)
			}
		}
		p.receive() // the generation of the last credit
	}
}

// What fails because the device is gone is not answered, neither as a result nor as an error.
func TestLossIsNoAnswer(t *testing.T) {
	p := serveHere(t, 2)
	search := p.optimize("wait:search")
	<-p.domain.started
	<-p.domain.started
	waiting := p.evaluate("wait:job")
	p.write(Frame{ID: waiting, Kind: KindCancel})
	p.fails(waiting, "cancelled") // it had no slot
	p.evaluate("lose:" + filepath.Join(t.TempDir(), "lost"))
	p.waiting(1)
	p.domain.release <- "" // one of the search's; the job is next
	f, err := ReadFrame(p.out, 1<<20)
	if err == nil || errors.Is(err, ErrFrame) {
		t.Errorf("got %s of %d with %v, %v after the loss, want the end; the search is %d", f.Kind, f.ID, f.Data, err, search)
	}
	if err := <-p.done; !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "fallen off the bus") {
		t.Errorf("Serve() = %v, want ErrLost with the reason", err)
	}
	p.done <- nil
}

func TestSlotsReserve(t *testing.T) {
	s := newSlots(2, 1, 0.5, func() time.Duration { return 0 })
	ctx := t.Context()
	take := func(c class) {
		t.Helper()
		if err := s.acquire(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	take(classSearch)
	take(classSearch)
	got := make(chan error, 1)
	go func() { got <- s.acquire(ctx, classSearch) }()
	for s.queued(classSearch) == 0 {
		runtime.Gosched()
	}
	take(classEvaluation) // at once, past the search that waits
	if n := s.queued(classSearch); n != 1 {
		t.Errorf("%d searches wait while every place is taken, want 1", n)
	}
	s.release(classEvaluation) // the reserve
	if n := s.queued(classSearch); n != 1 {
		t.Errorf("%d searches wait while only the reserve is free, want 1", n)
	}
	take(classEvaluation)
	s.release(classSearch) // the evaluation has the reserve, so this place is the search's
	if err := <-got; err != nil {
		t.Error(err)
	}
	if s.free != 0 {
		t.Errorf("%d free, want 0", s.free)
	}
}

func TestTelemetryOfGPUs(t *testing.T) {
	s := &server{o: fakeOptions(1), slots: newSemaphore(1)}
	f, err := s.telemetry()
	if err != nil || f.Data.Has("gpus") {
		t.Errorf("telemetry without GPU = %v, %v", f.Data, err)
	}
	s.o.GPUs = func() []*canon.Object { return []*canon.Object{canon.NewObject("name", "card", "power_watts", nil)} }
	if f, err = s.telemetry(); err != nil {
		t.Fatal(err)
	}
	list, err := f.Data.List("gpus")
	if err != nil || len(list) != 1 {
		t.Fatalf("gpus = %v, %v", list, err)
	}
	if name, err := list[0].(*canon.Object).String("name"); err != nil || name != "card" {
		t.Errorf("gpus = %v", list)
	}
}

func TestSlots(t *testing.T) {
	s := newSemaphore(1)
	ctx := t.Context()
	if err := s.acquire(ctx, classSearch); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(ctx)
	order := make(chan string, 3)
	var wg sync.WaitGroup
	wait := func(ctx context.Context, c class, name string) {
		wg.Go(func() {
			if err := s.acquire(ctx, c); err != nil {
				name = "gave up"
			} else {
				defer s.release(c)
			}
			order <- name
		})
		for s.queued(c) == 0 { // until it waits
			runtime.Gosched()
		}
	}
	wait(ctx, classSearch, "search")
	wait(gone, classEvaluation, "cancelled")
	cancel()
	if got := <-order; got != "gave up" {
		t.Errorf("a cancelled waiter: %s", got)
	}
	wait(ctx, classEvaluation, "evaluation")
	s.release(classSearch)
	if a, b := <-order, <-order; a != "evaluation" || b != "search" {
		t.Errorf("order %s, %s", a, b)
	}
	wg.Wait()
	s.resize(3)
	for range 3 {
		if err := s.acquire(ctx, classSearch); err != nil {
			t.Fatal(err)
		}
	}
	s.resize(1)
	s.release(classSearch)
	s.release(classSearch)
	if s.free != 0 {
		t.Errorf("%d free, want 0", s.free)
	}
}
