package cma

import (
	"doin.network/node/compute/genome"
)

// coding maps a space to the cube: reals and integers are coordinates on their unit scales, categories are choices.
type coding struct {
	space  genome.Space
	axis   []int // of each gene; -1 for a category
	choice []int // of each gene; -1 for a number
	n      int   // coordinates, at least 1: one that means nothing stands for none
	layout *Layout
}

// Real reports whether a space has nothing but unconditional reals.
func Real(space genome.Space) bool {
	c := newCoding(space)
	return c.layout == nil
}

func newCoding(space genome.Space) coding {
	c := coding{space: space, axis: make([]int, len(space)), choice: make([]int, len(space))}
	layout, mixed := &Layout{}, false
	for i := range space {
		g := &space[i]
		c.axis[i], c.choice[i] = -1, -1
		mixed = mixed || g.Kind != genome.Real || g.When != nil
		if g.Kind == genome.Category {
			c.choice[i] = len(layout.Categories)
			layout.Categories = append(layout.Categories, len(g.Choices))
			continue
		}
		c.axis[i] = c.n
		c.n++
		cells := 0
		if g.Kind == genome.Int && !g.Log { // a logarithmic scale has no equal cells
			cells = g.Count()
		}
		layout.Cells = append(layout.Cells, cells)
	}
	if c.n == 0 {
		c.n, layout.Cells = 1, []int{0}
	}
	if mixed {
		c.layout = layout
	}
	return c
}

// genome decodes a point and choices.
func (c *coding) genome(x []float64, choices []int) genome.Genome {
	g := make(genome.Genome, len(c.space))
	for i := range g {
		switch {
		case c.axis[i] >= 0:
			g[i] = c.space[i].At(float32(x[c.axis[i]]))
		case c.choice[i] < len(choices):
			g[i] = float64(max(choices[c.choice[i]], 0))
		}
	}
	return g
}

// point encodes the numbers of a genome.
func (c *coding) point(g genome.Genome) []float64 {
	x := make([]float64, c.n)
	for i, a := range c.axis {
		if a >= 0 {
			x[a] = float64(c.space[i].Position(g[i]))
		}
	}
	return x
}

// active returns choices with -1 for categories that are inactive in g, and which coordinates are off; nil, nil where the space
// has nothing conditional.
func (c *coding) active(g genome.Genome, choices []int) (masked []int, off []bool) {
	if c.layout == nil {
		return nil, nil
	}
	masked, off = append([]int(nil), choices...), make([]bool, c.n)
	for i := range c.space {
		if c.space.Active(g, i) {
			continue
		}
		if a := c.axis[i]; a >= 0 {
			off[a] = true
		} else if c.choice[i] < len(masked) {
			masked[c.choice[i]] = -1
		}
	}
	return masked, off
}
