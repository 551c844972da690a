package boost

// histogram is the sums of the rows of a node by the bins of the features, those of feature j from offsets[j] on.
type histogram []sum

// fill adds up rows, of the features listed; what others hold means nothing. slopes are those of the output, by row.
func (g *grower) fill(h histogram, rows []int32) {
	own := g.gathered[:len(rows)]
	for i, r := range rows {
		own[i] = g.slopes[r]
	}
	for _, j := range g.columns {
		column, part := g.data.columns[j], h[g.offsets[j]:g.offsets[j+1]]
		clear(part)
		for i, r := range rows {
			s := &part[column[r]]
			s.g += own[i].g
			s.hn += own[i].hn
		}
	}
}

// subtract takes the sums of a child from its parent's, which become those of the other child.
func (g *grower) subtract(parent, child histogram) {
	for _, j := range g.columns {
		a := parent[g.offsets[j]:g.offsets[j+1]]
		b := child[g.offsets[j]:g.offsets[j+1]]
		for i := range a {
			a[i].g -= b[i].g
			a[i].hn -= b[i].hn
		}
	}
}

// take returns a histogram of any content; give gives it back.
func (g *grower) take() histogram {
	if n := len(g.free); n > 0 {
		h := g.free[n-1]
		g.free = g.free[:n-1]
		return h
	}
	return make(histogram, g.offsets[len(g.offsets)-1])
}

func (g *grower) give(h histogram) {
	if h != nil {
		g.free = append(g.free, h)
	}
}
