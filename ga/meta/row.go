package meta

import (
	"cmp"
	"math"
	"slices"

	"doin.network/node/compute/rng"
)

// Point is where a trial lies: one value in [0, 1] and one mark per gene, a category being as many genes as it has choices. The
// value of an inactive gene counts as 0.
type Point struct {
	X      []float64
	Active []bool // nil: all are
	// Known is the same point on the columns of the prior; nil: X and Active are.
	Known *Point
}

// known is the point as the prior sees it.
func (p *Point) known() *Point {
	if p.Known != nil {
		return p.Known
	}
	return p
}

// active reports whether gene i counts.
func (p *Point) active(i int) bool { return p.Active == nil || p.Active[i] }

// Row is one trial of a task.
type Row struct {
	Task   string // domain, data and space as one name
	Author string // who reported it; "" is this node
	Point  Point
	// LogBudget is the logarithm of what the training was allowed, as a share of the task's largest; rows are ranked within a task
	// and a budget.
	LogBudget float64
	// Features are what is known of the task before the search, as many in every row.
	Features []float64
	Fitness  float64 // higher is better; NaN and infinities are worst
}

// encode appends a point's inputs to a network: value and mark of each gene, then the task's.
func encode(dst []float64, p *Point, logBudget float64, features []float64) []float64 {
	for i, v := range p.X {
		if p.active(i) {
			dst = append(dst, clamp(v), 1)
		} else {
			dst = append(dst, 0, 0)
		}
	}
	return append(append(dst, logBudget), features...)
}

// clamp brings v into [0, 1]; NaN is 0.
func clamp(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(v, 1)
}

// Cap keeps at most limit rows of an author in a task, those drawn from seed, in their order: nobody decides alone what a
// task teaches because he reports most.
func Cap(rows []Row, limit int, seed uint64) []Row {
	type group struct{ task, author string }
	groups := map[group][]int{}
	var order []group
	for i := range rows {
		g := group{rows[i].Task, rows[i].Author}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], i)
	}
	var keep []int
	for _, g := range order {
		list := groups[g]
		if len(list) > limit {
			perm := rng.NewSeq(key(seed, "cap "+g.task+"\x00"+g.author), rng.GASelect, 0).Perm(len(list))
			some := make([]int, limit)
			for i := range some {
				some[i] = list[perm[i]]
			}
			list = some
		}
		keep = append(keep, list...)
	}
	slices.Sort(keep)
	out := make([]Row, len(keep))
	for i, j := range keep {
		out[i] = rows[j]
	}
	return out
}

// Targets returns the normal score of each row within its task and budget: Φ⁻¹((rank − ½)/n), ties sharing their mean rank, higher
// for better.
func Targets(rows []Row) []float64 {
	type group struct {
		task   string
		budget float64
	}
	groups := map[group][]int{}
	for i := range rows {
		g := group{rows[i].Task, rows[i].LogBudget}
		groups[g] = append(groups[g], i)
	}
	out := make([]float64, len(rows))
	for _, list := range groups {
		y := make([]float64, len(list))
		for i, j := range list {
			y[i] = rows[j].Fitness
		}
		for i, z := range Scores(y) {
			out[list[i]] = z
		}
	}
	return out
}

// Scores returns the normal scores of y, higher for higher.
func Scores(y []float64) []float64 {
	order := make([]int, len(y))
	v := make([]float64, len(y))
	for i := range y {
		order[i], v[i] = i, y[i]
		if v[i]-v[i] != 0 {
			v[i] = math.Inf(-1)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	out := make([]float64, len(y))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		p := (float64(i+j) / 2) / float64(len(y)) // the mean rank − ½ of places i … j−1
		for ; i < j; i++ {
			out[order[i]] = float64(rng.Quantile(float32(p)))
		}
	}
	return out
}
