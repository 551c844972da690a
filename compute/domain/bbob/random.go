package bbob

import (
	"math"
	"slices"

	"doin.network/node/compute/f64"
)

// tiny takes the place of draws that are 0.
const tiny = 1e-99

// uniforms returns n draws in (0, 1] of the definition's generator: that of Park and Miller with a table of 32 against
// correlations (Bays and Durham). Seeds below 1 are 1.
func uniforms(n int, seed int64) []float64 {
	const modulus = 2147483647
	state := max(seed, -seed, 1)
	step := func() {
		q := state / 127773
		if state = 16807*(state-q*127773) - 2836*q; state < 0 {
			state += modulus
		}
	}
	var table [32]int64
	for i := 39; i >= 0; i-- {
		if step(); i < len(table) {
			table[i] = state
		}
	}
	out, drawn := make([]float64, n), table[0]
	for i := range out {
		step()
		at := drawn / 67108865
		drawn, table[at] = table[at], state
		if out[i] = float64(drawn) / modulus; drawn == 0 {
			out[i] = tiny
		}
	}
	return out
}

// gaussians returns n standard normal draws by Box and Muller.
func gaussians(n int, seed int64) []float64 {
	u := uniforms(2*n, seed)
	out := make([]float64, n)
	for i := range out {
		if out[i] = float64(math.Sqrt(-2*f64.Log(u[i])) * f64.Cos(2*math.Pi*u[n+i])); out[i] == 0 {
			out[i] = tiny
		}
	}
	return out
}

// matrix is square, by rows.
type matrix [][]float64

func newMatrix(n int) matrix {
	m, all := make(matrix, n), make([]float64, n*n)
	for i := range m {
		m[i] = all[i*n : (i+1)*n : (i+1)*n]
	}
	return m
}

// rotation returns a random orthogonal matrix: columns of normal draws, made orthonormal one after another (Gram and Schmidt).
func rotation(n int, seed int64) matrix {
	g, m := gaussians(n*n, seed), newMatrix(n)
	for i := range m {
		for j := range m {
			m[i][j] = g[j*n+i]
		}
	}
	for i := range n {
		for j := range i {
			product := 0.0
			for k := range n {
				product += float64(m[k][i] * m[k][j])
			}
			for k := range n {
				m[k][i] -= float64(product * m[k][j])
			}
		}
		square := 0.0
		for k := range n {
			square += float64(m[k][i] * m[k][i])
		}
		for k := range n {
			m[k][i] /= math.Sqrt(square)
		}
	}
	return m
}

// order returns the indices of values, the smallest value first.
func order(values []float64) []int {
	out := make([]int, len(values))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case values[a] < values[b]:
			return -1
		case values[a] > values[b]:
			return 1
		}
		return 0
	})
	return out
}

// optimum returns a point of multiples of 0.0008 in [−4, 4], none 0.
func optimum(n int, seed int64) []float64 {
	x := uniforms(n, seed)
	for i := range x {
		if x[i] = 8*math.Floor(1e4*x[i])/1e4 - 4; x[i] == 0 {
			x[i] = -1e-5
		}
	}
	return x
}

// bestValue returns the value at the optimum: a quotient of two normal draws in hundredths, at most 1000 in magnitude.
func bestValue(seed int64) float64 {
	v := 100 * gaussians(1, seed)[0] / gaussians(1, seed+1)[0]
	return min(1000, max(-1000, math.Floor(float64(100*v)+0.5)/100))
}
