package supervised

import (
	"context"

	"golang.org/x/sync/errgroup"

	"doin.network/node/compute/closed"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// ownShare is the share of the network's own error in a trial's performance, so that recipes whose network has no weight
// in the ensemble differ too.
const ownShare = 0x1p-10

// Try implements domain.Domain: the performance of an ensemble with one network, whose trainings are those of the trial's
// folds. Metrics: status, the steps of all trainings, and "own_error", the network's alone in units of the performance.
func (d *Domain) Try(ctx context.Context, t domain.Trial, each domain.Each) (domain.Tried, error) {
	g, err := d.Genome(t.Parameters)
	if err == nil {
		err = t.Validate(d.spec.Folds)
	}
	if err != nil {
		return domain.Tried{}, err
	}
	folds := t.Folds
	if len(folds) == 0 {
		for f := range d.spec.Folds {
			folds = append(folds, f)
		}
	}
	runs := make([]run, len(folds))
	view := d.problem.View(g)
	var curve domain.Curve
	group, within := errgroup.WithContext(ctx)
	group.Go(func() error { return d.closed.fit(within, d, each) })
	group.Go(func() error {
		return each.Or()(within, len(folds), func(ctx context.Context, i int) (err error) {
			task := d.paused(g, t.Seed, folds[i], t.Rung)
			if i == 0 {
				task.OnValidation = func(step int, train, validation float32) {
					curve.Add(domain.Point{Step: step, Train: float64(train), Validation: float64(validation)})
				}
			}
			if runs[i], err = d.train(ctx, g, task); err == nil {
				runs[i].paused = task.Config.ScheduleSteps > 0
				runs[i].predict(view.Validation(folds[i]))
			}
			return err
		})
	})
	if err := group.Wait(); err != nil {
		return domain.Tried{}, cause(ctx, err)
	}
	out := d.tried(view, folds, runs)
	out.Curve = curve.Points()
	return out, nil
}

// tried measures the trainings of a trial.
func (d *Domain) tried(view View, folds []int, runs []run) domain.Tried {
	steps, status, paused := 0, nn.Completed, false
	for i := range runs {
		steps += runs[i].stopStep
		paused = paused || runs[i].paused
		if runs[i].status == nn.Diverged || status != nn.Diverged && runs[i].status == nn.Stopped {
			status = runs[i].status
		}
	}
	out := domain.Tried{Performance: float64(gone.Loss), Status: status.String()}
	if status == nn.Completed && paused {
		out.Status = "paused"
	}
	out.Metrics = canon.NewObject("status", out.Status, "steps", steps)
	if status == nn.Diverged {
		return out
	}
	lists := make([][][]float32, len(folds))
	alone := make([][][]float32, len(folds))
	for i, fold := range folds {
		alone[i] = [][]float32{runs[i].predictions}
		lists[i] = append([][]float32{runs[i].predictions}, d.closed.predictions[fold]...)
	}
	all, _ := d.pooled(view, folds, lists, d.weigh(view, folds, lists, 1))
	own, _ := d.pooled(view, folds, alone, []int{1})
	if !vec.IsFinite(all.Loss) || !vec.IsFinite(own.Loss) {
		out.Status = nn.Diverged.String()
		out.Metrics.Set("status", out.Status)
		return out
	}
	out.Metrics.Set("own_error", d.scaled(own.Loss)).Set("error", d.scaled(all.Loss))
	out.Performance = -(float64((1-ownShare)*d.scaled(all.Loss)) + float64(ownShare*d.scaled(own.Loss)))
	return out
}

// pooled measures an ensemble over the validation cases of folds; predictions are [fold of those][member].
func (d *Domain) pooled(view View, folds []int, predictions [][][]float32, weights []int) (Measure, []float32) {
	var parts []Measure
	var all []float32
	for i, fold := range folds {
		cases := view.Validation(fold)
		out := make([]float32, cases.Len()*cases.Width())
		closed.Combine(weights, predictions[i], out)
		m, errors := measure(cases, out)
		parts, all = append(parts, m), append(all, errors...)
	}
	return pool(parts, all), all
}
