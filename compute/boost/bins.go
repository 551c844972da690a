package boost

import "slices"

// feature is how the values of a feature become bins: bin 0 is of missing values, bin b ≥ 1 of those above edges[b−2] and up
// to edges[b−1]; the last one has no upper edge. A feature without known values has no bin but 0 and 1.
type feature struct {
	edges []float32 // ascending
}

// bins is the number of bins, the one of missing values among them.
func (f *feature) bins() int { return len(f.edges) + 2 }

// bin returns the bin of a value.
func (f *feature) bin(v float32) uint8 {
	if v != v {
		return 0
	}
	low, high := 0, len(f.edges)
	for low < high {
		if m := (low + high) / 2; v <= f.edges[m] {
			high = m
		} else {
			low = m + 1
		}
	}
	return uint8(low + 1)
}

// newFeature cuts values into at most so many bins of about equal numbers of rows. Equal values share a bin. Going up through
// the distinct values, a bin ends with the one at which the rows so far, of n known ones, reach the next multiple of n ÷ bins. The edge
// lies halfway to the next value, in binary64 rounded to binary32, or on the lower value where that is not between them.
func newFeature(column []float32, bins int) (f feature) {
	known := make([]float32, 0, len(column))
	for _, v := range column {
		if v == v {
			known = append(known, v+0) // no −0
		}
	}
	slices.Sort(known)
	n := len(known)
	distinct := 0
	for i, v := range known {
		if i == 0 || v != known[i-1] {
			distinct++
		}
	}
	part := 1 // the next multiple
	for i := 1; i < n; i++ {
		a, b := known[i-1], known[i]
		if a == b || distinct > bins && i*bins < part*n {
			continue
		}
		part = i*bins/n + 1
		f.edges = append(f.edges, between(a, b))
	}
	return f
}

func between(a, b float32) float32 {
	if m := float32((float64(a) + float64(b)) / 2); m >= a && m < b {
		return m
	}
	return a
}

// binned is a table in bins, column by column.
type binned struct {
	rows    int
	columns [][]uint8 // [feature][row]
}

// newFeatures cuts all features of a table.
func newFeatures(t *Table, bins int) []feature {
	out, column := make([]feature, t.Features), make([]float32, t.Len())
	for j := range out {
		for i := range column {
			column[i] = t.Values[i*t.Features+j]
		}
		out[j] = newFeature(column, bins)
	}
	return out
}

// bin puts a table into the bins of features.
func (t *Table) bin(features []feature) *binned {
	b := &binned{rows: t.Len(), columns: make([][]uint8, t.Features)}
	for j := range b.columns {
		column := make([]uint8, b.rows)
		for i := range column {
			column[i] = features[j].bin(t.Values[i*t.Features+j])
		}
		b.columns[j] = column
	}
	return b
}
