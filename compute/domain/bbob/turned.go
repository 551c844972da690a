package bbob

import (
	"math"

	"doin.network/node/compute/f64"
)

// first and second are the seeds of an instance's two rotations.
func first(seed int64) int64  { return seed + 1000000 }
func second(seed int64) int64 { return seed }

// conditioned returns first rotation × diag(√condition^(i ÷ (n − 1))) × second rotation.
func conditioned(n int, seed int64, condition float64) matrix {
	return between(rotation(n, first(seed)), powers(math.Sqrt(condition), n), rotation(n, second(seed)))
}

// at returns m × (x − best), and room for as many numbers.
func at(m matrix, x, best []float64) (z, room []float64) {
	z, room = make([]float64, len(x)), make([]float64, len(x))
	minus(room, x, best)
	m.apply(z, room)
	return z, room
}

// sector is f6, attractive sector.
func sector(n int, seed int64) ([]float64, func([]float64) float64) {
	best, m := optimum(n, seed), conditioned(n, seed, 10)
	return best, func(x []float64) float64 {
		z, _ := at(m, x, best)
		sum := 0.0
		for i, v := range z {
			if best[i]*v > 0 {
				v *= 100
			}
			sum += float64(v * v)
		}
		return f64.Pow(wave(sum), 0.9)
	}
}

// steps is f7, step ellipsoid.
func steps(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turn := optimum(n, seed), rotation(n, first(seed))
	m, weights := scaled(powers(math.Sqrt(10), n), rotation(n, second(seed))), powers(100, n)
	return best, func(x []float64) float64 {
		z, y := at(m, x, best)
		whole := z[0]
		for i, v := range z {
			if math.Abs(v) > 0.5 {
				z[i] = math.Floor(v + 0.5)
			} else {
				z[i] = math.Floor(float64(10*v)+0.5) / 10
			}
		}
		turn.apply(y, z)
		return float64(0.1*max(math.Abs(whole)*1e-4, weighted(weights, y))) + outside(x)
	}
}

// turnedRosenbrock is f9.
func turnedRosenbrock(n int, seed int64) ([]float64, func([]float64) float64) {
	best, z := halved(n, seed)
	return best, func(x []float64) float64 { return valley(z(x)) }
}

// halved returns z = factor × rotation × x + ½ and where it is 1 in every coordinate.
func halved(n int, seed int64) (best []float64, z func([]float64) []float64) {
	turn, factor := rotation(n, second(seed)), stretch(n)
	best = make([]float64, n)
	for i := range best {
		for j := range best {
			best[i] += float64(turn[j][i] * 0.5)
		}
		best[i] /= factor
	}
	return best, func(x []float64) []float64 {
		z := make([]float64, n)
		turn.apply(z, x)
		for i := range z {
			z[i] = float64(factor*z[i]) + 0.5
		}
		return z
	}
}

func turnedEllipsoid(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turn, weights := optimum(n, seed), rotation(n, first(seed)), powers(1e6, n)
	return best, func(x []float64) float64 {
		z, _ := at(turn, x, best)
		oscillate(z)
		return weighted(weights, z)
	}
}

func discus(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turn := optimum(n, seed), rotation(n, first(seed))
	return best, func(x []float64) float64 {
		z, _ := at(turn, x, best)
		oscillate(z)
		return float64(1e6*float64(z[0]*z[0])) + f64.Dot(z[1:], z[1:])
	}
}

func cigar(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turn := optimum(n, first(seed)), rotation(n, first(seed))
	return best, func(x []float64) float64 {
		y, z := at(turn, x, best)
		skew(0.5, y)
		turn.apply(z, y)
		return float64(z[0]*z[0]) + float64(1e6*f64.Dot(z[1:], z[1:]))
	}
}

// ridge is f13, sharp ridge.
func ridge(n int, seed int64) ([]float64, func([]float64) float64) {
	best, m := optimum(n, seed), conditioned(n, seed, 10)
	return best, func(x []float64) float64 {
		z, _ := at(m, x, best)
		return float64(z[0]*z[0]) + float64(100*math.Sqrt(f64.Dot(z[1:], z[1:])))
	}
}

func differentPowers(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turn := optimum(n, seed), rotation(n, first(seed))
	return best, func(x []float64) float64 {
		z, _ := at(turn, x, best)
		sum := 0.0
		for i, v := range z {
			sum += f64.Pow(math.Abs(v), 2+float64(4*share(i, n)))
		}
		return math.Sqrt(sum)
	}
}
