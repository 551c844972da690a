package bbob

import (
	"math"

	"doin.network/node/compute/f64"
)

// minus sets z to x − y.
func minus(z, x, y []float64) {
	for i := range z {
		z[i] = x[i] - y[i]
	}
}

func sphere(n int, seed int64) ([]float64, func([]float64) float64) {
	best := optimum(n, seed)
	return best, func(x []float64) float64 {
		sum := 0.0
		for i, v := range x {
			d := v - best[i]
			sum += float64(d * d)
		}
		return sum
	}
}

func ellipsoid(n int, seed int64) ([]float64, func([]float64) float64) {
	best, weights := optimum(n, seed), powers(1e6, n)
	return best, func(x []float64) float64 {
		z := make([]float64, n)
		minus(z, x, best)
		oscillate(z)
		return weighted(weights, z)
	}
}

// waves is Rastrigin's sum.
func waves(z []float64) float64 {
	cosines, squares := 0.0, 0.0
	for _, v := range z {
		cosines += cosine(v)
		squares += float64(v * v)
	}
	return float64(10*(float64(len(z))-cosines)) + squares
}

func rastrigin(n int, seed int64) ([]float64, func([]float64) float64) {
	best, scale := optimum(n, seed), powers(math.Sqrt(10), n)
	return best, func(x []float64) float64 {
		z := make([]float64, n)
		minus(z, x, best)
		oscillate(z)
		skew(0.2, z)
		for i := range z {
			z[i] *= scale[i]
		}
		return waves(z)
	}
}

// skewRastrigin is f4, of Büche and Rastrigin.
func skewRastrigin(n int, seed int64) ([]float64, func([]float64) float64) {
	best, scale := optimum(n, seed), powers(math.Sqrt(10), n)
	for i := 0; i < n; i += 2 {
		best[i] = math.Abs(best[i])
	}
	return best, func(x []float64) float64 {
		z := make([]float64, n)
		minus(z, x, best)
		oscillate(z)
		for i := range z {
			if s := scale[i]; z[i] > 0 && i%2 == 0 {
				z[i] *= 10 * s
			} else {
				z[i] *= s
			}
		}
		return waves(z) + float64(100*outside(x))
	}
}

// slope is f5: its optimum is a corner of the box.
func slope(n int, seed int64) ([]float64, func([]float64) float64) {
	best, scale := optimum(n, seed), powers(10, n)
	for i := range best {
		best[i] = math.Copysign(5, best[i])
		scale[i] = math.Copysign(scale[i], best[i])
	}
	return best, func(x []float64) float64 {
		sum := 0.0
		for i, v := range x {
			if v*best[i] >= 25 {
				v = best[i]
			}
			sum += float64(5*math.Abs(scale[i])) - float64(scale[i]*v)
		}
		return sum
	}
}

// valley is Rosenbrock's sum.
func valley(z []float64) float64 {
	sum := 0.0
	for i := range len(z) - 1 {
		a, b := float64(z[i]*z[i])-z[i+1], z[i]-1
		sum += float64(100*float64(a*a)) + float64(b*b)
	}
	return sum
}

// stretch is by what Rosenbrock's functions scale a space of n dimensions.
func stretch(n int) float64 { return max(1, math.Sqrt(float64(n))/8) }

func rosenbrock(n int, seed int64) ([]float64, func([]float64) float64) {
	best, factor := optimum(n, seed), stretch(n)
	for i := range best {
		best[i] *= 0.75
	}
	return best, func(x []float64) float64 {
		z := make([]float64, n)
		for i := range z {
			z[i] = float64(factor*(x[i]-best[i])) + 1
		}
		return valley(z)
	}
}

// schwefel is f20.
func schwefel(n int, seed int64) ([]float64, func([]float64) float64) {
	const half = 0.5 * 4.2096874637
	best, scale := make([]float64, n), powers(math.Sqrt(10), n)
	for i, u := range uniforms(n, seed) {
		best[i] = math.Copysign(half, u-0.5)
	}
	return best, func(x []float64) float64 {
		z := make([]float64, n)
		for i := range z {
			z[i] = float64(math.Copysign(2, best[i]) * x[i])
		}
		for i := n - 1; i > 0; i-- {
			z[i] += float64(0.25 * (z[i-1] - 2*half))
		}
		sum, penalty := 0.0, 0.0
		for i := range z {
			v := 100 * (float64(scale[i]*(z[i]-2*half)) + 2*half)
			sum += float64(v * f64.Sin(math.Sqrt(math.Abs(v))))
			if d := math.Abs(v) - 500; d > 0 {
				penalty += float64(d * d)
			}
		}
		return 0.01 * (penalty + (418.9828872724339 - sum/float64(n)))
	}
}
