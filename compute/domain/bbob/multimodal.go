package bbob

import (
	"math"

	"doin.network/node/compute/f64"
)

func turnedRastrigin(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turn, m := optimum(n, seed), rotation(n, first(seed)), conditioned(n, seed, 10)
	return best, func(x []float64) float64 {
		y, z := at(turn, x, best)
		oscillate(y)
		skew(0.2, y)
		m.apply(z, y)
		return waves(z)
	}
}

func weierstrass(n int, seed int64) ([]float64, func([]float64) float64) {
	const terms = 12
	best, turn, m := optimum(n, seed), rotation(n, first(seed)), conditioned(n, seed, 1.0/100)
	series := func(x float64) float64 {
		sum, half, three := 0.0, 1.0, 1.0
		for range terms {
			sum += float64(half * cosine(three*(x+0.5)))
			half, three = half/2, 3*three
		}
		return sum
	}
	zero := series(0)
	return best, func(x []float64) float64 {
		y, z := at(turn, x, best)
		oscillate(y)
		m.apply(z, y)
		sum := 0.0
		for _, v := range z {
			sum += series(v)
		}
		d := sum/float64(n) - zero
		return float64(10*float64(d*d*d)) + float64(10/float64(n)*outside(x))
	}
}

// schaffer is f17 and, with a condition of 1000, f18.
func schaffer(condition float64) maker {
	return func(n int, seed int64) ([]float64, func([]float64) float64) {
		best, turn := optimum(n, seed), rotation(n, first(seed))
		m := scaled(powers(math.Sqrt(condition), n), rotation(n, second(seed)))
		return best, func(x []float64) float64 {
			y, z := at(turn, x, best)
			skew(0.5, y)
			m.apply(z, y)
			sum := 0.0
			for i := range n - 1 {
				s := float64(z[i]*z[i]) + float64(z[i+1]*z[i+1])
				w := f64.Sin(50 * f64.Pow(s, 0.1))
				sum += float64(math.Sqrt(math.Sqrt(s)) * (1 + float64(w*w)))
			}
			sum /= float64(n - 1)
			return float64(sum*sum) + float64(10*outside(x))
		}
	}
}

// griewankRosenbrock is f19.
func griewankRosenbrock(n int, seed int64) ([]float64, func([]float64) float64) {
	best, turned := halved(n, seed)
	return best, func(x []float64) float64 {
		z, sum := turned(x), 0.0
		for i := range n - 1 {
			a, b := float64(z[i]*z[i])-z[i+1], 1-z[i]
			s := float64(100*float64(a*a)) + float64(b*b)
			sum += s/4000 - cosine(s/(2*math.Pi))
		}
		return 10 + 10*sum/float64(n-1)
	}
}

func katsuura(n int, seed int64) ([]float64, func([]float64) float64) {
	best, m := optimum(n, seed), conditioned(n, seed, 100)
	exponent := 10 / f64.Pow(float64(n), 1.2)
	return best, func(x []float64) float64 {
		z, _ := at(m, x, best)
		product := 1.0
		for i, v := range z {
			sum, two := 0.0, 2.0
			for range 32 {
				t := float64(two * v)
				sum += math.Abs(t-math.Floor(t+0.5)) / two
				two *= 2
			}
			product *= f64.Pow(1+float64(float64(i+1)*sum), exponent)
		}
		return float64(10/float64(n)/float64(n)*(product-1)) + outside(x)
	}
}

// lunacek is f24, of two funnels.
func lunacek(n int, seed int64) ([]float64, func([]float64) float64) {
	const deep, depth = 2.5, 1.0
	m := conditioned(n, seed, 100)
	shape := 1 - 0.5/(math.Sqrt(float64(n+20))-4.1)
	flat := -math.Sqrt((float64(deep*deep) - depth) / shape)
	best := gaussians(n, seed)
	for i := range best {
		best[i] = math.Copysign(0.5*deep, best[i])
	}
	return best, func(x []float64) float64 {
		y, z := make([]float64, n), make([]float64, n)
		one, two := 0.0, 0.0
		for i, v := range x {
			v = float64(math.Copysign(2, best[i]) * v)
			y[i] = v - deep
			one += float64(y[i] * y[i])
			two += float64((v - flat) * (v - flat))
		}
		m.apply(z, y)
		cosines := 0.0
		for _, v := range z {
			cosines += cosine(v)
		}
		return min(one, float64(depth*float64(n))+float64(shape*two)) + float64(10*(float64(n)-cosines)) + float64(1e4*outside(x))
	}
}

// gallagher is f21 (101 peaks) and f22 (21).
func gallagher(peaks int) maker {
	condition, width, middle := math.Sqrt(1000), 10.0, 5.0
	if peaks == 21 {
		condition, width, middle = 1000, 9.8, 4.9
	}
	return func(n int, seed int64) ([]float64, func([]float64) float64) {
		turn, conditions, heights := rotation(n, seed), make([]float64, peaks), make([]float64, peaks)
		conditions[0], heights[0] = condition, 10
		for i, place := range order(uniforms(peaks-1, seed)) {
			conditions[i+1] = f64.Pow(1000, share(place, peaks-1))
			heights[i+1] = float64(share(i, peaks-1)*8) + 1.1
		}
		draws, best := uniforms(n*peaks, seed), make([]float64, n)
		scales, tops := make([][]float64, peaks), make([][]float64, peaks)
		for p := range peaks {
			scales[p], tops[p] = make([]float64, n), make([]float64, n)
			for j, place := range order(uniforms(n, seed+1000*int64(p))) {
				scales[p][j] = f64.Pow(conditions[p], share(place, n)-0.5)
			}
			point := make([]float64, n)
			for j := range point {
				if point[j] = float64(width*draws[p*n+j]) - middle; p == 0 {
					point[j] *= 0.8
				}
			}
			if p == 0 {
				copy(best, point)
			}
			turn.apply(tops[p], point)
		}
		return best, func(x []float64) float64 {
			z, d := make([]float64, n), make([]float64, n)
			turn.apply(z, x)
			highest := 0.0
			for p, top := range tops {
				minus(d, z, top)
				highest = max(highest, float64(heights[p]*f64.Exp(-0.5/float64(n)*weighted(scales[p], d))))
			}
			f := wave(10 - highest)
			return float64(f*f) + outside(x)
		}
	}
}
