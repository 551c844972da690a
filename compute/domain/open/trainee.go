package open

import (
	"doin.network/node/compute/device"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

var _ Trainee = (*supervised.Domain)(nil)

// Trainee is a domain whose recipes are trainings of package nn, so that two digests of one recipe can be settled
// (package referee). Its Train with digest true is the run of Training, and then Measure. It is here and not in package
// domain because a node, which imports that one, knows nothing of how networks are trained.
type Trainee interface {
	domain.Domain
	// TrainOn has t run the domain's trainings instead of the processor. It is for before the first of them.
	TrainOn(t device.Trainer)
	// Training returns the training behind a recipe and a seed, whose root the digest of the model covers. The sources
	// are the domain's own and may be read by several goroutines. It returns what Check returns for a bad recipe.
	Training(parameters *canon.Object, seed uint64) (nn.Task, error)
	// Measure returns the model of a finished run of the recipe's training, with its digest. The result must be of that
	// recipe and is kept. It returns what Check returns for a bad recipe.
	Measure(parameters *canon.Object, r *nn.Result) (domain.Model, error)
}
