package f64

// Sum returns x[0] + x[1] + …, one chain from +0, ascending.
func Sum(x []float64) float64 {
	var acc float64
	for _, v := range x {
		acc += v
	}
	return acc
}

// Dot returns Σ x[i]·y[i], each product rounded, one chain from +0, ascending. len(y) ≥ len(x).
func Dot(x, y []float64) float64 {
	y = y[:len(x)]
	var acc float64
	for i, v := range x {
		acc += float64(v * y[i])
	}
	return acc
}

// Axpy sets y[i] = y[i] + a × x[i], the product rounded. len(y) ≥ len(x).
func Axpy(a float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float64(a * v)
	}
}
