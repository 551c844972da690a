package cma

import "math"

// eigen returns eigenvalues and, as the columns of b, orthonormal eigenvectors of a symmetric matrix a of n × n, by rows: by
// cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, §8.5) of start^T × a × start, which for the eigenvectors of
// a matrix near a is almost diagonal. start is the identity or b of before; it is not changed.
func eigen(n int, a, start []float64) (values, b []float64) {
	b = append([]float64(nil), start...)
	m := congruent(n, a, b)
	for range 30 {
		off, diagonal := 0.0, 0.0
		for i := range n {
			diagonal += float64(m[i*n+i] * m[i*n+i])
			for j := range i {
				off += float64(m[i*n+j] * m[i*n+j])
			}
		}
		if !(off > 1e-30*diagonal) {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(n, m, b, p, q)
			}
		}
	}
	values = make([]float64, n)
	for i := range values {
		values[i] = m[i*n+i]
	}
	return values, b
}

// congruent returns b^T × a × b.
func congruent(n int, a, b []float64) []float64 {
	half, out := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		row := half[i*n : (i+1)*n]
		for k := range n {
			axpy(a[i*n+k], b[k*n:(k+1)*n], row)
		}
	}
	for k := range n {
		for i := range n {
			axpy(b[k*n+i], half[k*n:(k+1)*n], out[i*n:(i+1)*n])
		}
	}
	return out
}

// axpy adds c × x to y.
func axpy(c float64, x, y []float64) {
	for i, v := range x {
		y[i] += float64(c * v)
	}
}

// rotate makes m[p][q] zero and turns the columns p and q of b with it.
func rotate(n int, m, b []float64, p, q int) {
	apq := m[p*n+q]
	if math.Abs(apq) <= 1e-18*math.Sqrt(math.Abs(float64(m[p*n+p]*m[q*n+q]))) {
		return
	}
	theta := (m[q*n+q] - m[p*n+p]) / (2 * apq)
	t := 1 / (math.Abs(theta) + math.Sqrt(float64(theta*theta)+1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(float64(t*t)+1)
	s := t * c
	for k := range n {
		x, y := m[k*n+p], m[k*n+q]
		m[k*n+p], m[k*n+q] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
	for k := range n {
		x, y := m[p*n+k], m[q*n+k]
		m[p*n+k], m[q*n+k] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
	for k := range n {
		x, y := b[k*n+p], b[k*n+q]
		b[k*n+p], b[k*n+q] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
}
