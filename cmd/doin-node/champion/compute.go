package champion

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// hired is a worker that was started for one domain.
type hired struct {
	domain  config.Domain
	info    worker.Info
	workers *workers.Workers
	stop    context.CancelFunc
	ended   chan error
}

// hire starts a worker and has it load a domain. The caller closes it.
func (s *Source) hire(ctx context.Context, domain string) (*hired, error) {
	cfg := *s.Config
	cfg.Domains = nil
	for _, d := range s.Config.Domains {
		if d.ID != domain {
			continue
		}
		d.Optimize, d.Evaluate = false, true
		if entry, ok := s.Genesis.Domain(domain); ok {
			d.Agreement = &entry.Agreement
		}
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
	h := &hired{domain: cfg.Domains[0], workers: w, ended: make(chan error, 1)}
	ctx, h.stop = context.WithCancel(ctx)
	go func() { h.ended <- w.Run(ctx) }()
	if h.info, err = w.Configure(ctx, h.domain); err != nil {
		return nil, errors.Join(refusal(err), h.close())
	}
	return h, nil
}

// close ends the worker.
func (h *hired) close() error {
	h.stop()
	return <-h.ended
}

// refusal makes an InputError of what a worker refuses.
func refusal(err error) error {
	switch {
	case errors.Is(err, worker.ErrDataHash):
		return &InputError{"the data are not those that the champion was found on: " + err.Error()}
	case errors.Is(err, worker.ErrRefused):
		return &InputError{sentence(err)}
	}
	return err
}

// sentence is a refusal without the words of the layers that it came through.
func sentence(err error) string {
	text := err.Error()
	for cut := true; cut; {
		cut = false
		for _, prefix := range []string{"worker: refused: ", "domain: inference input: "} {
			if rest, ok := strings.CutPrefix(text, prefix); ok {
				text, cut = rest, true
			}
		}
	}
	return text
}

// recipe is what the worker trains.
func (c *Champion) recipe() worker.Recipe {
	return worker.Recipe{Parameters: c.Parameters, Seeds: c.Seeds}
}

// inferAll asks a champion for several inputs, in order: the node that runs, or else a worker that trains it. questions are made by what
// the domain says of them, for which a worker has to load it: nil is what needs no such thing. With an error come the answers before it.
func (s *Source) inferAll(ctx context.Context, c Champion, questions []*canon.Object, check func(h *hired) ([]*canon.Object, error)) (out []*Answer, err error) {
	byNode := s.node != nil && s.data == ""
	var h *hired
	if !byNode || check != nil {
		if h, err = s.hire(ctx, c.Domain); err != nil {
			return nil, err
		}
		defer h.close()
	}
	if check != nil {
		if questions, err = check(h); err != nil {
			return nil, err
		}
	}
	for _, input := range questions {
		a := &Answer{OptimaeID: c.ID, Verified: c.Verified}
		if byNode {
			a, err = s.node.infer(ctx, c.Domain, input)
		} else {
			a.Output, err = h.workers.Infer(ctx, c.Domain, c.recipe(), input)
		}
		if err != nil {
			return out, refusal(err)
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

// Same reports whether every bit is the same, or, where the domain's agreement is not exact, the performance within its share.
func (r *Reproduction) Same() bool {
	if by := r.Champion.Agreement; !by.Exact() {
		return by.Same(r.Champion.Performance, r.Outcome.Performance)
	}
	return r.Outcome.Digest == r.Champion.Digest && r.Outcome.Performance == r.Champion.Performance
}

// Reproduce trains a champion again.
func (s *Source) Reproduce(ctx context.Context, c Champion) (*Reproduction, error) {
	h, err := s.hire(ctx, c.Domain)
	if err != nil {
		return nil, err
	}
	defer h.close()
	o, err := h.workers.Evaluate(ctx, worker.Job{Domain: c.Domain, Parameters: c.Parameters, Seeds: c.Seeds, Own: true})
	if err != nil {
		return nil, refusal(err)
	}
	return &Reproduction{c, o}, nil
}
