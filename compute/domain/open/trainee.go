package open

import (
	"doin.network/node/compute/device"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

var _ Trainee = (*supervised.Domain)(nil)

// Trainee is a domain whose claims consist of trainings of package nn, so that two digests of one training can be settled
// (package referee). It is here and not in package domain because a node, which imports that one, knows nothing of how
// networks are trained.
type Trainee interface {
	domain.Domain
	// TrainOn has t run the domain's trainings instead of the processor. It is for before the first of them.
	TrainOn(t device.Trainer)
	// DrawWith has draw draw the networks of claims, which are shown without a drawing otherwise. It is for before the first of them.
	DrawWith(draw kind.Draw)
	// Training returns one training of a claim, whose root the digest of the claim covers: that of a fold or, with fold
	// the number of folds, the final one, which makes so many steps. The sources are the domain's own and may be read by
	// several goroutines. It returns what Check returns for a bad recipe, and ErrRecipe for a fold or steps that are none.
	Training(parameters *canon.Object, seed uint64, fold, steps int) (nn.Task, error)
}
