package tabular

import (
	"math"
	"slices"

	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/supervised"
)

// fitScale returns mean and standard deviation of numbers, summed in order, in binary64; ok is false for numbers that
// do not change.
func fitScale(y []float64) (s supervised.Scale, ok bool) {
	if len(y) == 0 || slices.Min(y) == slices.Max(y) {
		return s, false
	}
	n := float64(len(y))
	var sum, squares float64
	for _, v := range y {
		sum += v
	}
	s.Offset = sum / n
	for _, v := range y {
		d := v - s.Offset
		squares += float64(d * d)
	}
	s.Unit = math.Sqrt(squares / n)
	return s, s.Unit > 0
}

// median returns the median of numbers, at least one.
func median(y []float64) float64 {
	y = slices.Sorted(slices.Values(y))
	m := len(y) / 2
	if len(y)%2 == 1 {
		return y[m]
	}
	return (y[m-1] + y[m]) / 2
}

// encoder turns the cells of one input column into inputs of a network: those at [at, at+width). It is fitted on
// training rows.
type encoder struct {
	name string
	kind kind
	part datePart // of a date
	at   int
	// value says that a column of numbers has an input of its own, scaled by scale; fill stands for missing values.
	value bool
	scale supervised.Scale
	fill  float64
	power int // of the column's numbers
	// layout is the form of a column of dates.
	layout when.Layout
	// labels are the categories that have an input each, ascending; pooled says that all others share the one after
	// them. A boolean column has one input, for true.
	labels []string
	pooled bool
	// gone says that missing values have an input of their own, the last one.
	gone bool
	// many and rest are the categories in training that are pooled, and their rows.
	many, rest int
}

// newEncoder fits the encoder of a column on rows. limit is the greatest number of labels. follows says that the
// column is a further part of the dates of the column before it, which has their missing values.
func newEncoder(c *column, rows []int, limit int, follows bool) encoder {
	e := encoder{name: c.name, kind: c.kind, part: c.part, power: c.power, layout: c.layout}
	lost := 0
	for _, row := range rows {
		if c.isMissing(row) {
			lost++
		}
	}
	if c.counted() {
		e.gone = 0 < lost && lost < len(rows) && !follows
		e.fitNumbers(c, rows, lost)
		return e
	}
	e.gone = lost > 0
	counts := make([]int, len(c.labels))
	for _, row := range rows {
		if code := c.codes[row]; code != noCode {
			counts[code]++
		}
	}
	if e.fitLabels(c, counts, limit); e.states(counts) < 2 { // the same in all rows
		e.labels, e.pooled, e.gone = nil, false, false
	}
	return e
}

func (e *encoder) fitNumbers(c *column, rows []int, lost int) {
	known := make([]float64, 0, len(rows)-lost)
	for _, row := range rows {
		if !c.isMissing(row) {
			known = append(known, c.numbers[row])
		}
	}
	if e.scale, e.value = fitScale(known); e.value {
		e.fill = median(known)
	}
}

// fitLabels chooses the labels: true of a boolean column, else the categories that training has, the most frequent
// ones where they are more than limit, of equals the first.
func (e *encoder) fitLabels(c *column, counts []int, limit int) {
	if e.kind == boolean {
		e.labels = booleans[1:]
		if counts[1] > counts[0] {
			e.fill = 1
		}
		return
	}
	var codes []int
	for code, n := range counts {
		if n > 0 {
			codes = append(codes, code)
		}
	}
	if len(codes) > limit {
		slices.SortStableFunc(codes, func(a, b int) int { return counts[b] - counts[a] })
		for _, code := range codes[limit:] {
			e.rest += counts[code]
		}
		e.pooled, e.many = true, len(codes)-limit
		codes = slices.Sorted(slices.Values(codes[:limit]))
	}
	for _, code := range codes {
		e.labels = append(e.labels, c.labels[code])
	}
}

// states is how many different cells training has.
func (e *encoder) states(counts []int) (n int) {
	for _, c := range counts {
		n += min(c, 1)
	}
	if e.gone {
		n++
	}
	return n
}

// categories returns the number of inputs of categories.
func (e *encoder) categories() int {
	if e.pooled {
		return len(e.labels) + 1
	}
	return len(e.labels)
}

// width returns the number of inputs, which may be 0.
func (e *encoder) width() int {
	n := e.categories()
	if e.value {
		n++
	}
	if e.gone {
		n++
	}
	return n
}

// lose writes the inputs of a missing value into a row of inputs, which is all zeros.
func (e *encoder) lose(x []float32) {
	switch {
	case e.value:
		x[e.at], _ = e.scale.To(e.fill) // within the data
	case e.kind == boolean && !e.gone && e.width() > 0:
		x[e.at] = float32(e.fill)
	}
	if e.gone {
		x[e.at+e.width()-1] = 1
	}
}

// number writes the inputs of a number into a row of inputs, which is all zeros; it reports whether the number is near
// enough to the training data.
func (e *encoder) number(x []float32, y float64) bool {
	if !e.value {
		return true
	}
	v, ok := e.scale.To(y)
	x[e.at] = v
	return ok
}

// label writes the inputs of a category into a row of inputs, which is all zeros; known is false for one that has
// none of its own.
func (e *encoder) label(x []float32, name string) (known bool) {
	i, known := slices.BinarySearch(e.labels, name)
	switch {
	case known:
		x[e.at+i] = 1
	case e.pooled:
		x[e.at+len(e.labels)] = 1
	}
	return known || e.kind == boolean
}

// cell writes the inputs of a cell of the column that the encoder was fitted on.
func (e *encoder) cell(x []float32, c *column, row int) bool {
	switch {
	case c.isMissing(row):
		e.lose(x)
	case c.counted():
		return e.number(x, c.numbers[row])
	default:
		e.label(x, c.labels[c.codes[row]])
	}
	return true
}

// hash adds what the encoder does to h.
func (e *encoder) hash(h *supervised.Hasher) {
	flags := 0
	for i, is := range [...]bool{e.value, e.gone, e.pooled} {
		if is {
			flags |= 1 << i
		}
	}
	h.Names(e.name)
	h.Words(int(e.kind), int(e.part), e.at, flags)
	h.Doubles(e.scale.Offset, e.scale.Unit, e.fill)
	h.Words(len(e.labels))
	h.Names(e.labels...)
}
