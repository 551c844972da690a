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

// Train implements domain.Domain: it trains the network of a recipe.
func (d *Domain) Train(ctx context.Context, parameters *canon.Object, seed uint64, digest bool) (domain.Model, error) {
	g, err := d.Genome(parameters)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	task := d.training(g, seed)
	if !digest {
		task.Config.Segment = 0
	}
	r, err := d.trainer.Train(ctx, &task)
	if err != nil {
		return nil, fmt.Errorf("%s: train: %w", d.spec.Plugin, err)
	}
	return d.newModel(g, r, digest), nil
}

// Training returns the training that Train runs with digest true; see Trainee in package open. It returns what Check
// returns for a bad recipe.
func (d *Domain) Training(parameters *canon.Object, seed uint64) (nn.Task, error) {
	g, err := d.Genome(parameters)
	if err != nil {
		return nn.Task{}, err
	}
	return d.training(g, seed), nil
}

// Measure returns the model of a finished run of a recipe's training, with its digest. It returns what Check returns for
// a bad recipe.
func (d *Domain) Measure(parameters *canon.Object, r *nn.Result) (domain.Model, error) {
	g, err := d.Genome(parameters)
	if err != nil {
		return nil, err
	}
	return d.newModel(g, r, true), nil
}

// training returns the training of a genome that has passed Genome, with the segments of a digest.
func (d *Domain) training(g genome.Genome, seed uint64) nn.Task {
	t := nn.Task{
		Config: d.problem.Shape(g),
		Key:    nn.TaskKey(nn.ContractVersion, d.spec.Plugin, d.space.Object(g), d.spec.DataHash, seed),
	}
	t.Train, t.Validation = d.problem.View(g).Sources()
	t.Config.Segment = Segment
	return t
}
