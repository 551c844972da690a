package meta

import (
	"cmp"
	"math"
	"slices"

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
	points []place
	Hyper
	c, scale float64
	l, alpha []float64 // Cholesky factor, K⁻¹·residual
	evidence float64   // logarithm of the marginal likelihood up to a constant
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

// Hyper is a place in the grid.
type Hyper struct{ Length, Noise, W, Beta float64 }

// whole is the grid with a prior, or, with w and β 0, without.
func whole(prior bool) (out []Hyper) {
	ws, bs := weights[:], betas[:]
	if !prior {
		ws, bs = weights[:1], betas[:1]
	}
	for _, length := range lengths {
		for _, w := range ws {
			for _, noise := range noises {
				for _, beta := range bs {
					out = append(out, Hyper{length, noise, w, beta})
				}
			}
		}
	}
	return out
}

// models is how many places of the grid are kept, those of the highest marginal likelihood: of few trials the best one alone is surer
// of itself than they allow.
const models = 8

// mixture is processes over the same points and the share of each.
type mixture struct {
	processes []*process
	shares    []float64
}

// fit returns the processes of a grid whose marginal likelihood of z at points is highest, each with its share of it; nil if none has
// one. Equal kernels stand side by side in choice.
func fit(points []place, z []float64, choice []Hyper) *mixture {
	n := len(points)
	prior := slices.ContainsFunc(choice, func(h Hyper) bool { return h.W > 0 })
	dx, dphi := make([]float64, f64.Triangle(n)), make([]float64, f64.Triangle(n))
	for i := range n {
		for j := range i {
			dx[f64.Triangle(i)+j] = distance(points[i].x, points[j].x)
			if prior {
				dphi[f64.Triangle(i)+j] = distance(points[i].phi, points[j].phi)
			}
		}
	}
	var best []*process
	kx, kphi, k := make([]float64, len(dx)), make([]float64, len(dx)), make([]float64, len(dx))
	ok := false
	for at, h := range choice {
		if at == 0 || h.Length != choice[at-1].Length {
			for i := range dx {
				kx[i] = matern(dx[i], h.Length)
				if prior {
					kphi[i] = matern(dphi[i], h.Length)
				}
			}
		}
		if before := choice[max(at-1, 0)]; at == 0 || h.Length != before.Length || h.W != before.W || h.Noise != before.Noise {
			for i := range k {
				k[i] = (1-h.W)*kx[i] + h.W*kphi[i]
			}
			for i := range n {
				k[f64.Triangle(i)+i] = 1 + h.Noise
			}
			ok = f64.Cholesky(k, n)
		}
		if !ok {
			continue
		}
		p := &process{points: points, Hyper: h}
		p.weigh(k, z)
		at := len(best)
		for at > 0 && p.evidence > best[at-1].evidence {
			at--
		}
		if at < models {
			p.l = append([]float64(nil), k...)
			best = slices.Insert(best, at, p)
			best = best[:min(len(best), models)]
		}
	}
	if len(best) == 0 {
		return nil
	}
	m := &mixture{processes: best}
	sum := 0.0
	for _, p := range best {
		m.shares = append(m.shares, math.Exp(p.evidence-best[0].evidence))
		sum += m.shares[len(m.shares)-1]
	}
	for i := range m.shares {
		m.shares[i] /= sum
	}
	return m
}

// places returns where in the grid the processes lie, in an order that fit takes.
func (m *mixture) places() []Hyper {
	out := make([]Hyper, len(m.processes))
	for i, p := range m.processes {
		out[i] = p.Hyper
	}
	slices.SortFunc(out, func(a, b Hyper) int {
		return cmp.Or(cmp.Compare(a.Length, b.Length), cmp.Compare(a.W, b.W), cmp.Compare(a.Noise, b.Noise), cmp.Compare(a.Beta, b.Beta))
	})
	return out
}

// improvement is the expected improvement over best at a place, in the mean over the processes.
func (m *mixture) improvement(x *place, best float64, buffer []float64) float64 {
	sum := 0.0
	for i, p := range m.processes {
		mean, deviation := p.predict(x, buffer)
		sum += m.shares[i] * Improvement(mean, deviation, best)
	}
	return sum
}

// weigh solves for c, scale, alpha and evidence.
func (p *process) weigh(l, z []float64) {
	n := len(z)
	ones, r := make([]float64, n), make([]float64, n)
	for i := range r {
		ones[i], r[i] = 1, z[i]-p.Beta*p.points[i].mu
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
	p.evidence = -float64(n)/2*math.Log(p.scale) - logs
}

// predict returns mean and standard deviation of a place, without noise.
func (p *process) predict(x *place, buffer []float64) (mean, deviation float64) {
	k := buffer[:0]
	for i := range p.points {
		v := 0.0
		if p.W < 1 {
			v += (1 - p.W) * matern(distance(x.x, p.points[i].x), p.Length)
		}
		if p.W > 0 {
			v += p.W * matern(distance(x.phi, p.points[i].phi), p.Length)
		}
		k = append(k, v)
	}
	mean = p.Beta*x.mu + p.c + f64.Dot(k, p.alpha)
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
