package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// describe answers for the process, or for the domain named.
func (s *server) describe(f *Frame) (Frame, error) {
	if f.Data.Has("domain") {
		d, err := s.domain(f.Data)
		if err != nil {
			return Frame{}, err
		}
		info := infoOf(d.domain)
		return Frame{Data: withInputs(info.Object(), d.domain)}, nil
	}
	return Frame{Data: s.o.Description.Object()}, nil
}

// domain returns the configured domain that data names.
func (s *server) domain(data *canon.Object) (*served, error) {
	id, err := data.String("domain")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.domains[id]
	if d == nil {
		return nil, fmt.Errorf("%w %.80q", ErrUnknownDomain, id)
	}
	return d, nil
}

func (s *server) configure(f *Frame) (Frame, error) {
	r := reader{o: f.Data}
	id, plugin, config := r.text("domain"), r.text("plugin"), r.object("config")
	if r.err == nil && id == "" {
		r.err = errors.New("domain: must not be empty")
	}
	if r.err != nil {
		return Frame{}, fmt.Errorf("%w: %w", errBadRequest, r.err)
	}
	d, err := s.o.NewDomain(plugin, config)
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.domains[id] == nil && len(s.domains) >= maxDomains {
		return Frame{}, fmt.Errorf("%w: %d domains are configured", ErrBusy, len(s.domains))
	}
	s.domains[id] = newServed(d)
	info := infoOf(d)
	return Frame{Data: withInputs(info.Object(), d)}, nil
}

// evaluate runs the jobs of one batch in the slots. Jobs fail one by one.
func (s *server) evaluate(ctx context.Context, f *Frame) (Frame, error) {
	d, err := s.domain(f.Data)
	if err != nil {
		return Frame{}, err
	}
	jobs, err := DecodeJobs(s.o.Allocator, "", f.Body, s.o.FrameBytes)
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	c := classEvaluation
	own, err := f.Data.BoolOr("own", false)
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if own {
		c = classOwn
	}
	results := make([]Result, len(jobs))
	// Twice as many wait as can run, so that a free slot finds a waiting job, not the
	// search that would come next.
	s.each(len(jobs), 2*s.o.Description.Workers, func(i int) { results[i] = s.run(ctx, c, d, &jobs[i]) })
	if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	body, err := EncodeResults(s.o.Allocator, f.Form, results)
	return Frame{Body: body}, err
}

// each calls do for 0 to n−1 on width goroutines and waits.
func (s *server) each(n, width int, do func(int)) {
	if n == 1 {
		do(0)
		return
	}
	var wg sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range min(n, width) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	wg.Wait()
}

// inSlots is a domain.Each whose calls hold a slot of a class each.
func (s *server) inSlots(c class) domain.Each {
	return func(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
		g, ctx := errgroup.WithContext(ctx)
		for i := range n {
			g.Go(func() error {
				return s.inSlot(ctx, c, func() error { return do(ctx, i) })
			})
		}
		return g.Wait()
	}
}

// run evaluates one job, its trainings in slots.
func (s *server) run(ctx context.Context, c class, d *served, j *Job) (r Result) {
	defer s.recovered(&r.Err)
	m, err := s.claimed(ctx, c, d, &Recipe{j.Parameters, j.Seeds})
	if err != nil {
		return Result{Err: err}
	}
	r.Performance, r.Digest, r.Metrics = m.Performance(), m.Digest(), m.Metrics()
	if r.Diverged = math.IsNaN(r.Performance); r.Diverged {
		return r
	}
	if cases := m.Cases(); len(cases) > 0 {
		base, err := s.baseCases(ctx, c, d, j.Base)
		if err != nil {
			return Result{Err: fmt.Errorf("base: %w", err)}
		}
		r.Paired = domain.Pair(base, cases)
	}
	if j.Synthetic != nil {
		r.Synthetic = true
		if err := s.score(ctx, c, d, j.Synthetic, m, &r.Outcome); err != nil {
			return Result{Err: err}
		}
	}
	return r
}

// score compares the challenger with the incumbent on the evaluator's data.
func (s *server) score(ctx context.Context, c class, d *served, j *SyntheticJob, challenger domain.Model, out *Outcome) (err error) {
	incumbent := d.domain.Naive()
	if j.Incumbent != nil {
		if incumbent, err = s.claimed(ctx, c, d, j.Incumbent); err != nil {
			return fmt.Errorf("incumbent: %w", err)
		}
	}
	return s.inSlots(c).Once(ctx, func(ctx context.Context) error {
		data, err := d.domain.Generate(ctx, j.Seed)
		if err != nil {
			return fmt.Errorf("generate: %w", err)
		}
		out.SyntheticDataHash = data.Hash
		if out.SyntheticScore, err = challenger.Score(ctx, data); err != nil {
			return fmt.Errorf("score: %w", err)
		}
		if out.IncumbentScore, err = incumbent.Score(ctx, data); err != nil {
			return fmt.Errorf("incumbent: score: %w", err)
		}
		return nil
	})
}

// claimed returns the model of a claim, from the cache if it was made lately. Who asks for one that is being made waits.
func (s *server) claimed(ctx context.Context, c class, d *served, r *Recipe) (domain.Model, error) {
	m, made, err := s.models.get(ctx, keyOf(d, r))
	if m != nil || err != nil {
		return m, err
	}
	defer func() { made(m) }() // after a panic too
	m, err = s.make(ctx, c, d, r)
	return m, err
}

// make trains a claim.
func (s *server) make(ctx context.Context, c class, d *served, r *Recipe) (domain.Model, error) {
	if err := d.domain.Check(r.Parameters); err != nil {
		return nil, recipeError(err)
	}
	m, err := d.domain.Claim(ctx, r.Parameters, r.Seeds, s.inSlots(c))
	if err != nil {
		return nil, recipeError(err)
	}
	what := d.domain.Describe()
	s.trainings.Add(int64(trainingsOf(&what, len(r.Seeds))))
	if cases := m.Cases(); len(cases) > 0 {
		s.cases.put(d.key(r), cases)
	}
	return m, nil
}

// trainingsOf is the number of trainings of a claim of so many seeds: one of each fold, and the final one.
func trainingsOf(d *domain.Description, seeds int) int {
	if d.Cases == 0 {
		return seeds
	}
	return seeds * (d.Folds + 1)
}

// baseCases returns the errors of the validation cases of what a claim is compared with: remembered, or of a run.
func (s *server) baseCases(ctx context.Context, c class, d *served, base *Recipe) ([]int64, error) {
	if base == nil {
		return d.domain.Naive().Cases(), nil
	}
	if cases := s.cases.get(d.key(base), d.cases); cases != nil {
		return cases, nil
	}
	m, err := s.claimed(ctx, c, d, base)
	if err != nil {
		return nil, err
	}
	if m.Cases() == nil { // sums over no cases would say that the domain has none
		return nil, fmt.Errorf("%w: the run diverged, nothing can be compared with it", ErrRefused)
	}
	return m.Cases(), nil
}

// recipeError maps a domain's error to the protocol's.
func recipeError(err error) error {
	switch {
	case errors.Is(err, domain.ErrDataHash):
		return fmt.Errorf("%w: %w", ErrDataHash, err)
	case errors.Is(err, domain.ErrRecipe):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// inSlot calls do while holding a slot. A panic of do ends do alone; the loss of
// what trains ends Serve.
func (s *server) inSlot(ctx context.Context, c class, do func() error) (err error) {
	if err := s.slots.acquire(ctx, c); err != nil {
		return err
	}
	defer s.slots.release(c)
	defer s.recovered(&err)
	if err = do(); errors.Is(err, ErrLost) {
		s.lose(err)
	}
	return err
}

// recovered turns a panic into an error; it is deferred.
func (s *server) recovered(err *error) {
	if p := recover(); p != nil {
		s.log.Error("panic", "panic", p, "stack", stack())
		*err = fmt.Errorf("%w: panic: %v", ErrInternal, p)
	}
}

func (s *server) infer(ctx context.Context, f *Frame) (reply Frame, err error) {
	d, err := s.domain(f.Data)
	if err != nil {
		return reply, err
	}
	r := reader{o: f.Data}
	asked, input := Recipe{r.object("parameters"), r.seeds()}, r.object("input")
	if r.err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, r.err)
	}
	m, err := s.claimed(ctx, classInference, d, &asked)
	if err != nil {
		return reply, err
	}
	err = s.inSlots(classInference).Once(ctx, func(ctx context.Context) error {
		out, err := m.Infer(ctx, input)
		if errors.Is(err, domain.ErrInput) {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		reply.Data = canon.NewObject("output", out)
		return err
	})
	return reply, err
}

func (s *server) generate(ctx context.Context, f *Frame) (reply Frame, err error) {
	d, err := s.domain(f.Data)
	if err != nil {
		return reply, err
	}
	r := reader{o: f.Data}
	seed := r.seed("seed")
	if r.err == nil && seed > math.MaxUint32 {
		r.err = fmt.Errorf("seed %d: must fit 32 bits", seed)
	}
	if r.err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, r.err)
	}
	err = s.inSlot(ctx, classEvaluation, func() error {
		data, err := d.domain.Generate(ctx, uint32(seed))
		if err != nil {
			return err
		}
		column := table.Column{Name: "series", Values: data.Series}
		if data.Target != nil {
			column = table.Column{Name: "target", Values: data.Target}
		}
		n := len(column.Values.([]float64))
		reply.Data = canon.NewObject("hash", data.Hash, "noise_std", data.NoiseStd)
		reply.Body, err = f.Form.Encode(s.o.Allocator, &table.Table{Rows: n, Columns: []table.Column{column}})
		return err
	})
	return reply, err
}

func (s *server) telemetry() (Frame, error) {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	s.mu.Lock()
	open, domains := len(s.open), len(s.domains)
	s.mu.Unlock()
	own, others := s.slots.busy()
	o := canon.NewObject("pid", os.Getpid(), "device", s.o.Description.Device, "workers", s.o.Description.Workers,
		"trainings", s.trainings.Load(), "requests", open, "domains", domains,
		"evaluations_waiting", s.slots.queued(classEvaluation)+s.slots.queued(classOwn)+s.slots.queued(classInference), "searches_waiting", s.slots.queued(classSearch),
		"slots", s.o.Description.Workers, "busy_own_seconds", own, "busy_others_seconds", others,
		"uptime_seconds", s.slots.now().Seconds(),
		"memory_bytes", mem.Sys-mem.HeapReleased, "heap_bytes", mem.HeapAlloc, "goroutines", runtime.NumGoroutine())
	if s.o.GPUs != nil {
		o.Set("gpus", objects(s.o.GPUs()))
	}
	return Frame{Data: o}, nil
}

// objects is a list as canon has it.
func objects(list []*canon.Object) []any {
	out := make([]any, len(list))
	for i, o := range list {
		out[i] = o
	}
	return out
}
