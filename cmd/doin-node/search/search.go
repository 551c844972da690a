package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// Search is one domain's search. Make it by New, run it once by Run; Status and the methods that take the chain machine's
// effects may be called from anywhere.
type Search struct {
	cfg   Config
	parts Parts
	log   *slog.Logger
	mail  mailbox
	prove chan protocol.Champion // to be trained again; the latest one waits
	files chan []byte            // states to be written; the latest one waits

	// What follows belongs to Run's goroutine.
	seed      uint64
	gate      *island.Gate[*canon.Object]
	nominator *island.Nominator[*canon.Object]
	claims    map[int64]*claim // open ones, by proposal
	pos       position
	own       *protocol.Champion       // the node's unverified champion, while that is what answers
	verified  *canon.Object            // metrics of the verified champion, nil while there is none
	met       map[string]bool          // champions of others that came before the gate, by optimae id
	arrivals  map[*canon.Object]string // optimae ids of those who wait there, by recipe
	waiting   waiting
	alone     bool // nobody else could verify anything at the last record
	since     since
	rate      bucket
	saved     time.Time

	mu     sync.Mutex
	status Status
	times  times
}

// position is how far the search has come; all of it is kept on disk.
type position struct {
	round      int64 // records so far
	generation int64 // number of the last one
	record     []byte
	prior      []byte               // that the search began with
	answers    [][]worker.Immigrant // to the last records, whose immigrants may not have joined yet
	answered   bool                 // the last of them is the last record's
	evaluated  int64                // trainings that rows have counted
	told       int64                // trainings that rows of trials have counted
	trials     int64                // those of searches before this one, which began anew
	best       *float64             // of the search itself
	seedOf     string               // hash of the recipe that bestSeed trained
	bestSeed   uint64
	confirmed  *confirmed // the best that a confirming run gave
	progress   *olap.Progress
}

// confirmed is a recipe and what its confirming run gave.
type confirmed struct {
	hash        string
	parameters  *canon.Object
	performance float64
}

// since is what has happened since the last row.
type since struct {
	record   time.Time // when the last record came, or the worker's search was opened
	opened   bool      // the latter
	paused   time.Duration
	claimed  bool // a claim was committed or revealed
	arrived  int64
	outcome  *protocol.Outcome // of the last confirming run that ended well
	of       *canon.Object     // what it trained
	verified *bool             // whether what answers is verified; kept from row to row
}

// New returns a search that has not begun. It panics for a migration that Validate refuses.
func New(cfg Config, parts Parts) *Search {
	if cfg.MaxOpen == 0 {
		cfg.MaxOpen = island.MaxOpen
	}
	if parts.Now == nil {
		parts.Now = time.Now
	}
	if parts.Log == nil {
		parts.Log = slog.New(slog.DiscardHandler)
	}
	return &Search{cfg: cfg, parts: parts, log: parts.Log.With("domain", cfg.Domain), mail: newMailbox(),
		prove: make(chan protocol.Champion, 1), files: make(chan []byte, 1),
		gate: island.NewGate[*canon.Object](cfg.Migration), nominator: island.NewNominator[*canon.Object](cfg.MaxOpen),
		claims: map[int64]*claim{}, alone: true, met: map[string]bool{}, arrivals: map[*canon.Object]string{}}
}

func (s *Search) now() time.Time { return s.parts.Now() }

// ahead is how many records of the worker may be unanswered. With a pause, what arrives in it is to enter the next
// generation.
func (s *Search) ahead() int64 {
	if s.cfg.Interval > 0 {
		return 1
	}
	return 2
}

// wire turns a performance into the direction of rows, and back.
func (s *Search) wire(performance float64) float64 {
	if s.cfg.Setup.LowerIsBetter {
		return -performance
	}
	return performance
}

// Run searches until ctx ends, which is no error, or the verified best has reached the target. A search that ends for
// another reason is begun again from its last generation; settings that the worker refuses from the start are an error.
func (s *Search) Run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	side, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.proveAll(side) })
	wg.Go(func() { s.writeAll(side) })
	err := s.attempts(ctx)
	stop()
	wg.Wait()
	s.saveNow()
	return err
}

// begin takes up the state of an earlier life and opens the experiment that the rounds belong to.
func (s *Search) begin(ctx context.Context) error {
	s.seed = RunSeed(s.cfg.Seed, s.cfg.Peer, s.cfg.Domain)
	s.load()
	setup := s.cfg.Setup
	setup.Seed, setup.Resume = &s.seed, s.pos.progress
	rows, err := s.parts.Tracker.Start(setup, s.now())
	if errors.Is(err, olap.ErrProgress) {
		s.log.Warn("the records do not go on where the search does, they begin anew", "err", err)
		setup.Resume = nil
		rows, err = s.parts.Tracker.Start(setup, s.now())
	}
	if err != nil {
		return err
	}
	s.parts.Host.Record(rows...)
	if s.own != nil {
		if err := s.parts.Chain.Deliver(ctx, protocol.Restore{Champion: *s.own}); err != nil {
			return err
		}
	}
	return s.proposeAgain(ctx)
}

// attempts runs the worker's search, again after a failure.
func (s *Search) attempts(ctx context.Context) error {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		before := s.pos.round
		err := s.generations(ctx)
		if ctx.Err() != nil || err == nil {
			return nil
		}
		if s.pos.round > before {
			wait = time.Second
		}
		if errors.Is(err, worker.ErrRefused) || errors.Is(err, worker.ErrUnsupported) {
			if s.pos.record == nil {
				return fmt.Errorf("domain %s: %w", s.cfg.Domain, err)
			}
			s.log.Error("the last generation is not taken up again, the search begins anew", "err", err)
			s.pos.trials += s.pos.told
			s.pos.record, s.pos.answers, s.pos.answered, s.pos.evaluated, s.pos.told = nil, nil, false, 0, 0
		}
		s.log.Warn("search interrupted, it goes on from its last generation", "round", s.pos.round, "err", err)
		if pause(ctx, wait) != nil {
			return nil
		}
	}
}

// generations runs one Optimize request to its end.
func (s *Search) generations(ctx context.Context) error {
	if s.pos.record == nil {
		s.pos.prior = nil
		if s.parts.Prior != nil {
			s.pos.prior = s.parts.Prior(ctx)
		}
	}
	job := worker.OptimizeJob{Domain: s.cfg.Domain, Seed: s.seed, Settings: s.cfg.Settings, Resume: s.pos.record,
		Window: s.cfg.Window, Ahead: int(s.ahead()), Prior: s.pos.prior}
	if s.pos.record != nil {
		if !s.pos.answered { // it was cut off
			if err := s.await(ctx, s.due()); err != nil {
				return err
			}
			s.admit()
		}
		job.Credits = s.pos.answers
	}
	run, err := s.parts.Worker.Optimize(ctx, job)
	if err != nil {
		return err
	}
	defer run.Close()
	s.since.record, s.since.opened = s.now(), true
	for {
		g, err := run.Next(ctx)
		if err != nil {
			return err
		}
		if done, err := s.step(ctx, run, &g); done || err != nil {
			return err
		}
	}
}

// step handles one record and answers it; done is true once the target is reached.
func (s *Search) step(ctx context.Context, run Run, g *worker.Generation) (done bool, err error) {
	arrived := s.now()
	s.receive()
	s.pos.round++
	s.pos.generation, s.pos.record, s.pos.answered = int64(g.Number), g.Record, false
	err = s.nominate(ctx, g)
	// The worker is answered first where nothing is to be waited for. Whatever ends the step, its row is written: what is
	// kept on disk counts the record.
	waits := s.cfg.Interval > 0 || s.cfg.Seed != nil
	if err == nil && !waits {
		err = s.answer(ctx, run)
	}
	s.row(ctx, g, arrived)
	if err != nil {
		return false, err
	}
	if s.reached() {
		return true, nil
	}
	if s.cfg.Interval > 0 {
		if err := pause(ctx, s.cfg.Interval); err != nil {
			return false, err
		}
		s.since.paused = s.cfg.Interval
		s.receive()
	}
	if waits {
		if err := s.answer(ctx, run); err != nil {
			return false, err
		}
	}
	s.saveIfDue()
	return false, nil
}

// due is the generation whose confirming runs take effect before the last record is answered.
func (s *Search) due() int64 { return s.pos.generation + s.ahead() - seededDelay }

// answer lets the worker go on with who is let in.
func (s *Search) answer(ctx context.Context, run Run) error {
	if err := s.await(ctx, s.due()); err != nil {
		return err
	}
	return run.Continue(ctx, s.admit())
}

// receive takes in what the chain machine has told since the last call.
func (s *Search) receive() {
	m := s.mail.take()
	for _, c := range m.claims {
		s.note(c)
	}
	for _, im := range m.migrants {
		s.offer(im.OptimaeID, im.OptimizerID, im.Parameters, im.Performance)
	}
	for _, p := range m.proven {
		s.offer(p.OptimaeID, p.OptimizerID, p.Parameters, p.Performance)
	}
	for _, d := range m.decided {
		s.decide(&d)
		s.log.Debug("claim decided", "optimae", d.OptimaeID, "optimizer", d.OptimizerID, "accepted", d.Accepted, "performance", d.Performance)
	}
	if m.champion != nil {
		s.crown(m.champion)
	}
}

// reached reports whether the verified best has reached the domain's target, or the measured one where that does, and closes the
// experiment if so.
func (s *Search) reached() bool {
	target, known := s.cfg.Setup.Target, s.parts.Chain.Known(s.cfg.Domain)
	best, which := known.Best, "verified"
	if known.Measured != nil {
		best, which = known.Measured, "measured"
	}
	byPerformance := target != nil && best != nil && *best >= s.wire(*target)
	if !byPerformance && !s.reachedMetric() {
		return false
	}
	s.mu.Lock()
	s.status.Converged = true
	s.mu.Unlock()
	if rows, err := s.parts.Tracker.Converge(s.cfg.Domain, s.now()); err == nil {
		s.parts.Host.Record(rows...)
	}
	s.log.Info("target reached by the "+which+" best", "rounds", s.pos.round)
	return true
}

// reachedMetric reports whether the verified champion has the metric that is wanted, and it is not above its value.
func (s *Search) reachedMetric() bool {
	if s.cfg.Target == nil || s.verified == nil {
		return false
	}
	v, err := s.verified.Float(s.cfg.Target.Metric)
	return err == nil && v <= s.cfg.Target.Value
}

// Status returns what the search tells of itself; its objects are to be read only.
func (s *Search) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.status
	out.Announce = s.times.announce()
	return out
}

// pause waits; the error is ctx's.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
