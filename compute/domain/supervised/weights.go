package supervised

import "doin.network/node/compute/closed"

// weigh returns the weights of an ensemble's members (closed.Weights), derived from their predictions of the validation
// cases of folds: predictions[fold of those][member], nil for a member that diverged, which gets none. The first members, as many as
// networks says, are of one recipe: they stand for one member, the mean of those that did not diverge, and have equal weights, so that
// no seed is chosen for its luck. The errors of a fold are in units of the baseline's there.
func (d *Domain) weigh(view View, folds []int, predictions [][][]float32, networks int) []int {
	loss := closed.Absolute
	if d.spec.Accuracy {
		loss = closed.Logarithmic
	}
	alive := make([]int, len(predictions[0]))
	count := 0
	for m := range alive {
		if predictions[0][m] != nil {
			alive[m] = 1
			if m < networks {
				count++
			}
		}
	}
	list := make([]closed.Fold, len(folds))
	for i, fold := range folds {
		cases := view.Validation(fold)
		f := closed.Fold{Targets: make([]float32, cases.Len()*cases.Width()), Outputs: cases.Width(), Scale: d.naiveErrors[fold]}
		cases.Targets(f.Targets)
		if count > 0 {
			mean := make([]float32, len(f.Targets))
			closed.Combine(alive[:networks], predictions[i][:networks], mean)
			f.Predictions = append(f.Predictions, mean)
		}
		f.Predictions = append(f.Predictions, predictions[i][networks:]...)
		list[i] = f
	}
	picked := closed.Weights(list, loss)
	weights := make([]int, 0, len(alive))
	for _, a := range alive[:networks] {
		if a > 0 {
			a = picked[0]
		}
		weights = append(weights, a)
	}
	if count > 0 {
		picked = picked[1:]
	}
	for _, w := range picked {
		weights = append(weights, w*max(count, 1))
	}
	return closed.Reduced(weights)
}
