package engine

import (
	"context"
	"fmt"
	"time"

	"doin.network/node/bench/workload"
	"doin.network/node/compute/nn"
)

// train measures a workload on a number of workers: populations are trained until the time is up, and the wall time of the
// fastest is divided by the optimizer steps of all its models.
func (b *bench) train(ctx context.Context, w measured, workers int) error {
	engine, err := nn.NewEngine(nn.EngineConfig{Workers: workers, ISA: b.isa})
	if err != nil {
		return err
	}
	tasks := w.Tasks(max(2*workers, len(w.Models)))
	var steps, models, operations, seconds float64
	before := b.peak()
	for end := time.Now().Add(b.cfg.Duration); ; {
		begun := time.Now()
		results, err := engine.Train(ctx, tasks, nil)
		if err != nil {
			return err
		}
		took := time.Since(begun).Seconds()
		if seconds == 0 || took < seconds {
			seconds = took
		}
		steps, models, operations = 0, float64(len(results)), 0 // the same for every population
		for i, r := range results {
			if r.Status == nn.Diverged {
				return fmt.Errorf("bench: a model of %s diverged", w.String())
			}
			steps += float64(r.StopStep)
			operations += float64(r.StopStep) * workload.Flop(&tasks[i].Config)
		}
		if !time.Now().Before(end) {
			break
		}
	}
	s := seconds
	f := fmt.Sprintf("%s/%d", w.String(), workers)
	if workers == 1 && len(w.Models) == 1 {
		// One model on one core: slices of a running training, which the peak's slices are compared with.
		us, err := b.step(tasks[0])
		if err != nil {
			return err
		}
		s = us * steps / 1e6
	}
	b.add(f, s/steps*1e6)
	b.add(f+"/models", models/seconds)
	b.add(f+"/population", seconds/steps*1e6)
	b.add(f+"/flop", operations/steps)
	b.share(f, operations/s/1e9, before, b.peak())
	return nil
}

// step returns the microseconds of a whole optimizer step of one training that goes on: gather, forward, loss, backward, AdamW.
func (b *bench) step(t nn.Task) (float64, error) {
	t.Config.MaxSteps = nn.MaxSteps
	run, err := nn.NewRun(&t, b.isa)
	if err != nil {
		return 0, err
	}
	ended := false
	s := timed(b.cfg.Duration, func(n int) {
		for range n {
			ended = run.Step() || ended
		}
	})
	if ended {
		return 0, fmt.Errorf("bench: a training ended early")
	}
	return s * 1e6, nil
}
