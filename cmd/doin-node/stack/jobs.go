package stack

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
)

// evaluate runs a training in the worker and tells the machine how it ended.
func (s *Stack) evaluate(ctx context.Context, ev protocol.Evaluate) {
	s.jobs.Go(func() {
		job := worker.Job{Domain: ev.Domain, Parameters: ev.Parameters, Seeds: []uint64{ev.Seed}, Own: ev.Own}
		if y := ev.Synthetic; y != nil && (s.profile.Synthetic == nil || s.profile.Synthetic(ev.Domain)) {
			job.Synthetic = &worker.SyntheticJob{Seed: y.Seed}
			if y.Incumbent != nil {
				job.Synthetic.Incumbent = &worker.Recipe{Parameters: y.Incumbent, Seeds: []uint64{y.IncumbentSeed}}
			}
		}
		err := s.limit(ev)
		var o worker.Outcome
		if err == nil {
			o, err = s.Workers.Evaluate(ctx, job)
		}
		if ctx.Err() != nil {
			return
		}
		s.profile.Loop.Deliver(ctx, protocol.Evaluated{Job: ev.Job, Err: verdict(err), Outcome: protocol.Outcome{
			Performance: o.Performance, Digest: o.Digest, Metrics: o.Metrics, SyntheticScore: o.SyntheticScore,
			IncumbentScore: o.IncumbentScore, SyntheticDataHash: o.SyntheticDataHash}})
	})
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
		result, err := s.Workers.Infer(ctx, f.Domain, worker.Recipe{Parameters: f.Parameters, Seeds: []uint64{f.Seed}}, f.Input)
		s.asked.answer(f.Wanted, inferenceAnswer{result, err})
		s.profile.Loop.Deliver(ctx, protocol.Inferred{TaskID: f.TaskID, Result: result, Err: err})
	})
}
