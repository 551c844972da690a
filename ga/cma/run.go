package cma

import (
	"cmp"
	"math"
	"slices"

	"doin.network/node/compute/f64"
	"doin.network/node/compute/rng"
)

// Run is one descent of CMA-ES, as plain data. Matrices are by rows.
type Run struct {
	N, Lambda int
	// Large is whether it is one of the large populations' regime; MostEvaluations ends it, 0: nothing does.
	Large           bool
	MostEvaluations int64

	Mean, PC, PS []float64
	Sigma0       float64
	Sigma        float64
	C, B, D      []float64 // covariance; its eigenvectors as columns, and the roots of its eigenvalues
	Generation   int
	EigenAt      int // generation of B and D
	Evaluations  int64
	Told         []Scored // of the generation under way

	Gamma   []float64 // weights of the penalty; nil while no mean has been outside
	Spreads []float64 // of the values of the last generations
	Bests   []float64 // of the last generations
	Medians []float64
	Flat    int // generations whose better values are all equal

	Mixed *Mixed `json:",omitempty"` // nil where every coordinate is real

	rates rates
	cells []int // of a layout; nil: none
}

// Scored is a told point: X as it was drawn, perhaps outside the cube, F the value at the nearest point inside.
type Scored struct {
	X []float64
	F float64
	// Choices are those of the categories, -1 of one that is inactive; Off are the coordinates that are. nil: none.
	Choices []int  `json:",omitempty"`
	Off     []bool `json:",omitempty"`
	// Foreign says that it was not drawn from the distribution as it is.
	Foreign bool `json:",omitempty"`
}

// newRun begins at mean with steps of sigma.
func newRun(mean []float64, sigma float64, lambda int) *Run {
	n := len(mean)
	r := &Run{N: n, Lambda: lambda, Mean: slices.Clone(mean), PC: make([]float64, n), PS: make([]float64, n), Sigma0: sigma, Sigma: sigma,
		C: identity(n), B: identity(n), D: make([]float64, n)}
	for i := range r.D {
		r.D[i] = 1
	}
	r.rates = newRates(n, lambda)
	return r
}

func identity(n int) []float64 {
	m := make([]float64, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	return m
}

// sample draws a point.
func (r *Run) sample(q *rng.Seq) []float64 {
	x, z := slices.Clone(r.Mean), make([]float64, r.N)
	for j := range z {
		z[j] = float64(r.D[j]*float64(q.Normal())) * r.Sigma
	}
	for i := range x {
		x[i] += float64(r.scale(i) * f64.Dot(z, r.B[i*r.N:(i+1)*r.N]))
	}
	return x
}

// scale is by how much coordinate i's steps are lengthened.
func (r *Run) scale(i int) float64 {
	if r.Mixed == nil {
		return 1
	}
	return r.Mixed.Scale[i]
}

// tell takes a result; the generation's last one updates the distribution.
func (r *Run) tell(s Scored) {
	r.Evaluations++
	if r.Told = append(r.Told, s); len(r.Told) == r.Lambda {
		r.update()
		r.Told = nil
	}
}

// white returns C^−½ × y.
func (r *Run) white(y []float64) []float64 {
	n := r.N
	t, out := make([]float64, n), make([]float64, n)
	for i := range n {
		axpy(y[i], r.B[i*n:(i+1)*n], t)
	}
	for j := range t {
		t[j] /= r.D[j]
	}
	for i := range n {
		out[i] = f64.Dot(t, r.B[i*n:(i+1)*n])
	}
	return out
}

// update moves the distribution by a generation's ranks; the tutorial's figure 6.
func (r *Run) update() {
	c, n := &r.rates, r.N
	steps, order := r.ranked()
	mean := make([]float64, n) // of the better steps
	for i := range c.mu {
		axpy(c.weights[i], steps[i], mean)
	}
	r.move(mean)
	white := r.white(mean)
	g := math.Sqrt(c.cSigma * (2 - c.cSigma) * c.muEff)
	for i := range r.PS {
		r.PS[i] = float64((1-c.cSigma)*r.PS[i]) + float64(g*white[i])
	}
	length := math.Sqrt(f64.Dot(r.PS, r.PS))
	r.Generation++
	settled := 1 - f64.Pow(1-c.cSigma, float64(2*r.Generation))
	slow := 0.0 // h_σ
	if length/math.Sqrt(settled) < (1.4+2/(float64(n)+1))*c.expected {
		slow = 1
	}
	g = slow * math.Sqrt(c.cc*(2-c.cc)*c.muEff)
	for i := range r.PC {
		r.PC[i] = float64((1-c.cc)*r.PC[i]) + float64(g*mean[i])
	}
	r.covariance(steps, slow)
	r.Sigma *= f64.Exp(min(1, c.cSigma/c.dSigma*(length/c.expected-1)))
	if r.Generation-r.EigenAt >= c.eigenEvery {
		r.decompose()
	}
	if r.Mixed != nil {
		r.Mixed.learn(r, order)
		r.Mixed.margin(r)
	}
}

// deviation is the standard deviation of coordinate i before it is lengthened.
func (r *Run) deviation(i int) float64 { return r.Sigma * math.Sqrt(max(r.C[i*r.N+i], 0)) }

// move shifts the mean by a step.
func (r *Run) move(y []float64) {
	for i := range y {
		r.Mean[i] += float64(float64(r.Sigma*y[i]) * r.scale(i))
	}
}

// step is a point's distance from the mean in units of sigma; coordinates that are off have not moved.
func (r *Run) step(x []float64, off []bool) []float64 {
	y := make([]float64, r.N)
	for j := range y {
		if off == nil || !off[j] {
			y[j] = (x[j] - r.Mean[j]) / (r.Sigma * r.scale(j))
		}
	}
	return y
}

// covariance is the rank-one and rank-μ update with active weights.
func (r *Run) covariance(steps [][]float64, slow float64) {
	c, n := &r.rates, r.N
	keep := 1 + float64(c.c1*(1-slow)*c.cc*(2-c.cc)) - c.c1 - float64(c.cMu*c.weightsSum)
	for i := range r.C {
		r.C[i] *= keep
	}
	outer := func(w float64, y []float64) {
		for i := range n {
			axpy(w*y[i], y, r.C[i*n:(i+1)*n])
		}
	}
	outer(c.c1, r.PC)
	for k, w := range c.weights {
		if w < 0 {
			z := r.white(steps[k])
			w *= float64(n) / max(f64.Dot(z, z), 1e-300)
		}
		outer(c.cMu*w, steps[k])
	}
}

// ranked returns the generation's steps in units of sigma and whose they are, the best first, and notes what the criteria to stop
// look at.
func (r *Run) ranked() (steps [][]float64, order []int) {
	values := make([]float64, len(r.Told))
	for i := range r.Told {
		values[i] = r.Told[i].F
	}
	r.note(values)
	penalties := r.penalties()
	order = make([]int, len(values))
	for i := range order {
		order[i] = i
		values[i] = min(values[i]+penalties[i], math.MaxFloat64)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	steps = make([][]float64, len(order))
	for k, i := range order {
		y := r.step(r.Told[i].X, r.Told[i].Off)
		if r.Told[i].Foreign {
			r.clip(y)
		}
		steps[k] = y
	}
	return steps, order
}

// clip shortens a step that the distribution would hardly have drawn.
func (r *Run) clip(y []float64) {
	z := r.white(y)
	if l := math.Sqrt(f64.Dot(z, z)); l > r.rates.longest {
		for j := range y {
			y[j] *= r.rates.longest / l
		}
	}
}

// decompose brings B and D up to C, which it makes symmetric and, where rounding has it otherwise, positive.
func (r *Run) decompose() {
	n := r.N
	for i := range n {
		for j := range i {
			m := (r.C[i*n+j] + r.C[j*n+i]) / 2
			r.C[i*n+j], r.C[j*n+i] = m, m
		}
	}
	values, b := eigen(n, r.C, r.B)
	most := slices.Max(values)
	for i, v := range values {
		if !(v > 1e-20*most) {
			v = 1e-20 * most
		}
		r.D[i] = math.Sqrt(v)
	}
	r.B, r.EigenAt = b, r.Generation
}
