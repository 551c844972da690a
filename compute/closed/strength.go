package closed

// Strength returns how much y repeats itself after p rows: the correlation by which Periods judges p, of y less its centred mean
// over p rows; at most about 1, and 0 for a series shorter than three periods. It is for people to read.
func Strength(y []float64, p int) float64 {
	if p < 2 || len(y) < 3*p {
		return 0
	}
	return correlation(detrended(scaled(y), p), p)
}
