package quadratic

import "math"

// Sum returns Σ v in the order of numpy's pairwise summation of a contiguous array: fewer than 8 values one by one
// from −0; up to 128 in eight accumulators, combined as ((0+1)+(2+3))+((4+5)+(6+7)), the rest of the division by eight
// one by one; more are split in halves, the first of a length divisible by 8. The result is added to +0.
func Sum(v []float64) float64 { return 0 + pairwise(v) }

func pairwise(v []float64) float64 {
	n := len(v)
	if n < 8 {
		s := math.Copysign(0, -1)
		for _, x := range v {
			s += x
		}
		return s
	}
	if n > 128 {
		half := n / 2
		half -= half % 8
		return pairwise(v[:half]) + pairwise(v[half:])
	}
	var r [8]float64
	copy(r[:], v)
	i := 8
	for ; i < n-n%8; i += 8 {
		for j := range r {
			r[j] += v[i+j]
		}
	}
	s := ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
	for ; i < n; i++ {
		s += v[i]
	}
	return s
}

// Loss returns Σ(xᵢ − tᵢ)² in the order of Sum. x and t have equal lengths.
func Loss(x, t []float64) float64 {
	squares := make([]float64, len(x))
	for i := range x {
		d := x[i] - t[i]
		squares[i] = float64(d * d)
	}
	return Sum(squares)
}
