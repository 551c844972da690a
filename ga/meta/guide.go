package meta

import (
	"cmp"
	"slices"
)

// Diversity is how far apart, in root mean square of the genes, the members of a ranked list lie at least.
const Diversity = 0.1

// regrid is after how many trials the process's place in the grid is chosen anew; in between, it is kept.
const regrid = 4

// Guide advises one search. It is a function of what it is told and asked, in that order, and not safe for concurrent use.
type Guide struct {
	prior     *Prior // nil: none
	logBudget float64
	features  []float64
	on        bool
	decisions []Check

	points  []place
	fitness []float64
	fitted  *process // the last one
	fresh   bool     // and it is of all points
	chosen  int      // trials when its place in the grid was chosen
	with    bool     // and whether with the prior
	best    float64  // normal score of the best
}

// Check is one decision of the gate in a search.
type Check struct {
	Trials int // told so far
	Tau    float64
	On     bool
}

// NewGuide returns a guide that knows prior, or nothing but the search's own trials where it is nil. logBudget and features are
// those of the search's task.
func NewGuide(prior *Prior, logBudget float64, features []float64) *Guide {
	return &Guide{prior: prior, logBudget: logBudget, features: features, on: prior != nil}
}

// On reports whether the prior is used.
func (g *Guide) On() bool { return g.on }

// Checks returns what the gate has decided, oldest first.
func (g *Guide) Checks() []Check { return slices.Clone(g.decisions) }

// Told returns how many trials the guide was told.
func (g *Guide) Told() int { return len(g.fitness) }

// place returns a point as the process sees it.
func (g *Guide) place(p *Point) (out place) {
	out.x = make([]float64, 0, len(p.X))
	for i, v := range p.X {
		if p.active(i) {
			out.x = append(out.x, clamp(v))
		} else {
			out.x = append(out.x, -0.5) // apart from all values
		}
	}
	if g.prior != nil {
		out.mu, out.phi = g.prior.Predict(p, g.logBudget, g.features, nil)
	}
	return out
}

// Tell adds a trial. Fitness is higher for better; NaN is worst.
func (g *Guide) Tell(p *Point, fitness float64) {
	g.points, g.fitness, g.fresh = append(g.points, g.place(p)), append(g.fitness, fitness), false
	n := len(g.fitness)
	if g.on && n >= OnlineTrials && n%OnlineTrials == 0 {
		g.check()
	}
}

// check compares the prior's order with that of the trials; once off, it stays off.
func (g *Guide) check() {
	mu := make([]float64, len(g.points))
	for i := range mu {
		mu[i] = g.points[i].mu
	}
	tau := Kendall(mu, Scores(g.fitness))
	g.on = tau > OnlineTau
	g.decisions = append(g.decisions, Check{len(mu), tau, g.on})
}

// Rank returns the indices of points that the prior thinks best, best first, each at least Diversity from those before it, at most
// limit; nil where the prior is off.
func (g *Guide) Rank(points []Point, limit int) []int {
	if !g.on {
		return nil
	}
	places := make([]place, len(points))
	order := make([]int, len(points))
	for i := range points {
		places[i], order[i] = g.place(&points[i]), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(places[b].mu, places[a].mu) })
	var out []int
	for _, i := range order {
		if len(out) == limit {
			break
		}
		near := func(j int) bool { return distance(places[i].x, places[j].x) < Diversity*Diversity }
		if !slices.ContainsFunc(out, near) {
			out = append(out, i)
		}
	}
	return out
}

// Choose returns the index of the child whose expected improvement is largest; the first one's as long as fewer than four trials are
// told and the prior is off. It panics without children.
func (g *Guide) Choose(children []Point) int {
	p := g.process()
	best, at := 0.0, 0
	buffer := make([]float64, 0, MaxPoints)
	for i := range children {
		x := g.place(&children[i])
		v := 0.0
		switch {
		case p != nil:
			mean, deviation := p.predict(&x, buffer)
			v = Improvement(mean, deviation, g.best)
		case g.on:
			v = x.mu
		}
		if i == 0 || v > best {
			best, at = v, i
		}
	}
	return at
}

// process returns the process of the latest points, nil while they are fewer than four.
func (g *Guide) process() *process {
	n := len(g.points)
	if n < 4 {
		return nil
	}
	if g.fresh {
		return g.fitted
	}
	from := max(n-MaxPoints, 0)
	z := Scores(g.fitness[from:])
	g.best, g.fresh = slices.Max(z), true
	choice := whole(g.on)
	if g.fitted != nil && g.with == g.on && n < g.chosen+regrid {
		choice = g.fitted.same()
	} else {
		g.chosen, g.with = n, g.on
	}
	g.fitted = fit(g.points[from:], z, choice)
	return g.fitted
}
