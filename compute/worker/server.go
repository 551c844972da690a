package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// Bounds of what a server holds for its parent.
const (
	maxOpen    = 1024
	maxDomains = 256
)

// DefaultShare is ServerOptions.Share's default.
const DefaultShare = 0.5

// ServerOptions are the collaborators of a worker's end.
type ServerOptions struct {
	// Description is what the verb describe answers; Workers in it is the number of
	// trainings at a time (0: GOMAXPROCS).
	Description Description
	// Reserve is how many evaluations run at a time beside the trainings of a search, for devices on which one more costs
	// little. Without, they wait for the end of a training.
	Reserve int
	// Share is how much of the slots' time evaluations for others take at most while a search has work, in (0, 1].
	// Default 0.5.
	Share float64
	// GPUs returns a reading of each GPU in use for telemetry; nil: there are none. It is called by any goroutine.
	GPUs func() []*canon.Object
	// NewDomain makes a domain of a plugin name and a configuration. Required.
	NewDomain func(plugin string, config *canon.Object) (domain.Domain, error)
	// NewSearch makes the search behind optimize; nil: optimize is unsupported.
	NewSearch NewSearch
	// Cache is a directory for what is worth remembering between processes; empty: nothing is. It is made where it is not.
	Cache string
	// FrameBytes bounds a frame's body, and what it expands to. Default DefaultFrameBytes.
	FrameBytes int64
	// Logger gets what happens; nil discards.
	Logger *slog.Logger
	// Allocator holds Arrow memory; nil: Go's heap.
	Allocator memory.Allocator
}

// server is one connection to a parent.
type server struct {
	o      ServerOptions
	log    *slog.Logger
	slots  *slots
	models *modelCache
	cases  *caseCache

	trainings atomic.Int64

	requests sync.WaitGroup

	mu      sync.Mutex // guards what follows
	domains map[string]*served
	open    map[uint64]*request

	lost chan struct{} // closed by lose

	writeMu sync.Mutex // guards what follows
	w       io.Writer
	loss    error // why nothing is written any more
}

// served is a configured domain. A domain that is configured again gets a new one.
type served struct {
	domain    domain.Domain
	problem   string   // the hash of plugin, contract and data hash
	cases     int      // validation cases
	searching *request // the open optimize; guarded by server.mu
}

func newServed(d domain.Domain) *served {
	what := d.Describe()
	return &served{domain: d, cases: what.Cases, problem: canon.Hash(canon.NewObject("plugin", what.Plugin,
		"contract", what.ContractVersion, "data_hash", what.DataHash, "folds", what.Folds))}
}

// key names what comes of a claim of the domain, in this process or another.
func (d *served) key(r *Recipe) string {
	return canon.Hash(canon.NewObject("problem", d.problem, "parameters", r.Parameters, "seeds", seedList(r.Seeds)))
}

// request is one open request.
type request struct {
	frame  Frame
	ctx    context.Context // until its end; a request's life is what it bounds
	cancel context.CancelFunc
	done   chan struct{} // closed at its end
	// credits carries credit frames to an optimize.
	credits chan credit
}

// Serve answers the frames of r on w until r ends, a shutdown request comes (both
// return nil), ctx ends, r's bytes cannot be followed any more, or a domain's
// error wraps ErrLost (an error). It returns when every training it started has
// ended.
func Serve(ctx context.Context, r io.Reader, w io.Writer, o ServerOptions) error {
	if o.Description.Workers < 1 {
		o.Description.Workers = runtime.GOMAXPROCS(0)
	}
	if o.FrameBytes <= 0 {
		o.FrameBytes = DefaultFrameBytes
	}
	if o.Share <= 0 {
		o.Share = DefaultShare
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Allocator == nil {
		o.Allocator = memory.DefaultAllocator
	}
	began := time.Now()
	s := &server{o: o, log: o.Logger, w: w, models: newModelCache(), cases: newCaseCache(o.Cache, o.Logger),
		domains: map[string]*served{}, open: map[uint64]*request{}, lost: make(chan struct{})}
	s.slots = newSlots(o.Description.Workers, max(0, o.Reserve), min(o.Share, 1), func() time.Duration { return time.Since(began) })
	ctx, cancel := context.WithCancel(ctx)
	defer s.requests.Wait()
	defer cancel()

	frames := make(chan Frame)
	ended := make(chan error, 1)
	go func() { ended <- s.read(ctx, r, frames) }() // ends with r, or with ctx at the next frame
	for {
		select {
		case f := <-frames:
			if f.Verb == VerbShutdown && f.Kind == KindRequest {
				s.send(Frame{ID: f.ID, Verb: f.Verb, Kind: KindReply})
				return nil
			}
			s.handle(ctx, f)
		case err := <-ended:
			return err
		case <-s.lost:
			return s.loss
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read passes on the frames of r.
func (s *server) read(ctx context.Context, r io.Reader, frames chan<- Frame) error {
	for {
		f, err := ReadFrame(r, s.o.FrameBytes)
		switch {
		case err == nil:
			select {
			case frames <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
		case errors.Is(err, io.EOF) && !errors.Is(err, ErrFrame):
			return nil
		case errors.Is(err, ErrHeader):
			s.send(errorFrame(0, "", codeBadFrame, err))
		default:
			s.send(errorFrame(0, "", codeBadFrame, err))
			return fmt.Errorf("worker: read frame: %w", err)
		}
	}
}

// send writes a frame. A parent that does not read any more ends r as well, so
// an error is only logged.
func (s *server) send(f Frame) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if s.loss != nil {
		return
	}
	if err := WriteFrame(s.w, &f); err != nil {
		s.log.Error("write frame", "verb", string(f.Verb), "kind", string(f.Kind), "err", err)
		if errors.Is(err, ErrFrameTooLarge) {
			e := errorFrame(f.ID, f.Verb, "internal", err)
			if err := WriteFrame(s.w, &e); err != nil {
				s.log.Error("write frame", "verb", string(f.Verb), "kind", string(e.Kind), "err", err)
			}
		}
	}
}

// lose ends Serve with an error. From here on nothing is answered: what fails now
// says nothing about a recipe, and the parent asks the next worker instead.
func (s *server) lose(err error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if s.loss == nil {
		s.loss = err
		close(s.lost)
	}
}

// handle takes one frame. It does not block.
func (s *server) handle(ctx context.Context, f Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.open[f.ID]
	switch f.Kind {
	case KindCancel:
		if open != nil { // else it crossed the reply
			open.cancel()
		}
	case KindCredit:
		s.credit(open, &f)
	case KindRequest:
		if err := s.admissible(open, &f); err != nil {
			s.send(errorFrame(f.ID, f.Verb, codeOf(err), err))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		q := &request{frame: f, ctx: ctx, cancel: cancel, done: make(chan struct{}), credits: make(chan credit, maxAhead)}
		s.open[f.ID] = q
		s.requests.Add(1)
		go s.serve(q)
	default:
		s.send(errorFrame(f.ID, f.Verb, codeBadRequest, fmt.Errorf("%w: kind %.32q", errBadRequest, f.Kind)))
	}
}

func (s *server) admissible(open *request, f *Frame) error {
	switch {
	case f.ID == 0:
		return fmt.Errorf("%w: id 0 names no request", errBadRequest)
	case open != nil:
		return fmt.Errorf("%w: id %d is open already", errBadRequest, f.ID)
	case !f.Form.Valid():
		return fmt.Errorf("%w: body %.32q: no form of tables", errBadRequest, string(f.Form))
	case len(s.open) >= maxOpen:
		return fmt.Errorf("%w: %d requests are open", ErrBusy, len(s.open))
	}
	return nil
}

// credit passes a credit on to the optimize it is for. mu is held.
func (s *server) credit(open *request, f *Frame) {
	if open == nil {
		return // the search ended meanwhile
	}
	c, err := parseCredit(f.Data)
	if err == nil && open.frame.Verb != VerbOptimize {
		err = errors.New("only an optimize takes credits")
	}
	if err == nil {
		select {
		case open.credits <- c:
			return
		default:
			err = errors.New("more credits wait than records are out")
		}
	}
	s.log.Warn("credit ignored", "id", f.ID, "err", err)
	open.cancel()
}

// serve answers one request and closes it.
func (s *server) serve(q *request) {
	defer s.requests.Done()
	defer close(q.done)
	defer q.cancel()
	reply, err := s.answer(q.ctx, q)
	s.mu.Lock()
	delete(s.open, q.frame.ID)
	s.mu.Unlock()
	if err != nil {
		if q.ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ErrCancelled, err)
		}
		f := errorFrame(q.frame.ID, q.frame.Verb, codeOf(err), err)
		f.V = q.frame.V
		s.send(f)
		return
	}
	reply.V, reply.ID, reply.Verb, reply.Kind = q.frame.V, q.frame.ID, q.frame.Verb, KindReply
	if len(reply.Body) > 0 {
		reply.Form = q.frame.Form
	}
	s.send(reply)
}

// answer runs the request's verb. A panic is a fault of ours or of a domain; the
// request ends with an error, the others go on.
func (s *server) answer(ctx context.Context, q *request) (reply Frame, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "verb", string(q.frame.Verb), "panic", p, "stack", stack())
			err = fmt.Errorf("%w: panic: %v", ErrInternal, p)
		}
	}()
	switch q.frame.Verb {
	case VerbDescribe:
		return s.describe(&q.frame)
	case VerbConfigure:
		return s.configure(&q.frame)
	case VerbEvaluate:
		return s.evaluate(ctx, &q.frame)
	case VerbInfer:
		return s.infer(ctx, &q.frame)
	case VerbGenerate:
		return s.generate(ctx, &q.frame)
	case VerbExport:
		return s.export(ctx, &q.frame)
	case VerbTelemetry:
		return s.telemetry()
	case VerbOptimize:
		return s.optimize(ctx, q)
	}
	return reply, fmt.Errorf("%w: unknown verb %.32q", errBadRequest, q.frame.Verb)
}

func stack() string {
	buf := make([]byte, 16<<10)
	return string(buf[:runtime.Stack(buf, false)])
}
