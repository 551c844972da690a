package supervised

import "doin.network/node/compute/closed"

// weigh returns the weights of an ensemble's members (closed.Weights), derived from their predictions of the validation
// cases of folds: predictions[fold of those][member], nil for a member that diverged, which gets none. The errors of a fold
// are in units of the baseline's there.
func (d *Domain) weigh(view View, folds []int, predictions [][][]float32) []int {
	loss := closed.Absolute
	if d.spec.Accuracy {
		loss = closed.Logarithmic
	}
	list := make([]closed.Fold, len(folds))
	var alive []int
	for i, fold := range folds {
		cases := view.Validation(fold)
		f := closed.Fold{Targets: make([]float32, cases.Len()*cases.Width()), Outputs: cases.Width(), Scale: d.naiveErrors[fold]}
		cases.Targets(f.Targets)
		alive = alive[:0]
		for m, p := range predictions[i] {
			if p != nil {
				f.Predictions, alive = append(f.Predictions, p), append(alive, m)
			}
		}
		list[i] = f
	}
	weights := make([]int, len(predictions[0]))
	for i, w := range closed.Weights(list, loss) {
		weights[alive[i]] = w
	}
	return weights
}
