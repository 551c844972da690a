package tabular

import (
	"cmp"
	"math"
	"slices"

	"doin.network/node/compute/data"
)

// maxShown is the number of categories that a summary names.
const maxShown = 8

// Summary is what a column of a table is and holds, for people.
type Summary struct {
	Name string
	// Kind is numeric, categorical, boolean or date.
	Kind string
	// Form is that of the dates; empty for others.
	Form string
	// Missing is how many cells are missing, Distinct how many different others there are: of a date, of its first part.
	Missing, Distinct int
	// Low and High are the least and the greatest number of a numeric column, in the unit of the file.
	Low, High float64
	// Categories are the most frequent ones, with their numbers, not all of many.
	Categories []Count
}

// Count is a category and how many rows have it.
type Count struct {
	Name string
	Rows int
}

// Summaries returns the inputs in the order of Inputs and then the target.
func (t *Table) Summaries() []Summary {
	var out []Summary
	for _, c := range append(slices.Clone(t.inputs), t.target) {
		if n := len(out); n > 0 && out[n-1].Name == c.name {
			continue // a further part
		}
		out = append(out, c.summary())
	}
	return out
}

var kindNames = [...]string{undecided: "none", numeric: "numeric", categorical: "categorical", boolean: "boolean", date: "date"}

func (c *column) summary() Summary {
	s := Summary{Name: c.name, Kind: kindNames[c.kind]}
	if c.counted() {
		known := slices.DeleteFunc(slices.Clone(c.numbers), math.IsNaN)
		s.Missing = len(c.numbers) - len(known)
		slices.Sort(known)
		if s.Distinct = len(slices.Compact(known)); c.kind == date {
			s.Form = c.layout.Name()
			return s
		}
		low, high := math.NaN(), math.NaN()
		for row, v := range c.numbers {
			if !(v >= low) && !math.IsNaN(v) {
				low, s.Low = v, c.number(row)
			}
			if !(v <= high) && !math.IsNaN(v) {
				high, s.High = v, c.number(row)
			}
		}
		return s
	}
	counts := make([]int, len(c.labels))
	for _, code := range c.codes {
		if code == noCode {
			s.Missing++
			continue
		}
		counts[code]++
	}
	for code, n := range counts {
		if n > 0 {
			s.Categories = append(s.Categories, Count{c.labels[code], n})
		}
	}
	s.Distinct = len(s.Categories)
	slices.SortStableFunc(s.Categories, func(a, b Count) int { return cmp.Compare(b.Rows, a.Rows) })
	s.Categories = s.Categories[:min(len(s.Categories), maxShown)]
	return s
}

// Suggest returns the task that suits a column as the target: regression where it can be read as one and has more
// different numbers than classification takes or than would be classes.
func Suggest(g *data.Grid, target string) Task {
	i := slices.Index(g.Names(), target)
	if i < 0 {
		return Classification
	}
	p := &parser{files: []file{{grid: g, place: map[string]int{target: i}}}}
	c := g.Column(i)
	for row := range c.Len() {
		if !c.Missing(row) {
			p.files[0].rows = append(p.files[0].rows, int32(row))
			p.lines = append(p.lines, int32(g.Line(row)))
		}
	}
	reading := g.Reading()
	p.schema, p.options = Schema{Task: Regression, Target: target}, reading.Options()
	if len(p.lines) == 0 || p.findFormat() != nil {
		return Classification
	}
	column, _, odd := p.numbers(p.cells(target))
	if odd.cells > 0 {
		return Classification
	}
	fractions, seen := false, map[float64]bool{}
	for _, v := range column.numbers {
		seen[v] = true
		fractions = fractions || v != math.Trunc(v)
		if len(seen) > maxFractions {
			return Regression
		}
	}
	if fractions && len(seen)*2 > len(column.numbers) {
		return Regression
	}
	return Classification
}
