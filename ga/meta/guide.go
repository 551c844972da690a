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

	told    int64
	trials  []int64 // of the points
	points  []place // the last MaxPoints
	fitness []float64
	best    float64 // normal score of the best
	// believing uses the prior while it is on, doubting never does.
	believing, doubting model
}

// model is what one view of the prior makes of the points.
type model struct {
	grid   []Hyper  // where its processes lie in it
	fitted *mixture // of the points; nil: to be made
	chosen int64    // trials when its places in the grid were chosen
	with   bool     // and whether with the prior
}

// Check is one decision of the gate in a search.
type Check struct {
	Trials int64   `json:"trials"` // told so far
	Tau    float64 `json:"tau"`
	On     bool    `json:"on"`
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
func (g *Guide) Told() int64 { return g.told }

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
		out.mu, out.phi = g.prior.Predict(p.known(), g.logBudget, g.features, nil)
	}
	return out
}

// Tell adds a trial, or says what one that was told before is taken for now. Fitness is higher for better; NaN is worst.
func (g *Guide) Tell(trial int64, p *Point, fitness float64) {
	g.believing.fitted, g.doubting.fitted = nil, nil
	if i := slices.Index(g.trials, trial); i >= 0 {
		g.fitness[i] = fitness
		return
	}
	g.told++
	g.trials, g.points, g.fitness = append(g.trials, trial), append(g.points, g.place(p)), append(g.fitness, fitness)
	if over := len(g.points) - MaxPoints; over > 0 {
		g.trials, g.points, g.fitness = g.trials[over:], g.points[over:], g.fitness[over:]
	}
	if g.on && g.told >= OnlineTrials && g.told%OnlineTrials == 0 {
		g.check()
	}
}

// maxChecks bounds the decisions that are kept: the first ones, and the last.
const maxChecks = 64

// check compares the prior's order with that of the trials; once off, it stays off.
func (g *Guide) check() {
	mu := make([]float64, len(g.points))
	for i := range mu {
		mu[i] = g.points[i].mu
	}
	tau := Kendall(mu, Scores(g.fitness))
	g.on = tau > OnlineTau
	if len(g.decisions) == maxChecks {
		g.decisions = g.decisions[:maxChecks-1]
	}
	g.decisions = append(g.decisions, Check{g.told, tau, g.on})
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
// told and the prior is off. doubting leaves the prior out, so that a search is not led by it alone. It panics without children.
func (g *Guide) Choose(children []Point, doubting bool) int {
	var m *mixture
	if doubting || !g.on {
		m = g.mixture(&g.doubting, false)
	} else {
		m = g.mixture(&g.believing, true)
	}
	best, at := 0.0, 0
	buffer := make([]float64, 0, MaxPoints)
	for i := range children {
		x := g.place(&children[i])
		v := 0.0
		switch {
		case m != nil:
			v = m.improvement(&x, g.best, buffer)
		case g.on:
			v = x.mu
		}
		if i == 0 || v > best {
			best, at = v, i
		}
	}
	return at
}

// mixture returns a model's processes of the points, nil while they are fewer than four. Every regrid trials their places in the grid
// are chosen anew; in between they are kept.
func (g *Guide) mixture(m *model, prior bool) *mixture {
	if len(g.points) < 4 || m.fitted != nil {
		return m.fitted
	}
	z := Scores(g.fitness)
	g.best = slices.Max(z)
	choice := m.grid
	if len(choice) == 0 || m.with != prior || g.told >= m.chosen+regrid {
		choice, m.chosen, m.with = whole(prior), g.told, prior
	}
	if m.fitted = fit(g.points, z, choice); m.fitted != nil {
		m.grid = m.fitted.places()
	}
	return m.fitted
}
