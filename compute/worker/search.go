package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/internal/canon"
)

// OptimizeJob says what to search.
type OptimizeJob struct {
	// Domain is the id given to Configure.
	Domain string
	// Seed is the run's; the search is a function of it, the settings and the
	// immigrants.
	Seed uint64
	// Settings are the strategy's: "strategy" names it ("ga", "hill_climber"; absent:
	// the domain's own), the other members are its configuration.
	Settings *canon.Object
	// Resume is a Generation's Record to go on from, or empty.
	Resume []byte
	// Immigrants join Resume's generation before the next one is made, or the first
	// generation after it is evaluated.
	Immigrants []Immigrant
	// Window is how many trials the strategy may be ahead of the results told: trial i is bred from exactly those of
	// trials up to i - Window. 0: the worker's default. The search is a function of it too.
	Window int
	// Ahead is how many records may be unanswered: immigrants in the answer to record n join when generation n + Ahead
	// begins to be bred. 0: 2; 1: the next generation waits for its credit, as in version 1 of the protocol.
	Ahead int
}

// Generation is one evaluated generation of a search.
type Generation struct {
	// Number counts from 0.
	Number int
	// Best is the recipe of the best individual that the run trained itself, with what
	// it scored; nil while every training has failed.
	Best            *canon.Object
	BestPerformance float64
	BestMetrics     *canon.Object
	// Evaluations counts the trainings of the run so far.
	Evaluations int64
	// Average is the mean of the population's finite performances.
	Average float64
	// NoImprove counts the generations since the best, immigrants included, last rose.
	NoImprove  int
	Population int
	// Rows are the record's, decoded once, here: read only. Those of trials still open have the status StatusOpen.
	Rows []Row
	// Record is the whole generation as an Arrow table (DecodeRecord), and what
	// OptimizeJob.Resume takes.
	Record []byte
}

// Search is an open search on a Supervisor's worker. It survives the worker's
// death: the next one goes on from the last record with the same immigrants. It
// is for one goroutine at a time.
type Search struct {
	s   *Supervisor
	job OptimizeJob // Resume and Immigrants are those of the generation to come

	sess    *session // where call is open; nil: to be opened (again)
	call    *call
	holding bool  // a record was returned, Continue is due
	over    error // why there is nothing more to come
	deaths  int   // of workers since the last record
	next    int   // number of the generation to come
	begun   time.Time
}

// Optimize opens a search; its first generation starts at once. Close it in the end.
func (s *Supervisor) Optimize(ctx context.Context, job OptimizeJob) (*Search, error) {
	job.Settings = job.Settings.Clone()
	x := &Search{s: s, job: job, begun: time.Now()}
	if len(job.Resume) > 0 {
		r, err := DecodeRecord(s.mem, job.Resume, s.limits.FrameBytes)
		if err != nil {
			return nil, fmt.Errorf("%w: resume: %w", ErrRefused, err)
		}
		x.next = r.Generation + 1
	}
	if err := x.open(ctx); err != nil {
		return nil, err
	}
	return x, nil
}

// open sends the optimize request to the worker that is ready.
func (x *Search) open(ctx context.Context) error {
	sess, err := x.s.session(ctx)
	if err != nil {
		return err
	}
	f := Frame{Verb: VerbOptimize, Body: x.job.Resume, Data: canon.NewObject("domain", x.job.Domain, "seed", x.job.Seed,
		"settings", x.job.Settings, "immigrants", immigrantList(x.job.Immigrants))}
	c, err := sess.open(ctx, f)
	if err == nil {
		x.sess, x.call = sess, c
		return nil
	}
	var death *deathError
	if errors.As(err, &death) {
		return x.died(death)
	}
	return err
}

// died counts a death of the worker: an error when there were too many. The
// request is to be opened again.
func (x *Search) died(err error) error {
	x.sess, x.call = nil, nil
	if errors.Is(err, ErrClosed) {
		x.over = ErrClosed
		return x.over
	}
	var innocent *innocentError
	if errors.As(err, &innocent) {
		return nil
	}
	if x.deaths++; x.deaths >= x.s.limits.Attempts {
		x.over = fmt.Errorf("optimize: generation %d: tried %d times: %w", x.next, x.deaths, err)
		return x.over
	}
	return nil
}

// Next waits for the generation under way. ErrSearch: Continue is due. When ctx ends
// it, the generation goes on, and Next can be called again. Every other error ends
// the search: those of Evaluate, ErrBusy if the domain is being searched already,
// ErrTimeout after Limits.Generation.
func (x *Search) Next(ctx context.Context) (Generation, error) {
	if x.over != nil {
		return Generation{}, x.over
	}
	if x.holding {
		return Generation{}, fmt.Errorf("%w: Continue is due", ErrSearch)
	}
	for {
		if x.call == nil {
			if err := x.open(ctx); err != nil {
				return Generation{}, err
			}
			if x.call == nil {
				continue
			}
		}
		f, err := x.sess.wait(ctx, x.call, x.remaining())
		var death *deathError
		switch {
		case err == nil:
		case errors.As(err, &death):
			if err := x.died(x.sess.blamed(x.call, err)); err != nil {
				return Generation{}, err
			}
			continue
		case ctx.Err() != nil:
			return Generation{}, err
		default:
			x.end(err)
			return Generation{}, err
		}
		g, err := x.take(&f)
		if errors.As(err, &death) {
			if err := x.died(err); err != nil {
				return Generation{}, err
			}
			continue
		}
		return g, err
	}
}

// remaining is what is left of the generation's wall-clock limit, 0 without one.
func (x *Search) remaining() time.Duration {
	limit := x.s.limits.Generation
	if limit <= 0 {
		return 0
	}
	return max(limit-time.Since(x.begun), 1)
}

// take reads the search's next frame.
func (x *Search) take(f *Frame) (Generation, error) {
	switch f.Kind {
	case KindError:
		err := FrameError(f)
		if errors.Is(err, errNonsense) {
			return Generation{}, x.sess.nonsense(f.ID, err)
		}
		x.over = err
		return Generation{}, err
	case KindReply:
		x.over = fmt.Errorf("%w: the worker ended it", ErrSearch)
		return Generation{}, x.over
	}
	g, err := x.generation(f)
	if err != nil {
		return g, x.sess.nonsense(f.ID, fmt.Errorf("record: %w", err))
	}
	x.holding, x.deaths, x.next = true, 0, g.Number+1
	x.job.Resume, x.job.Immigrants = g.Record, nil
	return g, nil
}

func (x *Search) generation(f *Frame) (Generation, error) {
	r, err := DecodeRecord(x.s.mem, f.Body, x.s.limits.FrameBytes)
	if err != nil {
		return Generation{}, err
	}
	if r.Generation != x.next {
		return Generation{}, fmt.Errorf("generation %d, want %d", r.Generation, x.next)
	}
	if r.Seed != x.job.Seed || !finite(r.Average) {
		return Generation{}, fmt.Errorf("seed %d, average %v", r.Seed, r.Average)
	}
	g := Generation{Number: r.Generation, Evaluations: r.Evaluations, Average: r.Average, NoImprove: r.NoImprove,
		Population: len(r.Rows), Rows: r.Rows, Record: f.Body}
	if b := r.Best; b != nil && finite(b.Fitness) {
		g.Best, g.BestPerformance, g.BestMetrics = b.Parameters, b.Fitness, b.Metrics
	}
	return g, nil
}

// Continue joins immigrants and starts the next generation. ErrSearch: there is a
// generation under way, or the search has ended.
func (x *Search) Continue(ctx context.Context, immigrants []Immigrant) error {
	if x.over != nil {
		return x.over
	}
	if !x.holding {
		return fmt.Errorf("%w: a generation is under way", ErrSearch)
	}
	if len(immigrants) > maxImmigrants {
		return fmt.Errorf("%w: %d immigrants: at most %d", ErrRefused, len(immigrants), maxImmigrants)
	}
	x.holding, x.job.Immigrants, x.begun = false, immigrants, time.Now()
	f := Frame{ID: x.call.id, Verb: VerbOptimize, Kind: KindCredit,
		Data: canon.NewObject("immigrants", immigrantList(immigrants))}
	if err := x.sess.send(ctx, f); err != nil {
		var death *deathError
		if errors.As(err, &death) {
			return x.died(x.sess.blamed(x.call, err))
		}
		x.holding = true // nothing was sent
		return err
	}
	return nil
}

// Close ends the search without waiting for the generation under way.
func (x *Search) Close() { x.end(fmt.Errorf("%w: closed", ErrSearch)) }

func (x *Search) end(err error) {
	if x.over == nil {
		x.over = err
	}
	if x.call != nil {
		x.sess.abandon(x.call)
		x.sess, x.call = nil, nil
	}
}
