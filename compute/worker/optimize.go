package worker

import (
	"context"
	"errors"
	"fmt"
	"math"

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
}

// Training is one run that a search asks for.
type Training struct {
	Parameters *canon.Object
	Seed       uint64
}

// Trained is its outcome.
type Trained struct {
	// Performance is NaN if the training failed.
	Performance float64
	// Status is the "status" of Metrics, "completed" without one, or "failed".
	Status  string
	Metrics *canon.Object
}

// Pool runs a search's computations where evaluations go first.
type Pool interface {
	// Train runs every training, as many at once as the worker has slots, and
	// returns the outcomes in the same order. The only error is ctx's.
	Train(ctx context.Context, list []Training) ([]Trained, error)
	// Do calls f in a slot and returns its error.
	Do(ctx context.Context, f func() error) error
}

// optimize runs a search: a record for each generation, and no generation
// before the credit for it.
func (s *server) optimize(ctx context.Context, q *request) (reply Frame, err error) {
	data := q.frame.Data
	d, err := s.domain(data)
	if err != nil {
		return reply, err
	}
	if s.o.NewSearch == nil {
		return reply, fmt.Errorf("%w: no search", ErrUnsupported)
	}
	r := reader{o: data}
	spec := SearchSpec{Domain: d.domain, Seed: r.seed("seed"), Settings: r.object("settings"), Pool: &pool{s, d}, Slots: s.o.Description.Workers}
	var immigrants []Immigrant
	if r.err == nil {
		immigrants, r.err = parseImmigrants(data)
	}
	if r.err == nil && len(q.frame.Body) > 0 {
		spec.Resume, r.err = DecodeRecord(s.o.Allocator, q.frame.Body, s.o.FrameBytes)
	}
	if r.err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, r.err)
	}
	if err := s.claim(ctx, d, q); err != nil {
		return reply, err
	}
	defer s.unclaim(d)
	search, err := s.o.NewSearch(spec)
	if err != nil {
		return reply, err
	}
	if c, ok := search.(interface{ Close() }); ok {
		defer c.Close()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	generation := -1
	for {
		record, err := search.Generation(ctx, immigrants)
		if ctx.Err() != nil {
			break // the parent has what it needs: the last record
		}
		if err != nil {
			return reply, err
		}
		generation = record.Generation
		body, err := record.Encode(s.o.Allocator)
		if err != nil {
			return reply, err
		}
		s.send(Frame{ID: q.frame.ID, Verb: VerbOptimize, Kind: KindRecord,
			Data: canon.NewObject("generation", generation), Body: body})
		select {
		case immigrants = <-q.credits:
			continue
		case <-ctx.Done():
		}
		break
	}
	return Frame{Data: canon.NewObject("stopped", true, "generation", generation)}, nil
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

func (p *pool) Train(ctx context.Context, list []Training) ([]Trained, error) {
	out := make([]Trained, len(list))
	p.s.each(len(list), p.s.o.Description.Workers, func(i int) {
		err := p.Do(ctx, func() error {
			m, err := p.d.domain.Train(ctx, list[i].Parameters, list[i].Seed, false)
			if err != nil {
				return err
			}
			p.s.trainings.Add(1)
			out[i] = trained(m)
			return nil
		})
		if err == nil || ctx.Err() != nil {
			return
		}
		if !errors.Is(err, ErrInternal) && !errors.Is(err, ErrLost) { // a panic is logged already
			p.s.log.Warn("training failed", "seed", list[i].Seed, "err", err)
		}
		out[i] = Trained{Performance: math.NaN(), Status: "failed", Metrics: canon.NewObject()}
	})
	return out, ctx.Err()
}

func trained(m domain.Model) Trained {
	metrics := m.Metrics()
	status, err := metrics.StringOr("status", "completed")
	if err != nil {
		status = "completed"
	}
	return Trained{Performance: m.Performance(), Status: status, Metrics: metrics}
}
