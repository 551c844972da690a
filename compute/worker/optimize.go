package worker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// Searcher is one running search. It is called from one goroutine.
//
// One that leaves trainings under way when Generation returns, for the next call to pick up, has a method Close() as well,
// which waits for them; it is called after the end of ctx. One that knows a window has SetWindow(n int) error, which is
// called before Generation and holds from there on.
type Searcher interface {
	// Generation joins immigrants, makes the next generation, has it trained and
	// returns its record. The first call of a search that was not resumed makes
	// generation 0. On an error, ctx's included, the search is not used again.
	Generation(ctx context.Context, immigrants []Immigrant) (*Record, error)
}

// NewSearch makes a search. An error wraps ErrRefused if settings or resumed
// record are not acceptable.
type NewSearch func(SearchSpec) (Searcher, error)

// SearchSpec is what a search is made of.
type SearchSpec struct {
	Domain domain.Domain
	// Seed is the run's: with the same settings, record and immigrants a search does
	// the same again.
	Seed uint64
	// Settings are the strategy's; its name is under "strategy".
	Settings *canon.Object
	// Resume is the record to go on from, or nil.
	Resume *Record
	// Pool runs trainings in the worker's slots.
	Pool Pool
	// Slots is how many trainings Pool runs at once; 0: the search runs them itself, one after the other, on the goroutine
	// that calls it.
	Slots int
	// Window is how many trials the search may have under way; 0: the strategy's default, or the resumed record's.
	Window int
	// Prior is what other searches have taught, as bytes of package ga/prior; empty: nothing. A resumed search is handed what it began with.
	Prior []byte
}

// StatusFailed is the status of a trial that has no outcome.
const StatusFailed = "failed"

// Pool runs a search's computations where evaluations go first.
type Pool interface {
	// Try runs every trial, as many trainings at once as the worker has slots, and
	// returns the outcomes in the same order; one that failed has the performance NaN and StatusFailed. The only error
	// is ctx's.
	Try(ctx context.Context, list []domain.Trial) ([]domain.Tried, error)
	// Do calls f in a slot and returns its error.
	Do(ctx context.Context, f func() error) error
}

// optimization is an open optimize at the worker's end.
type optimization struct {
	spec  SearchSpec
	ahead int // records that may be unanswered
	// early are the immigrants of a search that is not resumed.
	early []Immigrant
	// credits answer records of before, the oldest first.
	credits []credit
}

// parseOptimize reads the request. Version 1 of the protocol has no ahead: the search waits for the answer to each record.
func (s *server) parseOptimize(f *Frame) (o optimization, err error) {
	r := reader{o: f.Data}
	o.spec = SearchSpec{Seed: r.seed("seed"), Settings: r.object("settings"), Slots: s.o.Description.Workers}
	if r.err != nil {
		return o, r.err
	}
	ahead := 2
	if f.V < 2 {
		ahead = 1
	}
	if o.ahead, err = integerIn(f.Data, "ahead", ahead, 1, maxAhead); err != nil {
		return o, err
	}
	if o.spec.Window, err = integerIn(f.Data, "window", 0, 0, maxWindow); err != nil {
		return o, err
	}
	text, err := f.Data.StringOr("prior", "")
	if err != nil {
		return o, err
	}
	if o.spec.Prior, err = base64.StdEncoding.DecodeString(text); err != nil {
		return o, fmt.Errorf("prior: %w", err)
	}
	if len(f.Body) == 0 {
		o.early, err = parseImmigrants(f.Data)
		return o, err
	}
	if o.credits, err = parseCredits(f.Data); err != nil {
		return o, err
	}
	o.spec.Resume, err = DecodeRecord(s.o.Allocator, f.Body, s.o.FrameBytes)
	return o, err
}

// optimize runs a search: a record for each generation. The credit for record n is due when generation n + ahead is to
// begin; until then the search goes on.
func (s *server) optimize(ctx context.Context, q *request) (reply Frame, err error) {
	d, err := s.domain(q.frame.Data)
	if err != nil {
		return reply, err
	}
	if s.o.NewSearch == nil {
		return reply, fmt.Errorf("%w: no search", ErrUnsupported)
	}
	o, err := s.parseOptimize(&q.frame)
	if err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	o.spec.Domain, o.spec.Pool = d.domain, &pool{s, d}
	if err := s.claim(ctx, d, q); err != nil {
		return reply, err
	}
	defer s.unclaim(d)
	search, err := s.o.NewSearch(o.spec)
	if err != nil {
		return reply, err
	}
	if c, ok := search.(interface{ Close() }); ok {
		defer c.Close()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	generation, err := s.generations(ctx, q, search, &o)
	if err != nil && ctx.Err() == nil {
		return reply, err
	}
	return Frame{Data: canon.NewObject("stopped", true, "generation", generation)}, nil
}

// generations makes one after the other until ctx ends, and returns the last one's number. Records are encoded and written
// beside the search.
func (s *server) generations(ctx context.Context, q *request, search Searcher, o *optimization) (last int, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	records := make(chan *Record, o.ahead)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for r := range records {
			if err := s.sendRecord(q, r); err != nil {
				fail(err)
			}
		}
	}()
	defer func() {
		close(records)
		<-sent
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			err = cause
		}
	}()
	last, join := -1, o.early
	if o.spec.Resume != nil {
		last = o.spec.Resume.Generation
	}
	for {
		if last-o.ahead+1 >= 0 {
			c, err := o.credit(ctx, q)
			if err != nil {
				return last, err
			}
			join = c.immigrants
			if w, ok := search.(interface{ SetWindow(int) error }); ok && c.window > 0 {
				if err := w.SetWindow(c.window); err != nil {
					return last, err
				}
			}
		}
		r, err := search.Generation(ctx, join)
		if err != nil {
			return last, err
		}
		last, join = r.Generation, nil
		records <- r // there is room: no more than ahead are unanswered
	}
}

// credit returns the answer to the oldest record that is not answered, waiting for it.
func (o *optimization) credit(ctx context.Context, q *request) (c credit, err error) {
	if len(o.credits) > 0 {
		c, o.credits = o.credits[0], o.credits[1:]
		return c, nil
	}
	select {
	case c = <-q.credits:
		return c, nil
	case <-ctx.Done():
		return c, ctx.Err()
	}
}

func (s *server) sendRecord(q *request, r *Record) error {
	body, err := r.Encode(s.o.Allocator, q.frame.Form)
	if err != nil {
		return err
	}
	s.send(Frame{V: q.frame.V, ID: q.frame.ID, Verb: VerbOptimize, Kind: KindRecord,
		Data: canon.NewObject("generation", r.Generation), Form: q.frame.Form, Body: body})
	return nil
}

// claim takes the right to search a domain: a domain's own strategy has state, so
// there is one search at a time. One that was cancelled is waited for.
func (s *server) claim(ctx context.Context, d *served, q *request) error {
	for {
		s.mu.Lock()
		other := d.searching
		if other == nil {
			d.searching = q
		}
		s.mu.Unlock()
		if other == nil {
			return nil
		}
		if other.ctx.Err() == nil {
			return fmt.Errorf("%w: the domain is being optimized already", ErrBusy)
		}
		select {
		case <-other.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *server) unclaim(d *served) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.searching = nil
}

// pool is the slots of a server as a search sees them.
type pool struct {
	s *server
	d *served
}

func (p *pool) Do(ctx context.Context, f func() error) error {
	return p.s.inSlot(ctx, classSearch, f)
}

func (p *pool) Try(ctx context.Context, list []domain.Trial) ([]domain.Tried, error) {
	out := make([]domain.Tried, len(list))
	p.s.each(len(list), 2*p.s.o.Description.Workers, func(i int) {
		var err error
		if out[i], err = p.try(ctx, list[i]); err == nil || ctx.Err() != nil {
			return
		}
		if !errors.Is(err, ErrInternal) && !errors.Is(err, ErrLost) { // a panic is logged already
			p.s.log.Warn("training failed", "seed", list[i].Seed, "err", err)
		}
		out[i] = domain.Tried{Performance: math.NaN(), Status: StatusFailed, Metrics: canon.NewObject()}
	})
	return out, ctx.Err()
}

// stopwatch is a domain.Each that adds up how long its calls take.
type stopwatch struct {
	each domain.Each
	ns   atomic.Int64
}

func (w *stopwatch) do(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	return w.each(ctx, n, func(ctx context.Context, i int) error {
		begun := time.Now()
		defer func() { w.ns.Add(int64(time.Since(begun))) }()
		return do(ctx, i)
	})
}

func (w *stopwatch) seconds() float64 { return time.Duration(w.ns.Load()).Seconds() }

func (p *pool) try(ctx context.Context, t domain.Trial) (out domain.Tried, err error) {
	defer p.s.recovered(&err)
	watch := stopwatch{each: p.s.inSlots(classSearch)}
	if out, err = p.d.domain.Try(ctx, t, watch.do); err == nil {
		out.Seconds = watch.seconds()
		n := len(t.Folds)
		if n == 0 {
			n = max(1, p.d.domain.Describe().Folds)
		}
		p.s.trainings.Add(int64(n))
	}
	return out, err
}
