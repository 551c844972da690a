package supervised

// weigh returns the weights of an ensemble's members, derived from their predictions of the validation cases of all folds:
// predictions[fold][member], nil for a member that diverged, which gets none.
func (d *Domain) weigh(predictions [][][]float32) []int {
	weights := make([]int, len(predictions[0]))
	for i, p := range predictions[0] {
		if p != nil {
			weights[i] = 1
		}
	}
	return weights
}
