package tabular

import (
	"cmp"
	"math"
	"slices"
)

// leastShared is the share of the rows, one in so many, in which a column that gives the target away is known at least.
const leastShared = 2

// warnOfLeaks warns of inputs that are the target in another form: of a classification, a column whose values and the
// classes belong to each other one to one; of a regression, one that rises, or falls, strictly with the target in
// every row.
func (p *parser) warnOfLeaks() {
	for _, c := range p.inputs {
		if leak := p.leak(c); leak != "" {
			p.warned.add(leak+" (what is not known before the target is belongs in ignored_columns)", c.title())
		}
	}
}

// leak says how a column gives the target away; empty: it does not.
func (p *parser) leak(c *column) string {
	y := p.target
	switch {
	case y.kind == numeric && c.counted():
		return monotone(c, y)
	case y.kind == categorical && oneToOne(c, y):
		return "one value for each class, so that the target is known from it"
	}
	return ""
}

// oneToOne reports whether values and classes belong to each other.
func oneToOne(c, classes *column) bool {
	valueOf, classOf := map[int32]float64{}, map[float64]int32{}
	known := 0
	for row, class := range classes.codes {
		if c.isMissing(row) {
			continue
		}
		known++
		var v float64
		if c.counted() {
			v = c.numbers[row]
		} else {
			v = float64(c.codes[row])
		}
		before, seen := valueOf[class]
		other, met := classOf[v]
		if seen && before != v || met && other != class {
			return false
		}
		valueOf[class], classOf[v] = v, class
	}
	return len(classOf) > 1 && known > 2*len(classOf) && known*leastShared >= len(classes.codes)
}

// monotone says whether a column is the target, or orders the rows as the target does.
func monotone(c, y *column) string {
	type pair struct{ x, y float64 }
	var pairs []pair
	same, up, down := true, true, true
	for row := range y.numbers {
		if c.isMissing(row) {
			continue
		}
		q := pair{c.numbers[row], y.numbers[row]}
		if n := len(pairs); n > 0 { // most columns fail here, before anything is sorted
			sign := cmp.Compare(q.x, pairs[n-1].x) * cmp.Compare(q.y, pairs[n-1].y)
			equal := q.x == pairs[n-1].x && q.y == pairs[n-1].y
			up, down = up && (sign > 0 || equal), down && (sign < 0 || equal)
		}
		if same = same && q == (pair{q.y, q.y}) && c.power == y.power; !same && !up && !down {
			return ""
		}
		pairs = append(pairs, q)
	}
	if len(pairs) < leastIdentified || len(pairs)*leastShared < len(y.numbers) {
		return ""
	}
	if same {
		return "equal to the target"
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	for i := 1; i < len(pairs); i++ {
		dx, dy := pairs[i].x-pairs[i-1].x, pairs[i].y-pairs[i-1].y
		if (dx == 0) != (dy == 0) || up && dy < 0 || down && dy > 0 && !math.IsNaN(dy) {
			return ""
		}
	}
	return "the same order of the rows as the target, or the reverse, without exception"
}
