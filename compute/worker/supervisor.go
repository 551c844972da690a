package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Options are a Supervisor's settings and collaborators.
type Options struct {
	// Path is the program, Args its arguments; see FindWorker and ExecArgv.
	Path string
	Args []string
	// Fallback is a program with its arguments that takes the place of one that cannot be started any more, because its GPU
	// is gone for instance, or that has died twice over the same generation of a search; it is never given up again. nil:
	// there is none.
	Fallback []string
	// Own says that the program is what an "exec:" plugin names, not a host of such programs: it is asked for the first plugin
	// that it describes, and what it answers must pass Accept.
	Own bool
	// Limits are enforced on the worker; zero fields take their defaults.
	Limits Limits
	// Logger gets deaths, restarts and the worker's own lines; nil discards.
	Logger *slog.Logger
	// Allocator holds Arrow memory; nil: Go's heap.
	Allocator memory.Allocator
}

// Supervisor keeps one worker process alive and offers its services. Calls made
// while there is no worker wait for the next one. It is safe for concurrent use.
type Supervisor struct {
	argv     []string
	fallback []string // of Run, as argv is
	own      bool
	limits   Limits
	log      *slog.Logger
	mem      memory.Allocator

	jobs   *slots // as many jobs for others are sent at once as the worker trains at once
	urgent *slots // and as many beside them that must not wait behind those: inferences and the node's own
	retry  *slots // jobs over which a worker died are tried again one by one

	mu          sync.Mutex // guards what follows
	current     *session   // ready for requests, or nil
	description Description
	changed     chan struct{} // closed and replaced at each change
	failures    int           // starts that failed so far, in all
	restarts    int
	last        error // why there is no worker
	closed      bool
	domains     map[string]*configured
	deaths      map[string]generationDeaths // of the last generation of each domain's search that cost a worker
	spare       bool                        // the fallback has not taken over yet
	distrusted  error                       // why it should
}

// generationDeaths counts the workers that died over a generation.
type generationDeaths struct{ generation, deaths, points int }

const (
	// maxGenerationDeaths is how many workers may die over one generation before the fallback makes it.
	maxGenerationDeaths = 2
	// maxJobDeaths is how many workers may die over a job before it is given up, if no other job can be the cause.
	maxJobDeaths = 2
	// A death over a search counts so much where nothing else can have been its cause, and so much where a job can: a job
	// is given up before it has cost the search's worker its place.
	pointsAlone, pointsAmong = 3, 1
)

// isJob reports whether requests of a verb are for somebody who waits for one training.
func isJob(v Verb) bool {
	return v == VerbEvaluate || v == VerbInfer || v == VerbGenerate || v == VerbExport
}

// configured is what it takes to configure a domain again.
type configured struct {
	plugin string
	config *canon.Object
	info   Info
}

// NewSupervisor returns a Supervisor whose worker starts with Run.
func NewSupervisor(o Options) *Supervisor {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	mem := o.Allocator
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	return &Supervisor{argv: append([]string{o.Path}, o.Args...), fallback: o.Fallback, own: o.Own, limits: o.Limits.withDefaults(), log: log, mem: mem,
		jobs: newSemaphore(1), urgent: newSemaphore(1), retry: newSemaphore(1), changed: make(chan struct{}),
		domains: map[string]*configured{}, deaths: map[string]generationDeaths{}, spare: o.Fallback != nil}
}

// Run keeps a worker running until ctx ends, then lets it end, kills it after
// Limits.Grace and returns nil. It returns an error if the program cannot be
// started at all. Calls that are open when it returns end with ErrClosed.
func (s *Supervisor) Run(ctx context.Context) error {
	pause := s.limits.BackoffMin
	for failed := 0; ; {
		born, before := time.Now(), s.failed()
		err := s.live(ctx)
		if ctx.Err() != nil {
			s.close(ErrClosed)
			return nil
		}
		if failed++; s.failed() == before { // it had started
			failed = 0
		}
		// One start before those who wait give up.
		if s.fallback != nil && (notStartable(err) || failed >= max(1, s.limits.Attempts-1)) {
			s.log.Warn("worker cannot be started, another program takes its place", "program", s.argv[0], "by", s.fallback[0], "err", err)
			s.fallBack()
			failed = 0
			continue
		}
		if notStartable(err) {
			s.close(err)
			return err
		}
		if time.Since(born) > 2*s.limits.BackoffMax {
			pause = s.limits.BackoffMin
		}
		s.log.Warn("worker died", "err", err, "restart_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		pause = min(2*pause, s.limits.BackoffMax)
		if why := s.distrust(); why != nil { // searches have had the pause to say so
			s.log.Warn("worker is given up, another program takes its place", "program", s.argv[0], "by", s.fallback[0], "err", why)
			s.fallBack()
			failed = 0
		}
	}
}

// fallBack puts the fallback in the program's place.
func (s *Supervisor) fallBack() {
	s.argv, s.fallback = s.fallback, nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare, s.distrusted = false, nil
}

// live is one life of the worker: it returns why it ended, with nothing left of it.
func (s *Supervisor) live(ctx context.Context) error {
	sess, err := startSession(s.argv, s.limits, s.log)
	if err != nil {
		s.startFailed(err)
		return err
	}
	defer sess.end()
	description, err := s.prepare(ctx, sess)
	if err != nil {
		if ctx.Err() == nil {
			s.startFailed(err)
		}
		return err
	}
	s.log.Info("worker ready", "pid", sess.process.pid, "name", description.Name, "version", description.Version,
		"device", description.Device, "workers", description.Workers)
	s.publish(sess, description)
	defer s.withdraw(sess)
	select {
	case <-sess.dead:
		return sess.death.reason
	case <-ctx.Done():
		return ctx.Err()
	}
}

// prepare brings a new worker to where the last one was.
func (s *Supervisor) prepare(ctx context.Context, sess *session) (Description, error) {
	f, err := sess.roundTrip(ctx, Frame{Verb: VerbDescribe}, s.limits.Start)
	if err != nil {
		return Description{}, fmt.Errorf("describe: %w", err)
	}
	d, err := ParseDescription(f.Data)
	if err != nil {
		return d, fmt.Errorf("describe: %w: %w", errNonsense, err)
	}
	sess.version.Store(int32(d.Protocol))
	sess.lines.Store(d.form() == table.JSONLines)
	s.mu.Lock()
	domains := maps.Clone(s.domains)
	s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(domains)) {
		c := domains[id]
		plugin, err := s.pluginOf(&d, c.plugin)
		var f Frame
		if err == nil {
			f, err = sess.roundTrip(ctx, configureFrame(id, plugin, c.config), s.limits.Configure)
		}
		var info Info
		if err == nil {
			if info, err = ParseInfo(f.Data); err != nil {
				err = sess.nonsense(f.ID, fmt.Errorf("configure: %w", err))
			}
		}
		var death *deathError
		switch {
		case err == nil && info.DataHash != c.info.DataHash:
			s.log.Warn("domain has other data than before", "domain", id, "data_hash", info.DataHash, "before", c.info.DataHash)
		case errors.As(err, &death) || ctx.Err() != nil || errors.Is(err, ErrTimeout):
			return d, fmt.Errorf("configure %q: %w", id, err)
		case err != nil:
			// Its requests will be answered "unknown domain"; the others go on.
			s.log.Error("domain not configured again", "domain", id, "err", err)
		}
	}
	return d, nil
}

func (s *Supervisor) publish(sess *session, d Description) {
	most := min(d.Workers, maxOpen/4) // searches and telemetry are requests too
	s.jobs.resize(most)
	s.urgent.resize(most)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.description, s.last = sess, d, nil
	s.change()
}

func (s *Supervisor) withdraw(sess *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
	s.restarts++
	select {
	case <-sess.dead:
		s.last = sess.death.reason
	default:
	}
	s.change()
}

// diedOver counts a worker that died over a generation of a search. A generation does the same again with the next worker:
// what has cost two is left to the fallback, which is going to take over where the answer is true.
func (s *Supervisor) diedOver(domain string, generation, points int, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deaths[domain]
	if d.generation != generation {
		d = generationDeaths{generation: generation}
	}
	d.deaths, d.points = d.deaths+1, d.points+points
	s.deaths[domain] = d
	due := s.spare && d.points >= pointsAlone*maxGenerationDeaths
	if due {
		s.distrusted = fmt.Errorf("domain %q: %d workers died over generation %d: %w", domain, d.deaths, generation, err)
	}
	return due
}

// survived forgets the deaths over a generation that has been made.
func (s *Supervisor) survived(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.deaths, domain)
}

// distrust returns why the fallback should take over, once.
func (s *Supervisor) distrust() (why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	why, s.distrusted = s.distrusted, nil
	return why
}

// failed returns how many starts have failed so far.
func (s *Supervisor) failed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures
}

func (s *Supervisor) startFailed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures++
	s.last = err
	s.change()
}

func (s *Supervisor) close(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.last = true, err
	s.change()
}

// change wakes whoever waits for a change. mu is held.
func (s *Supervisor) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// session returns the worker that is ready, waiting for one. It gives up when ctx
// ends, the Supervisor is closed, or Limits.Attempts starts have failed meanwhile.
func (s *Supervisor) session(ctx context.Context) (*session, error) {
	failures := -1
	for {
		s.mu.Lock()
		if failures < 0 {
			failures = s.failures
		}
		current, changed, closed, last := s.current, s.changed, s.closed, s.last
		failed := s.failures - failures
		s.mu.Unlock()
		switch {
		case closed && errors.Is(last, ErrClosed):
			return nil, ErrClosed
		case closed:
			return nil, fmt.Errorf("%w: %w", ErrClosed, last)
		case current != nil && current.alive():
			return current, nil
		case failed >= s.limits.Attempts:
			return nil, fmt.Errorf("%w: %w: %w", ErrWorkerDied, ErrStart, last)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Description describes the worker that ran last; ok is false before the first.
func (s *Supervisor) Description() (d Description, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.description, s.description.Workers > 0
}

// State says whether a worker is ready for requests, and why not: nil while the first one starts.
func (s *Supervisor) State() (ready bool, reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current != nil && s.current.alive(), s.last
}

// Restarts returns how many workers have died or been ended since NewSupervisor.
func (s *Supervisor) Restarts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}

// maxInnocent bounds how often a request outlives workers that others killed.
const maxInnocent = 100

// request sends f to the worker and returns the reply; read, unless nil, is
// given it first, and its error means that the worker answers nonsense. When the
// worker dies meanwhile the request is sent to the next one, Limits.Attempts
// times, unless another request is to blame. A job over which two workers died while it was their only one is not tried
// again; a death in company says little, for the other job may have been the cause.
func (s *Supervisor) request(ctx context.Context, f Frame, limit time.Duration, read func(*Frame) error) (Frame, error) {
	for attempt, alone, innocent := 1, 0, 0; ; {
		reply, err := s.try(ctx, f, limit, read, attempt > 1)
		var death *deathError
		if !errors.As(err, &death) {
			return reply, err
		}
		if errors.Is(err, ErrClosed) {
			return Frame{}, ErrClosed
		}
		var by *innocentError
		if errors.As(err, &by) && innocent < maxInnocent {
			innocent++
			continue
		}
		if isJob(f.Verb) && death.jobs <= 1 {
			alone++
		}
		over := attempt >= s.limits.Attempts || alone >= maxJobDeaths
		if attempt++; over {
			return Frame{}, fmt.Errorf("%s: tried %d times: %w", f.Verb, attempt-1, death.reason)
		}
	}
}

func (s *Supervisor) try(ctx context.Context, f Frame, limit time.Duration, read func(*Frame) error, again bool) (Frame, error) {
	if again {
		if err := s.retry.acquire(ctx, classInference); err != nil {
			return Frame{}, err
		}
		defer s.retry.release(classInference)
	}
	sess, err := s.session(ctx)
	if err != nil {
		return Frame{}, err
	}
	if err := s.fit(sess, &f); err != nil {
		return Frame{}, err
	}
	reply, err := sess.roundTrip(ctx, f, limit)
	if err == nil && read != nil {
		if err := read(&reply); err != nil {
			return Frame{}, sess.nonsense(reply.ID, fmt.Errorf("%s: %w", f.Verb, err))
		}
	}
	return reply, err
}

// pluginOf is the name under which the worker knows a plugin.
func (s *Supervisor) pluginOf(d *Description, plugin string) (string, error) {
	if !s.own {
		return plugin, nil
	}
	return d.own(plugin)
}

// form is that of the tables of the worker that ran last; fit corrects it when the next one has another.
func (s *Supervisor) form() table.Form {
	d, _ := s.Description()
	return d.form()
}

// fit brings a request of a verb with tables into the form of a worker.
func (s *Supervisor) fit(sess *session, f *Frame) (err error) {
	switch f.Verb {
	case VerbConfigure:
		plugin, err := f.Data.String("plugin")
		if err != nil {
			return err
		}
		d, _ := s.Description()
		if plugin, err = s.pluginOf(&d, plugin); err != nil {
			return err
		}
		f.Data = f.Data.Clone().Set("plugin", plugin)
	case VerbEvaluate, VerbOptimize, VerbGenerate, VerbExport:
		f.Form = sess.form()
	}
	if len(f.Body) == 0 || table.FormOf(f.Body) == f.Form {
		return nil
	}
	if f.Verb == VerbEvaluate {
		var jobs []Job
		if jobs, err = DecodeJobs(s.mem, "", f.Body, s.limits.FrameBytes); err == nil {
			f.Body, err = EncodeJobs(s.mem, f.Form, jobs)
		}
	} else {
		var r *Record
		if r, err = DecodeRecord(s.mem, f.Body, s.limits.FrameBytes); err == nil {
			f.Body, err = r.Encode(s.mem, f.Form)
		}
	}
	if err != nil {
		err = fmt.Errorf("%w: %s: %w", ErrRefused, f.Verb, err)
	}
	return err
}
