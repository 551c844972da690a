package cma

import (
	"math"
	"slices"
)

// Tolerances of the criteria to stop: absolute, since the best value is not known.
const (
	tolX       = 1e-14 // of the cube's edge
	tolFun     = 1e-12
	tolHistory = 1e-12
	tolUp      = 1e4
	condition  = 1e14
)

// note keeps of a generation's values what the criteria look at.
func (r *Run) note(values []float64) {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	last := len(sorted) - 1
	keep := func(list []float64, v float64, most int) []float64 {
		if list = append(list, v); len(list) > most {
			list = slices.Delete(list, 0, len(list)-most)
		}
		return list
	}
	r.Spreads = keep(r.Spreads, min(sorted[last*3/4]-sorted[last/4], math.MaxFloat64), 20+3*r.N/r.Lambda)
	most := max(r.history(), r.patience())
	r.Bests = keep(r.Bests, sorted[0], most)
	r.Medians = keep(r.Medians, sorted[last/2], most)
	if r.Flat++; sorted[0] != sorted[last/3] {
		r.Flat = 0
	}
}

// history is over how many generations the best values must differ.
func (r *Run) history() int { return 10 + 30*r.N/r.Lambda }

// patience is over how many generations best and median must get better: a fifth of all, at least 120 + 30·N/λ.
func (r *Run) patience() int {
	return min(20000, max(120+30*r.N/r.Lambda, r.Generation/5))
}

// stop says why the run is over; "" while it is not.
func (r *Run) stop() string {
	least, most := slices.Min(r.D), slices.Max(r.D)
	switch {
	case r.MostEvaluations > 0 && r.Evaluations >= r.MostEvaluations:
		return "evaluations"
	case r.Large && float64(r.Generation) > 100+50*float64((r.N+3)*(r.N+3))/math.Sqrt(float64(r.Lambda)):
		return "iterations"
	case !(r.Sigma*most < tolUp*r.Sigma0) || !(r.Sigma > 0):
		return "step size"
	case most > math.Sqrt(condition)*least:
		return "condition"
	case r.small():
		return "TolX"
	case r.Flat > 10+r.N:
		return "flat"
	}
	if len(r.Bests) >= r.history() {
		recent := r.Bests[len(r.Bests)-r.history():]
		if spread := slices.Max(recent) - slices.Min(recent); spread < tolHistory && (len(r.Spreads) == 0 || r.Spreads[len(r.Spreads)-1] < tolFun) {
			return "TolHistFun"
		}
	}
	if r.stagnates() {
		return "stagnation"
	}
	return r.noEffect()
}

// small reports that every step is below tolX.
func (r *Run) small() bool {
	for i := range r.N {
		if r.Sigma*max(math.Sqrt(r.C[i*r.N+i]), math.Abs(r.PC[i])) >= tolX {
			return false
		}
	}
	return true
}

// stagnates reports that the last third of the history is, in its middle, no better than the first.
func (r *Run) stagnates() bool {
	n := len(r.Bests)
	if r.Generation%10 != 0 || n < r.patience() {
		return false
	}
	worse := func(list []float64) bool {
		third := max(n*3/10, 1)
		return middle(list[n-third:]) >= middle(list[:third])
	}
	return worse(r.Bests) && worse(r.Medians)
}

func middle(list []float64) float64 {
	s := slices.Clone(list)
	slices.Sort(s)
	return s[len(s)/2]
}

// noEffect says whether a tenth of a step along an axis, or a fifth in a coordinate, changes no mean.
func (r *Run) noEffect() string {
	n, axis, moves := r.N, r.Generation%r.N, false
	for i, m := range r.Mean {
		moves = moves || m != m+float64(0.1*r.Sigma*r.D[axis]*r.B[i*n+axis])
		if m == m+float64(0.2*r.Sigma*math.Sqrt(r.C[i*n+i])) {
			return "no effect in a coordinate"
		}
	}
	if !moves {
		return "no effect along an axis"
	}
	return ""
}
