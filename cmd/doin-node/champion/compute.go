package champion

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack/workers"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// Answer is what a champion said, and which one.
type Answer struct {
	Output    *canon.Object
	OptimaeID string
	Verified  bool
}

// InputError is a question that a champion cannot be asked: somebody's file or flag, not a fault.
type InputError struct{ Reason string }

func (e *InputError) Error() string { return e.Reason }

// bench is a worker that was started for one domain.
type bench struct {
	domain  config.Domain
	info    worker.Info
	workers *workers.Workers
	stop    context.CancelFunc
	ended   chan error
}

// open starts a worker and has it load a domain. The caller closes the bench.
func (s *Source) open(ctx context.Context, domain string) (*bench, error) {
	cfg := *s.Config
	cfg.Domains = nil
	for _, d := range s.Config.Domains {
		if d.ID != domain {
			continue
		}
		d.Optimize, d.Evaluate = false, true
		if s.data != "" {
			d.OptimizationConfig = d.OptimizationConfig.Clone().Set("data", s.data)
		}
		cfg.Domains = []config.Domain{d}
	}
	if len(cfg.Domains) == 0 {
		return nil, &InputError{fmt.Sprintf("the configuration has no domain %q", domain)}
	}
	w, err := workers.Find(ctx, &cfg, s.log)
	if err != nil {
		return nil, err
	}
	b := &bench{domain: cfg.Domains[0], workers: w, ended: make(chan error, 1)}
	ctx, b.stop = context.WithCancel(ctx)
	go func() { b.ended <- w.Run(ctx) }()
	if b.info, err = w.Configure(ctx, b.domain); err != nil {
		return nil, errors.Join(refusal(err), b.close())
	}
	return b, nil
}

// close ends the worker.
func (b *bench) close() error {
	b.stop()
	return <-b.ended
}

// refusal makes an InputError of what a worker refuses.
func refusal(err error) error {
	switch {
	case errors.Is(err, worker.ErrDataHash):
		return &InputError{"the data are not those that the champion was found on: " + err.Error()}
	case errors.Is(err, worker.ErrRefused):
		return &InputError{worker.Reason(err)}
	}
	return err
}

// recipe is what the worker trains.
func (c *Champion) recipe() worker.Recipe { return worker.Recipe{Parameters: c.Parameters, Seeds: c.Seeds} }

// Infer asks the champion that answers for a domain: the node that runs, or else a worker that trains it.
func (s *Source) Infer(ctx context.Context, domain string, input *canon.Object) (*Answer, error) {
	list, err := s.inferAll(ctx, domain, func() []*canon.Object { return []*canon.Object{input} })
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// inferAll asks for several inputs, in order.
func (s *Source) inferAll(ctx context.Context, domain string, inputs func() []*canon.Object) (out []*Answer, err error) {
	c, err := s.Current(ctx, domain)
	if err != nil {
		return nil, err
	}
	ask := func(ctx context.Context, input *canon.Object) (*Answer, error) { return s.node.infer(ctx, c.Domain, input) }
	if s.node == nil || s.data != "" {
		b, err := s.open(ctx, c.Domain)
		if err != nil {
			return nil, err
		}
		defer b.close()
		ask = func(ctx context.Context, input *canon.Object) (*Answer, error) {
			o, err := b.workers.Infer(ctx, c.Domain, c.recipe(), input)
			return &Answer{Output: o, OptimaeID: c.ID, Verified: c.Verified}, refusal(err)
		}
	}
	for _, input := range inputs() {
		a, err := ask(ctx, input)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Reproduction is a champion trained again.
type Reproduction struct {
	Champion Champion
	Outcome  worker.Outcome
}

// Same reports whether every bit is the same.
func (r *Reproduction) Same() bool {
	return r.Outcome.Digest == r.Champion.Digest && r.Outcome.Performance == r.Champion.Performance
}

// Reproduce trains a champion again.
func (s *Source) Reproduce(ctx context.Context, c Champion) (*Reproduction, error) {
	b, err := s.open(ctx, c.Domain)
	if err != nil {
		return nil, err
	}
	defer b.close()
	o, err := b.workers.Evaluate(ctx, worker.Job{Domain: c.Domain, Parameters: c.Parameters, Seeds: c.Seeds, Own: true})
	if err != nil {
		return nil, refusal(err)
	}
	return &Reproduction{c, o}, nil
}
