package cma

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/rng"
)

// Layout says what of a search is not real.
type Layout struct {
	// Cells is, for each coordinate, into how many equal cells it is divided, each one value; 0: it is real.
	Cells []int
	// Categories are the numbers of choices of the categories.
	Categories []int
}

// Mixed is the part of a run that is not real: CatCMA with margin (Hamano and others, "CatCMA with Margin", GECCO 2025; Hamano and
// others, "CMA-ES with Margin", GECCO 2022). Categories have a distribution each, which follows the natural gradient with the
// weights of the better steps. A margin keeps every choice, and the cells beside that of the mean, from dying out. Where we depart:
// the distributions' rate of learning is fixed at μ_eff ÷ (μ_eff + parameters + 2), the papers adapt it; an integer's steps are
// lengthened until both neighbouring cells are reached with chance α, the mean is not moved for it.
type Mixed struct {
	Q     [][]float64 // probabilities of each category's choices
	Scale []float64   // by which a coordinate's steps are lengthened, at least 1
}

func newMixed(l *Layout, r *Run) *Mixed {
	m := &Mixed{Scale: make([]float64, r.N)}
	for _, k := range l.Categories {
		q := make([]float64, k)
		for i := range q {
			q[i] = 1 / float64(k)
		}
		m.Q = append(m.Q, q)
	}
	for i := range m.Scale {
		m.Scale[i] = 1
	}
	r.cells = l.Cells
	m.margin(r)
	return m
}

// sample draws a choice of each category.
func (m *Mixed) sample(q *rng.Seq) []int {
	out := make([]int, len(m.Q))
	for i, p := range m.Q {
		u, sum := float64(q.Uniform()), 0.0
		out[i] = len(p) - 1
		for k := range p {
			if sum += p[k]; u < sum {
				out[i] = k
				break
			}
		}
	}
	return out
}

// alpha is the margin: 1 ÷ (λ × N), N all coordinates and categories.
func (m *Mixed) alpha(r *Run) float64 { return 1 / (float64(r.Lambda) * float64(r.N+len(m.Q))) }

// learn moves the categories' distributions towards what the better half chose.
func (m *Mixed) learn(r *Run, order []int) {
	parameters := 0
	for _, q := range m.Q {
		parameters += len(q) - 1
	}
	rate := r.rates.muEff / (r.rates.muEff + float64(parameters) + 2)
	for b, q := range m.Q {
		gradient := make([]float64, len(q))
		for k, i := range order[:r.rates.mu] {
			chosen := -1
			if c := r.Told[i].Choices; b < len(c) {
				chosen = c[b]
			}
			if chosen < 0 {
				continue // inactive: it tells nothing
			}
			for j := range q {
				gradient[j] -= float64(r.rates.weights[k] * q[j])
			}
			gradient[chosen] += r.rates.weights[k]
		}
		axpy(rate, gradient, q)
		if len(q) > 1 {
			keep(q, m.alpha(r)/float64(len(q)-1))
		}
	}
}

// keep raises what of a distribution is below least, at the cost of what is above.
func keep(q []float64, least float64) {
	least = min(least, 0.5/float64(len(q)))
	sum, above := 0.0, 0.0
	for i := range q {
		q[i] = max(q[i], least)
		sum += q[i]
		above += q[i] - least
	}
	for i := range q {
		q[i] += float64((1 - sum) / above * (q[i] - least))
	}
}

// margin lengthens the steps of coordinates with cells so that the farther edge of the mean's cell is passed with chance α ÷ 2.
func (m *Mixed) margin(r *Run) {
	reach := -float64(rng.Quantile(float32(max(m.alpha(r)/2, 1.0/(1<<20)))))
	for i := range m.Scale {
		cells := r.cells[i]
		if m.Scale[i] = 1; cells < 2 {
			continue
		}
		at := float64(min(max(r.Mean[i], 0), 1) * float64(cells))
		in := at - float64(min(int(at), cells-1))
		need := max(in, 1-in) / float64(cells) / reach
		if s := r.deviation(i); s < need {
			m.Scale[i] = min(need/max(s, 1e-300), 1e12)
		}
	}
}

func (l *Layout) validate(n int) error {
	if len(l.Cells) != n || slices.ContainsFunc(l.Cells, func(c int) bool { return c < 0 }) {
		return fmt.Errorf("layout: cells of %d coordinates, want %d", len(l.Cells), n)
	}
	if slices.ContainsFunc(l.Categories, func(k int) bool { return k < 1 || k > 1<<16 }) {
		return errors.New("layout: a category without choices")
	}
	return nil
}

// check reports whether choices are of the layout's categories; l may be nil.
func (l *Layout) check(choices []int, wanted bool) error {
	if l == nil || !wanted {
		if len(choices) > 0 {
			return errors.New("choices where there are no categories")
		}
		return nil
	}
	if len(choices) != len(l.Categories) {
		return fmt.Errorf("%d choices of %d categories", len(choices), len(l.Categories))
	}
	for i, c := range choices {
		if c < -1 || c >= l.Categories[i] {
			return fmt.Errorf("choice %d of category %d", c, i)
		}
	}
	return nil
}

// validate reports why m cannot be the part of run r under the layout; both may be nil.
func (m *Mixed) validate(l *Layout, r *Run) error {
	if m == nil || l == nil {
		if m != nil || l != nil {
			return errors.New("run: categories of another layout")
		}
		return nil
	}
	if len(m.Q) != len(l.Categories) || !finite(m.Scale, r.N) {
		return fmt.Errorf("run: %d categories, want %d", len(m.Q), len(l.Categories))
	}
	for i, q := range m.Q {
		if !finite(q, l.Categories[i]) || slices.Min(q) < 0 {
			return fmt.Errorf("run: category %d: no distribution over %d choices", i, l.Categories[i])
		}
	}
	for i := range r.Told {
		if err := l.check(r.Told[i].Choices, true); err != nil {
			return fmt.Errorf("run: result %d: %w", i, err)
		}
		if off := r.Told[i].Off; off != nil && len(off) != r.N {
			return fmt.Errorf("run: result %d: %d coordinates are on or off, want %d", i, len(off), r.N)
		}
	}
	return nil
}
