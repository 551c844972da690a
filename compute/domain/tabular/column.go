package tabular

import (
	"math"
	"slices"
	"strings"

	"doin.network/node/compute/data/number"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/supervised"
)

// noCode is the code of a missing categorical cell.
const noCode = -1

// column is one column of a table, or one part of a column of dates.
type column struct {
	name   string
	kind   kind
	part   datePart // of a date, and the form in which its column has them
	layout when.Layout
	// numbers are the cells of a numeric column and of a part of dates, NaN where missing; there is no −0. Once the
	// column is finished they are in units of 10^power, in which the largest magnitude lies in [1, 10), so that
	// nothing depends on the unit of the file; the power of a part is 0.
	numbers []float64
	power   int
	// long are the texts of numbers that may have more digits than a double gives back, by row, until the column is
	// finished.
	long map[int]string
	// codes are the cells of a categorical or boolean one: indices of labels, noCode where missing.
	codes []int32
	// labels are the categories, ascending once the column is finished.
	labels []string
}

// counted reports whether the cells of a column are numbers.
func (c *column) counted() bool { return c.kind == numeric || c.kind == date }

// title names the column for people.
func (c *column) title() string {
	if c.kind == date {
		return c.name + " (" + c.part.String() + ")"
	}
	return c.name
}

// addNumber appends a cell that is the number v, NaN: missing.
func (c *column) addNumber(text string, v float64) {
	if v == 0 {
		v = 0 // −0
	}
	if len(text) > 15 {
		if c.long == nil {
			c.long = map[int]string{}
		}
		c.long[len(c.numbers)] = text
	}
	c.numbers = append(c.numbers, v)
}

// finishNumbers takes the numbers' power of ten from them.
func (c *column) finishNumbers(f number.Format) {
	c.power = supervised.Exponent(c.numbers)
	for i, v := range c.numbers {
		if text, ok := c.long[i]; ok && v != 0 {
			c.numbers[i], _ = f.Shift(text, -c.power) // it was parsed before
			continue
		}
		c.numbers[i] = supervised.Shift(v, -c.power)
	}
	c.long = nil
}

// labeler gives texts codes in the order in which they come.
type labeler struct {
	labels []string
	index  map[string]int32
}

// code returns the code of a text, a new one for a new text.
func (l *labeler) code(text string) int32 {
	code, ok := l.index[text]
	if !ok {
		if l.index == nil {
			l.index = map[string]int32{}
		}
		code = int32(len(l.labels))
		text = strings.Clone(text) // the cells go with their file
		l.labels = append(l.labels, text)
		l.index[text] = code
	}
	return code
}

// finish gives the labels to a column in ascending byte order and renumbers its codes.
func (l *labeler) finish(c *column) {
	c.labels = slices.Sorted(slices.Values(l.labels))
	place := make([]int32, len(l.labels))
	for i, label := range l.labels {
		at, _ := slices.BinarySearch(c.labels, label)
		place[i] = int32(at)
	}
	for i, code := range c.codes {
		if code != noCode {
			c.codes[i] = place[code]
		}
	}
}

// number returns the cell of a row of a numeric column, in the unit of the file.
func (c *column) number(row int) float64 { return supervised.Shift(c.numbers[row], c.power) }

// isMissing reports whether the cell of a row is a missing value.
func (c *column) isMissing(row int) bool {
	if c.counted() {
		return math.IsNaN(c.numbers[row])
	}
	return c.codes[row] == noCode
}

// constant reports whether all cells are the same.
func (c *column) constant() bool {
	if c.counted() {
		for _, v := range c.numbers {
			if v != c.numbers[0] {
				return false
			}
		}
		return true
	}
	for _, code := range c.codes {
		if code != c.codes[0] {
			return false
		}
	}
	return true
}
