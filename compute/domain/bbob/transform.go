package bbob

import (
	"math"

	"doin.network/node/compute/f64"
)

// share is i ÷ (n − 1), the place of coordinate i; 0 for the only one.
func share(i, n int) float64 {
	if n == 1 {
		return 0
	}
	return float64(i) / float64(n-1)
}

// powers returns base^(i ÷ (n − 1)).
func powers(base float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = f64.Pow(base, share(i, n))
	}
	return out
}

// apply sets y to m × x. They are different.
func (m matrix) apply(y, x []float64) {
	for i := range m {
		y[i] = f64.Dot(x, m[i])
	}
}

// between returns a × diag(scale) × b.
func between(a matrix, scale []float64, b matrix) matrix {
	n := len(a)
	out := newMatrix(n)
	for i := range n {
		for j := range n {
			for k := range n {
				out[i][j] += float64(float64(a[i][k]*scale[k]) * b[k][j])
			}
		}
	}
	return out
}

// scaled returns diag(scale) × m.
func scaled(scale []float64, m matrix) matrix {
	out := newMatrix(len(m))
	for i := range m {
		for j := range m {
			out[i][j] = scale[i] * m[i][j]
		}
	}
	return out
}

// wave is T_osz for one number, its two branches with sines of the given speeds.
func wave(x float64) float64 {
	switch {
	case x > 0:
		return ripple(x, 1, 0.79)
	case x < 0:
		return -ripple(-x, 0.55, 0.31)
	}
	return x
}

func ripple(x, a, b float64) float64 {
	t := f64.Log(x) / 0.1
	sines := f64.Sin(a*t) + f64.Sin(b*t)
	return f64.Exp(0.1 * (t + float64(0.49*sines)))
}

// oscillate is T_osz in place.
func oscillate(x []float64) {
	for i := range x {
		x[i] = wave(x[i])
	}
}

// skew is T_asy in place.
func skew(beta float64, x []float64) {
	for i, v := range x {
		if v > 0 {
			e := 1 + float64(float64(beta*share(i, len(x)))*math.Sqrt(v))
			x[i] = f64.Pow(v, e)
		}
	}
}

// cosine is cos 2πx, its argument reduced first.
func cosine(x float64) float64 {
	x = float64(x) // a caller's product, rounded: this may be inlined
	return f64.Cos(2 * math.Pi * (x - math.Floor(x+0.5)))
}

// outside is the boundary's penalty: Σ max(0, |x| − 5)².
func outside(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		if d := math.Abs(v) - 5; d > 0 {
			sum += float64(d * d)
		}
	}
	return sum
}

// weighted is Σ w·z².
func weighted(w, z []float64) float64 {
	sum := 0.0
	for i, v := range z {
		sum += float64(w[i] * float64(v*v))
	}
	return sum
}
