package worker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"doin.network/node/internal/canon"
)

// MaxPriorBytes bounds OptimizeJob.Prior: as base64 it stands in a header.
const MaxPriorBytes = 640 << 10

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
	// Credits answer the last records up to Resume's, the oldest first, as State returned them: what they bring has not
	// joined yet. Those missing are due by Continue. nil: Immigrants alone answer the oldest of them.
	Credits [][]Immigrant
	// Immigrants join Resume's generation before the next one is made, or the first
	// generation after it is evaluated.
	Immigrants []Immigrant
	// Window is how many trials the strategy may be ahead of the results told: trial i is bred from exactly those of
	// trials up to i - Window. 0: the worker's default. The search is a function of it too.
	Window int
	// Prior is what other searches have taught, at most MaxPriorBytes; a search goes on with what it began with. A worker without the
	// capability is not told.
	Prior []byte
	// Ahead is how many records may be unanswered: immigrants in the answer to record n join when generation n + Ahead
	// begins to be bred. 0: 2; 1: the next generation waits for its credit, as in version 1 of the protocol.
	Ahead int
}

// Generation is one evaluated generation of a search.
type Generation struct {
	// Number counts from 0.
	Number int
	// Best is the recipe of the best individual that the run trained itself, with what it promises (Row.Promise); nil while
	// every training has failed.
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
	// Plateau and Advice are the record's.
	Plateau bool
	Advice  *canon.Object
	// Rows are the record's, decoded once, here: read only. Those of trials still open have the status StatusOpen.
	Rows []Row
	// Gone are the record's: trials told since the record before that no row of Rows tells of.
	Gone []Row
	// Record is the whole generation as a table of either form (DecodeRecord), and what
	// OptimizeJob.Resume takes.
	Record []byte
}

// Search is an open search on a Supervisor's worker. It survives the worker's
// death: the next one goes on from the last record with the same immigrants. It
// is for one goroutine at a time.
type Search struct {
	s   *Supervisor
	job OptimizeJob // Resume is the last record, Window the last credit's

	sess    *session // where call is open; nil: to be opened (again)
	call    *call
	ahead   int   // of this run
	over    error // why there is nothing more to come
	deaths  int   // of workers since the last record
	charged int   // what they count
	next    int   // number of the generation to come
	credits []credit
	// answered is the number of the record that the next Continue answers: credits are those before it, back to the
	// oldest whose immigrants are not in Resume yet.
	answered int
	begun    time.Time
}

// Optimize opens a search; its first generation starts at once. Close it in the end.
func (s *Supervisor) Optimize(ctx context.Context, job OptimizeJob) (*Search, error) {
	job.Settings = job.Settings.Clone()
	if len(job.Prior) > MaxPriorBytes {
		return nil, fmt.Errorf("%w: a prior of %d bytes: at most %d", ErrRefused, len(job.Prior), MaxPriorBytes)
	}
	if job.Ahead < 0 || job.Ahead > maxAhead || job.Window < 0 || job.Window > maxWindow || len(job.Credits) > maxAhead {
		return nil, fmt.Errorf("%w: ahead %d, window %d, %d credits", ErrRefused, job.Ahead, job.Window, len(job.Credits))
	}
	x := &Search{s: s, job: job, begun: time.Now(), ahead: job.Ahead}
	if x.ahead == 0 {
		x.ahead = 2
	}
	if len(job.Resume) > 0 {
		r, err := DecodeRecord(s.mem, job.Resume, s.limits.FrameBytes)
		if err != nil {
			return nil, fmt.Errorf("%w: resume: %w", ErrRefused, err)
		}
		x.next = r.Generation + 1
		credits := job.Credits
		if credits == nil {
			credits = [][]Immigrant{job.Immigrants}
		}
		for _, list := range credits {
			x.credits = append(x.credits, credit{immigrants: list})
		}
		x.answered = x.oldest() + len(credits)
	}
	if err := x.open(ctx); err != nil {
		return nil, err
	}
	return x, nil
}

// oldest is the number of the oldest record whose answer is not in the last one: what was sent back for it joins after that.
func (x *Search) oldest() int { return max(0, x.next-x.ahead) }

// trim forgets the credits whose immigrants are in the last record.
func (x *Search) trim() {
	if n := len(x.credits) - (x.answered - x.oldest()); n > 0 {
		x.credits = x.credits[n:]
	}
}

// State returns what goes on from here when it is given to Optimize as Resume and Credits, with the same seed, settings and
// ahead: the last record, and the answers that have not joined yet. nil before the first record.
func (x *Search) State() (record []byte, credits [][]Immigrant) {
	credits = [][]Immigrant{}
	for _, c := range x.credits {
		credits = append(credits, c.immigrants)
	}
	return x.job.Resume, credits
}

// open sends the optimize request to the worker that is ready.
func (x *Search) open(ctx context.Context) error {
	sess, err := x.s.session(ctx)
	if err != nil {
		return err
	}
	f := x.request(sess)
	if err := x.s.fit(sess, &f); err != nil {
		return err
	}
	c, err := sess.open(ctx, f, x.answered+x.ahead-x.next)
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

// request is the optimize that begins the search, or continues it after its last record.
func (x *Search) request(sess *session) Frame {
	f := Frame{Verb: VerbOptimize, Body: x.job.Resume, Data: canon.NewObject("domain", x.job.Domain, "seed", x.job.Seed,
		"settings", x.job.Settings)}
	if len(f.Body) == 0 {
		f.Data.Set("immigrants", immigrantList(x.job.Immigrants))
	}
	if sess.version.Load() < 2 { // it waits for the answer to each record
		x.ahead = 1
		x.trim()
		if len(f.Body) > 0 {
			var list []Immigrant
			for _, c := range x.credits {
				list = append(list, c.immigrants...)
			}
			f.Data.Set("immigrants", immigrantList(list))
			x.answered = x.next
		}
		return f
	}
	f.Data.Set("ahead", x.ahead)
	if d, known := x.s.Description(); len(x.job.Prior) > 0 && known && d.Can(Prior) {
		f.Data.Set("prior", base64.StdEncoding.EncodeToString(x.job.Prior))
	}
	if x.job.Window > 0 {
		f.Data.Set("window", x.job.Window)
	}
	if len(f.Body) > 0 {
		list := make([]any, len(x.credits))
		for i := range x.credits {
			list[i] = x.credits[i].object()
		}
		f.Data.Set("credits", list)
	}
	return f
}

// died counts a death of the worker: an error when there were too many, one that another request may be to blame for
// counting less. The request is to be opened again.
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
	points := pointsAlone
	var death *deathError
	if errors.As(err, &death) && death.jobs > 0 {
		points = pointsAmong
	}
	x.deaths, x.charged = x.deaths+1, x.charged+points
	switch {
	case x.s.diedOver(x.job.Domain, x.next, points, err):
		x.charged = 0 // the fallback has its own tries
	case x.charged >= pointsAlone*x.s.limits.Attempts:
		x.over = fmt.Errorf("optimize: generation %d: tried %d times: %w", x.next, x.deaths, err)
		return x.over
	}
	return nil
}

// Next waits for the generation under way. ErrSearch: Continue is due, as many records as may be are unanswered. When ctx ends
// it, the generation goes on, and Next can be called again. Every other error ends
// the search: those of Evaluate, ErrBusy if the domain is being searched already,
// ErrTimeout after Limits.Generation.
func (x *Search) Next(ctx context.Context) (Generation, error) {
	if x.over != nil {
		return Generation{}, x.over
	}
	if x.next-x.answered >= x.ahead {
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
	x.s.survived(x.job.Domain)
	x.deaths, x.charged, x.next, x.begun = 0, 0, g.Number+1, time.Now()
	x.job.Resume, x.job.Window = g.Record, 0 // the record has the window in force
	x.trim()
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
		Population: closed(r.Rows), Plateau: r.Plateau, Advice: r.Advice, Rows: r.Rows, Gone: r.Gone, Record: f.Body}
	if b := r.Best; b != nil && finite(b.Promise()) {
		g.Best, g.BestPerformance, g.BestMetrics = b.Parameters, b.Promise(), b.Metrics
	}
	return g, nil
}

// closed counts the rows that are not open: the population.
func closed(rows []Row) (n int) {
	for i := range rows {
		if rows[i].Status != StatusOpen {
			n++
		}
	}
	return n
}

// Continue answers the oldest record that Next returned and that is not answered. Its immigrants join when generation
// n + Ahead begins, n being that record's. ErrSearch: every record is answered, or the search has ended.
func (x *Search) Continue(ctx context.Context, immigrants []Immigrant) error {
	return x.ContinueWith(ctx, immigrants, 0)
}

// ContinueWith is Continue with another window from the same moment on; 0: as before.
func (x *Search) ContinueWith(ctx context.Context, immigrants []Immigrant, window int) error {
	if x.over != nil {
		return x.over
	}
	if x.answered >= x.next {
		return fmt.Errorf("%w: every record is answered", ErrSearch)
	}
	if len(immigrants) > maxImmigrants || window < 0 || window > maxWindow {
		return fmt.Errorf("%w: %d immigrants, window %d: at most %d and %d", ErrRefused, len(immigrants), window, maxImmigrants, maxWindow)
	}
	c := credit{immigrants: immigrants, window: window}
	if x.call != nil {
		f := Frame{ID: x.call.id, Verb: VerbOptimize, Kind: KindCredit, Data: c.object()}
		err := x.sess.credit(ctx, x.call, f)
		var death *deathError
		switch {
		case errors.As(err, &death): // the next worker is told
			if err := x.died(x.sess.blamed(x.call, err)); err != nil {
				return err
			}
		case err != nil:
			return err // nothing was sent
		}
	}
	x.credits = append(x.credits, c)
	x.answered++
	x.begun = time.Now()
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
