package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
)

// evaluate runs a training in the worker and tells the machine how it ended.
func (s *Stack) evaluate(ctx context.Context, ev protocol.Evaluate) {
	s.jobs.Go(func() {
		job := worker.Job{Domain: ev.Domain, Parameters: ev.Parameters, Seeds: ev.Seeds, Base: recipe(ev.Base), Own: ev.Own}
		if y := ev.Synthetic; y != nil && (s.profile.Synthetic == nil || s.profile.Synthetic(ev.Domain)) {
			job.Synthetic = &worker.SyntheticJob{Seed: y.Seed, Incumbent: recipe(y.Incumbent)}
		}
		err := s.limit(ev)
		var o worker.Outcome
		if err == nil {
			began := time.Now()
			o, err = s.Workers.Evaluate(ctx, job)
			s.metrics.trained(ev.Domain, ev.Own, time.Since(began))
		}
		if ctx.Err() != nil {
			return
		}
		var out protocol.Outcome
		if err = verdict(err); err == nil {
			out, err = outcome(o)
		}
		s.profile.Loop.Deliver(ctx, protocol.Evaluated{Job: ev.Job, Err: err, Outcome: out})
	})
}

// stampLook is after how many numbers a stamp's work looks whether the node stops.
const stampLook = 1 << 12

// stamp tries numbers until one is good.
func (s *Stack) stamp(ctx context.Context, f protocol.Stamp) {
	s.jobs.Go(func() {
		for nonce := int64(0); nonce%stampLook != 0 || ctx.Err() == nil; nonce++ {
			if f.Good(nonce) {
				s.profile.Loop.Deliver(ctx, protocol.Stamped{Job: f.Job, Nonce: nonce})
				return
			}
		}
	})
}

// recipe is one of the machine's as the worker takes it; nil stays nil.
func recipe(r *protocol.Recipe) *worker.Recipe {
	if r == nil {
		return nil
	}
	return &worker.Recipe{Parameters: r.Parameters, Seeds: r.Seeds}
}

// outcome is a result of the worker as the machine takes it. A run that diverged has no performance, on every machine alike.
func outcome(o worker.Outcome) (protocol.Outcome, error) {
	if o.Diverged {
		return protocol.Outcome{}, fmt.Errorf("%w: the run diverged", protocol.ErrRefused)
	}
	sums, err := chain.NewSums(o.Paired.S1, o.Paired.S2, int64(o.Paired.N))
	if err != nil {
		return protocol.Outcome{}, fmt.Errorf("what the worker counted: %w", err)
	}
	return protocol.Outcome{Performance: o.Performance, Digest: o.Digest, Sums: sums, Metrics: o.Metrics, SyntheticScore: o.SyntheticScore,
		IncumbentScore: o.IncumbentScore, SyntheticDataHash: o.SyntheticDataHash}, nil
}

// limit holds a recipe against the domain's limits here.
func (s *Stack) limit(ev protocol.Evaluate) error {
	for _, d := range s.Config.Domains {
		if d.ID != ev.Domain {
			continue
		}
		if s.profile.Unbounded {
			d.Bounds = nil
		}
		return CheckLimits(&d, ev.Parameters)
	}
	return nil
}

// verdict translates the worker's errors into what they mean for a vote. Time and memory are this machine's, and so are its
// data and its programs: they are no reason to vote against anybody.
func verdict(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, worker.ErrDataHash), errors.Is(err, worker.ErrUnknownDomain), errors.Is(err, worker.ErrUnsupported),
		errors.Is(err, worker.ErrTimeout), errors.Is(err, worker.ErrMemory):
		return fmt.Errorf("%w: %v", protocol.ErrAbstain, err)
	case errors.Is(err, worker.ErrRefused):
		return fmt.Errorf("%w: %v", protocol.ErrRefused, err)
	}
	return err
}

// infer runs a forecast in the worker, tells the machine and wakes the client.
func (s *Stack) infer(ctx context.Context, f protocol.Inference) {
	s.jobs.Go(func() {
		began := time.Now()
		result, err := s.Workers.Infer(ctx, f.Domain, *recipe(&f.Recipe), f.Input)
		s.metrics.forecast(f.Domain, time.Since(began))
		s.asked.answer(f.Wanted, inferenceAnswer{result, err})
		s.profile.Loop.Deliver(ctx, protocol.Inferred{TaskID: f.TaskID, Result: result, Err: err})
	})
}
