package f64

import "math"

// A symmetric matrix of order n is held as its lower triangle, row by row, in n·(n+1)/2 numbers: element (i, j), j ≤ i,
// lies at i·(i+1)/2 + j.

// Triangle returns the length of the lower triangle of order n.
func Triangle(n int) int { return n * (n + 1) / 2 }

// Gram adds the products of one row to the normal equations: g(i, j) = g(i, j) + x[i] × x[j] for j ≤ i, and b[i] = b[i] +
// x[i] × y, products rounded. Rows are added in ascending order, so each element is one chain. g [n(n+1)/2], b [n], x [n].
func Gram(g, b, x []float64, y float64) {
	at := 0
	for i, v := range x {
		Axpy(v, x[:i+1], g[at:])
		at += i + 1
	}
	Axpy(y, x, b)
}

// Cholesky replaces the lower triangle a of a symmetric matrix of order n by L with L·Lᵀ = A, row by row: l(i, j) = (a(i, j) −
// Dot of the rows i and j up to column j) ÷ l(j, j), and l(i, i) = √ of the difference. It reports false, and leaves a of no
// use, where a difference on the diagonal is not above 0.
func Cholesky(a []float64, n int) bool {
	for i := range n {
		ri := a[Triangle(i):]
		for j := range i {
			rj := a[Triangle(j):]
			ri[j] = (ri[j] - Dot(ri[:j], rj)) / rj[j]
		}
		d := ri[i] - Dot(ri[:i], ri)
		if !(d > 0) || d > math.MaxFloat64 {
			return false
		}
		ri[i] = math.Sqrt(d)
	}
	return true
}

// Solve replaces b by the solution of L·Lᵀ·x = b, where l is what Cholesky left, of order len(b): forward with ascending
// chains, then backward, column by column from the last: x[i] = b[i] ÷ l(i, i), and b[j] = b[j] − x[i] × l(i, j) for j < i.
func Solve(l, b []float64) {
	for i := range b {
		row := l[Triangle(i):]
		b[i] = (b[i] - Dot(b[:i], row)) / row[i]
	}
	for i := len(b) - 1; i >= 0; i-- {
		row := l[Triangle(i):]
		b[i] /= row[i]
		Axpy(-b[i], row[:i], b)
	}
}
