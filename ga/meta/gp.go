package meta

import (
	"math"

	"doin.network/node/compute/f64"
)

// MaxPoints bounds the points of a process: the latest are kept.
const MaxPoints = 200

// The grid that marginal likelihood chooses from: lengths in root mean square differences of inputs, noise as a variance beside 1.
var (
	lengths = [...]float64{0.15, 0.35, 0.8}
	noises  = [...]float64{0.01, 0.1, 0.5}
	weights = [...]float64{0, 0.5, 1}
	betas   = [...]float64{0, 0.5, 1}
)

// place is a point as a process sees it.
type place struct {
	x, phi []float64
	mu     float64
}

// process is a Gaussian process over told points: k = (1 − w)·Matérn52(x) + w·Matérn52(φ) + noise, mean β·μ + c, with the scale of
// the kernel and c by generalized least squares.
type process struct {
	points                 []place
	length, noise, w, beta float64 // of the grid
	c, scale               float64
	l, alpha               []float64 // Cholesky factor, K⁻¹·residual
}

// matern is the Matérn 5/2 kernel at a squared distance.
func matern(d2, length float64) float64 {
	r := math.Sqrt(5*d2) / length
	return (1 + r + r*r/3) * math.Exp(-r)
}

// distance is the mean squared difference of two vectors.
func distance(a, b []float64) float64 {
	if len(a) == 0 {
		return 0
	}
	sum := 0.0
	for i, v := range a {
		d := v - b[i]
		sum += d * d
	}
	return sum / float64(len(a))
}

// grid is what marginal likelihood chooses from.
type grid struct{ lengths, noises, weights, betas []float64 }

// whole is the grid with a prior, or, with w and β 0, without.
func whole(prior bool) grid {
	if prior {
		return grid{lengths[:], noises[:], weights[:], betas[:]}
	}
	return grid{lengths[:], noises[:], weights[:1], betas[:1]}
}

// same is the grid of one point, that of p.
func (p *process) same() grid {
	return grid{[]float64{p.length}, []float64{p.noise}, []float64{p.w}, []float64{p.beta}}
}

// fit returns the process of a grid whose marginal likelihood of z at points is highest; nil if none has one.
func fit(points []place, z []float64, choice grid) *process {
	n, prior := len(points), choice.weights[len(choice.weights)-1] > 0
	dx, dphi := make([]float64, f64.Triangle(n)), make([]float64, f64.Triangle(n))
	for i := range n {
		for j := range i {
			dx[f64.Triangle(i)+j] = distance(points[i].x, points[j].x)
			if prior {
				dphi[f64.Triangle(i)+j] = distance(points[i].phi, points[j].phi)
			}
		}
	}
	var best *process
	evidence := math.Inf(-1)
	kx, kphi, k := make([]float64, len(dx)), make([]float64, len(dx)), make([]float64, len(dx))
	for _, length := range choice.lengths {
		for i := range dx {
			kx[i] = matern(dx[i], length)
			if prior {
				kphi[i] = matern(dphi[i], length)
			}
		}
		for _, w := range choice.weights {
			for _, noise := range choice.noises {
				for i := range k {
					k[i] = (1-w)*kx[i] + w*kphi[i]
				}
				for i := range n {
					k[f64.Triangle(i)+i] = 1 + noise
				}
				if !f64.Cholesky(k, n) {
					continue
				}
				for _, beta := range choice.betas {
					p := &process{points: points, length: length, noise: noise, w: w, beta: beta}
					if e := p.weigh(k, z); e > evidence {
						p.l = append([]float64(nil), k...)
						best, evidence = p, e
					}
				}
			}
		}
	}
	return best
}

// weigh solves for c, scale and alpha and returns the logarithm of the marginal likelihood up to a constant.
func (p *process) weigh(l, z []float64) float64 {
	n := len(z)
	ones, r := make([]float64, n), make([]float64, n)
	for i := range r {
		ones[i], r[i] = 1, z[i]-p.beta*p.points[i].mu
	}
	residual := append([]float64(nil), r...)
	f64.Solve(l, ones)
	f64.Solve(l, r)
	p.c = f64.Sum(r) / f64.Sum(ones)
	p.alpha = r
	sum, logs := 0.0, 0.0
	for i := range r {
		r[i] -= p.c * ones[i]
		sum += (residual[i] - p.c) * r[i]
		logs += math.Log(l[f64.Triangle(i)+i])
	}
	p.scale = max(sum/float64(n), 1e-6)
	return -float64(n)/2*math.Log(p.scale) - logs
}

// predict returns mean and standard deviation of a place, without noise.
func (p *process) predict(x *place, buffer []float64) (mean, deviation float64) {
	k := buffer[:0]
	for i := range p.points {
		v := 0.0
		if p.w < 1 {
			v += (1 - p.w) * matern(distance(x.x, p.points[i].x), p.length)
		}
		if p.w > 0 {
			v += p.w * matern(distance(x.phi, p.points[i].phi), p.length)
		}
		k = append(k, v)
	}
	mean = p.beta*x.mu + p.c + f64.Dot(k, p.alpha)
	variance := 1.0
	for i := range k { // L·v = k
		row := p.l[f64.Triangle(i):]
		k[i] = (k[i] - f64.Dot(k[:i], row)) / row[i]
		variance -= k[i] * k[i]
	}
	return mean, math.Sqrt(max(variance, 1e-10) * p.scale)
}

// Improvement is the expected improvement over best of a normal number.
func Improvement(mean, deviation, best float64) float64 {
	u := (mean - best) / deviation
	return deviation * (u*0.5*math.Erfc(-u/math.Sqrt2) + math.Exp(-u*u/2)/math.Sqrt(2*math.Pi))
}
