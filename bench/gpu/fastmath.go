package gpu

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/bench/workload"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/nn"
)

// MeasureFastMath compares two cards, which are one with two images of the same compiler: what Rebuild makes without and
// with fast. Until bounds it, the zero time does not. Nothing that the fast kernels compute is looked at.
func MeasureFastMath(ctx context.Context, exact, fast *Card, cfg Config, toolkit string, r *Report) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	w := workload.All(cfg.Steps)[0]
	tasks := w.Tasks(cfg.Populations[0])
	var engines [2]*block.Engine
	for i, card := range []*Card{exact, fast} {
		e, opening := card.Engine(block.Options{})
		if opening != nil {
			return errors.Join(err, opening)
		}
		defer func() { err = errors.Join(err, e.Close()) }()
		engines[i] = e
		if err := warm(ctx, card, e, tasks); err != nil {
			return fmt.Errorf("%s: %w", card.Source, err)
		}
	}
	var samples [2][]sample
	f := &FastMath{Name: w.Name, Population: len(tasks), Toolkit: toolkit}
	for n := range cfg.Repetitions {
		if n > 0 && !cfg.Until.IsZero() && !time.Now().Before(cfg.Until) {
			break
		}
		for i, card := range []*Card{exact, fast} {
			s, stops, err := timedTraining(ctx, card, engines[i], tasks)
			if err != nil {
				return fmt.Errorf("%s: %w", card.Source, err)
			}
			samples[i] = append(samples[i], s)
			f.DivergedTooSoon = f.DivergedTooSoon || early(tasks, stops)
		}
	}
	f.enter(samples[0], samples[1])
	r.FastMath = f
	return nil
}

// early reports whether a training ended before its last step.
func early(tasks []nn.Task, stops []int) bool {
	for i, s := range stops {
		if s < tasks[i].Config.MaxSteps {
			return true
		}
	}
	return false
}

func (f *FastMath) enter(exact, fast []sample) {
	var e, q, ratio, de, dq, deviceRatio []float64
	for i := range exact {
		e, q = append(e, exact[i].seconds), append(q, fast[i].seconds)
		ratio = append(ratio, exact[i].seconds/fast[i].seconds)
		if fast[i].onDevice > 0 {
			de, dq = append(de, exact[i].onDevice), append(dq, fast[i].onDevice)
			deviceRatio = append(deviceRatio, exact[i].onDevice/fast[i].onDevice)
		}
	}
	n := float64(f.Population)
	f.Exact, f.Fast, f.Cost, f.Repetitions = n/report.Median(e), n/report.Median(q), report.Median(ratio)-1, len(exact)
	if len(de) > 0 {
		f.ExactDevice, f.FastDevice, f.DeviceCost = report.Median(de), report.Median(dq), report.Median(deviceRatio)-1
	}
}
