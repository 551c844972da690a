package supervised

import (
	"context"
	"fmt"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// Segment is the number of steps between two leaves of a digest.
const Segment = 50

// Training returns one training of a claim: that of a fold, or with fold = Folds the final one, which makes so many
// steps; steps means nothing for the others. See Trainee in package open. It returns what Check returns for a bad recipe.
func (d *Domain) Training(parameters *canon.Object, seed uint64, fold, steps int) (nn.Task, error) {
	g, err := d.Genome(parameters)
	if err != nil {
		return nn.Task{}, err
	}
	k, _ := d.kindOf(g)
	switch {
	case k != nil:
		return nn.Task{}, fmt.Errorf("%w: a %s is no training of the engine: machines agree on it within a share, and no referee settles it",
			domain.ErrRecipe, k.Name())
	case fold < 0 || fold > d.spec.Folds:
		return nn.Task{}, fmt.Errorf("%w: fold %d: must be in [0, %d]", domain.ErrRecipe, fold, d.spec.Folds)
	case fold < d.spec.Folds:
		return d.training(g, seed, fold), nil
	case steps < 1 || steps > d.maxSteps:
		return nn.Task{}, fmt.Errorf("%w: %d steps: must be in [1, %d]", domain.ErrRecipe, steps, d.maxSteps)
	}
	return d.final(g, seed, steps), nil
}

// training returns the training of a genome that has passed Genome on a fold, with the segments of a digest.
func (d *Domain) training(g genome.Genome, seed uint64, fold int) nn.Task {
	t := nn.Task{
		Config: d.problem.Shape(g),
		Key:    nn.TaskKey(nn.ContractVersion, d.spec.Plugin, d.space.Object(g), d.spec.DataHash, seed),
	}
	t.Train, t.Validation = d.problem.View(g).Sources(fold)
	t.Config.Segment = Segment
	return t
}

// final returns the training on everything before the test part: so many steps of the same schedule, without early
// stopping.
func (d *Domain) final(g genome.Genome, seed uint64, steps int) nn.Task {
	t := d.training(g, seed, d.spec.Folds)
	t.Config.ScheduleSteps, t.Config.MaxSteps = t.Config.MaxSteps, steps
	t.Config.EvalEvery, t.Config.Patience = 0, 0
	return t
}

// paused returns the training of a trial: without a digest and, with a rung above 0, paused after 3^rung epochs of its
// schedule.
func (d *Domain) paused(g genome.Genome, seed uint64, fold, rung int) nn.Task {
	t := d.training(g, seed, fold)
	t.Config.Segment = 0
	if rung == 0 {
		return t
	}
	n := t.Train.Len()
	steps := max(1, n/min(t.Config.Batch, n)) // of an epoch
	for range rung {
		if steps *= 3; steps >= t.Config.MaxSteps {
			return t
		}
	}
	t.Config.ScheduleSteps, t.Config.MaxSteps = t.Config.MaxSteps, steps
	return t
}

// run is what is kept of a training.
type run struct {
	status             nn.Status // 0: not made
	stopStep, bestStep int
	paused             bool // before the end of its schedule
	root               [32]byte
	model              trained // nil: diverged
	// predictions are those of the cases that the training has not seen.
	predictions []float32
}

// train runs one training.
func (d *Domain) train(ctx context.Context, g genome.Genome, t nn.Task) (run, error) {
	view := d.problem.View(g)
	if k, v := d.kindOf(g); k != nil {
		return d.trainKind(ctx, k, v, &t, view)
	}
	r, err := d.trainer.Train(ctx, &t)
	if err != nil {
		return run{}, fmt.Errorf("%s: train: %w", d.spec.Plugin, err)
	}
	out := run{status: r.Status, stopStep: r.StopStep, bestStep: r.BestStep, root: r.Root}
	if r.Status != nn.Diverged {
		out.model = &network{net: r.Network, view: view, inputs: t.Config.Inputs}
	}
	return out, nil
}

// predict fills in the predictions of cases.
func (r *run) predict(c Cases) {
	if r.model != nil {
		r.predictions = predictions(r.model, c)
	}
}
