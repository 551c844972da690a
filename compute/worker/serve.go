package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"

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
		info := infoOf(d.domain.Describe())
		return Frame{Data: info.Object()}, nil
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
	s.domains[id] = &served{domain: d}
	info := infoOf(d.Describe())
	return Frame{Data: info.Object()}, nil
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

// run evaluates one job in a slot.
func (s *server) run(ctx context.Context, c class, d *served, j *Job) (r Result) {
	r.Err = s.inSlot(ctx, c, func() error {
		m, err := s.train(ctx, d, j.Parameters, j.Seed, true)
		if err != nil {
			return err
		}
		r.Performance, r.Digest, r.Metrics = m.Performance(), m.Digest(), m.Metrics()
		if j.Synthetic == nil {
			return nil
		}
		r.Synthetic = true
		return s.score(ctx, d, j.Synthetic, m, &r.Outcome)
	})
	return r
}

// score compares the challenger with the incumbent on the evaluator's data.
func (s *server) score(ctx context.Context, d *served, j *SyntheticJob, challenger domain.Model, out *Outcome) error {
	data, err := d.domain.Generate(ctx, j.Seed)
	if err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	incumbent := d.domain.Naive()
	if j.Incumbent != nil {
		if incumbent, err = s.train(ctx, d, j.Incumbent, j.IncumbentSeed, false); err != nil {
			return fmt.Errorf("incumbent: %w", err)
		}
	}
	out.SyntheticDataHash = data.Hash
	if out.SyntheticScore, err = challenger.Score(ctx, data); err != nil {
		return fmt.Errorf("score: %w", err)
	}
	if out.IncumbentScore, err = incumbent.Score(ctx, data); err != nil {
		return fmt.Errorf("incumbent: score: %w", err)
	}
	return nil
}

// train returns the model of a recipe, from the cache if it was trained lately;
// the caller is in a slot.
func (s *server) train(ctx context.Context, d *served, parameters *canon.Object, seed uint64, digest bool) (domain.Model, error) {
	if m := s.models.get(d, parameters, seed, digest); m != nil {
		return m, nil
	}
	if err := d.domain.Check(parameters); err != nil {
		return nil, recipeError(err)
	}
	m, err := d.domain.Train(ctx, parameters, seed, digest)
	if err != nil {
		return nil, recipeError(err)
	}
	s.trainings.Add(1)
	s.models.put(d, parameters, seed, m)
	return m, nil
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
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "panic", p, "stack", stack())
			err = fmt.Errorf("%w: panic: %v", ErrInternal, p)
		}
	}()
	if err = do(); errors.Is(err, ErrLost) {
		s.lose(err)
	}
	return err
}

func (s *server) infer(ctx context.Context, f *Frame) (reply Frame, err error) {
	d, err := s.domain(f.Data)
	if err != nil {
		return reply, err
	}
	r := reader{o: f.Data}
	parameters, seed, input := r.object("parameters"), r.seed("seed"), r.object("input")
	if r.err != nil {
		return reply, fmt.Errorf("%w: %w", errBadRequest, r.err)
	}
	err = s.inSlot(ctx, classInference, func() error {
		m, err := s.train(ctx, d, parameters, seed, false)
		if err != nil {
			return err
		}
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
