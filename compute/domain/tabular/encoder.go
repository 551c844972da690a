package tabular

import (
	"math"
	"slices"

	"doin.network/node/compute/domain/supervised"
)

// fitScale returns mean and standard deviation of numbers, summed in order, in binary64; ok is false for numbers that do
// not change.
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

// encoder turns the cells of one input column into inputs of a network: those at [at, at+width). It is fitted on training
// rows.
type encoder struct {
	name string
	kind kind
	at   int
	// value says that a numeric column has an input of its own, scaled by scale; fill stands for missing values.
	value bool
	scale supervised.Scale
	fill  float64
	power int // of the column's numbers
	// labels are the categories that training has, ascending, an input each.
	labels []string
	// gone says that missing values have an input of their own, the last one.
	gone bool
}

// newEncoder fits the encoder of a column on rows.
func newEncoder(c *column, rows []int) encoder {
	e := encoder{name: c.name, kind: c.kind, power: c.power}
	lost := 0
	for _, row := range rows {
		if c.isMissing(row) {
			lost++
		}
	}
	switch c.kind {
	case numeric:
		e.gone = 0 < lost && lost < len(rows)
		known := make([]float64, 0, len(rows)-lost)
		for _, row := range rows {
			if !c.isMissing(row) {
				known = append(known, c.numbers[row])
			}
		}
		if e.scale, e.value = fitScale(known); e.value {
			e.fill = median(known)
		}
	case categorical:
		e.gone = lost > 0
		seen := make([]bool, len(c.labels))
		for _, row := range rows {
			if code := c.codes[row]; code != noCode {
				seen[code] = true
			}
		}
		for code, label := range c.labels {
			if seen[code] {
				e.labels = append(e.labels, label)
			}
		}
		if e.width() < 2 { // the same in all rows
			e.labels, e.gone = nil, false
		}
	}
	return e
}

// width returns the number of inputs, which may be 0.
func (e *encoder) width() int {
	n := len(e.labels)
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
	if e.value {
		x[e.at], _ = e.scale.To(e.fill) // within the data
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

// label writes the inputs of a category into a row of inputs, which is all zeros.
func (e *encoder) label(x []float32, name string) {
	if i, ok := slices.BinarySearch(e.labels, name); ok {
		x[e.at+i] = 1
	}
}

// cell writes the inputs of a cell of the column that the encoder was fitted on.
func (e *encoder) cell(x []float32, c *column, row int) bool {
	switch {
	case c.isMissing(row):
		e.lose(x)
	case c.kind == numeric:
		return e.number(x, c.numbers[row])
	default:
		e.label(x, c.labels[c.codes[row]])
	}
	return true
}

// hash adds what the encoder does to h.
func (e *encoder) hash(h *supervised.Hasher) {
	flags := 0
	if e.value {
		flags |= 1
	}
	if e.gone {
		flags |= 2
	}
	h.Names(e.name)
	h.Words(int(e.kind), e.at, flags)
	h.Doubles(e.scale.Offset, e.scale.Unit, e.fill)
	h.Words(len(e.labels))
	h.Names(e.labels...)
}
