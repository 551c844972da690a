package vec

// ReLU returns x where x > 0, and +0 otherwise, NaN included.
func ReLU(x float32) float32 {
	if x > 0 {
		return x
	}
	return 0
}
