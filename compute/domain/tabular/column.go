package tabular

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"doin.network/node/compute/domain/supervised"
)

// Limits of a column.
const (
	MaxName       = 128  // bytes of the name of a column, a category or a class
	MaxCategories = 1024 // of a categorical column
	MaxClasses    = 256  // of the target
)

// kind is what the cells of a column are. Its number is hashed.
type kind uint8

const (
	undecided   kind = iota // all cells so far are missing
	numeric                 // decimal numbers
	categorical             // names
)

// noCode is the code of a missing categorical cell.
const noCode = -1

// column is one column of a table.
type column struct {
	name string
	kind kind
	// limit is the greatest number of labels.
	limit int
	rows  int
	// numbers are the cells of a numeric column, NaN where missing; there is no −0. Once the column is finished they are in
	// units of 10^power, in which the largest magnitude lies in [1, 10), so that nothing depends on the unit of the file.
	numbers []float64
	power   int
	// long are the texts of numbers that may have more digits than a double gives back, by row, until the column is finished.
	long map[int]string
	// codes are the cells of a categorical one: indices of labels, noCode where missing.
	codes []int32
	// labels are the categories, ascending once the column is finished.
	labels []string
	index  map[string]int32
}

// missing reports whether a cell is a missing value.
func missing(cell string) bool { return cell == "" || cell == "NA" || cell == "?" }

// add appends a cell. The error is the reason alone. The cell is not retained.
func (c *column) add(cell string) error {
	gone := missing(cell)
	if c.kind == undecided && !gone {
		c.decide(cell)
	}
	switch c.kind {
	case numeric:
		v := math.NaN()
		if !gone {
			var err error
			if v, err = supervised.Decimal(cell); err != nil {
				return fmt.Errorf("%.40q: %w (the column is numeric)", cell, err)
			}
			if v == 0 {
				v = 0 // −0
			}
			if len(cell) > 15 {
				if c.long == nil {
					c.long = map[int]string{}
				}
				c.long[len(c.numbers)] = strings.Clone(cell)
			}
		}
		c.numbers = append(c.numbers, v)
	case categorical:
		code := int32(noCode)
		if !gone {
			var err error
			if code, err = c.code(cell); err != nil {
				return err
			}
		}
		c.codes = append(c.codes, code)
	}
	c.rows++
	return nil
}

// decide gives an undecided column the kind of its first known cell and the missing cells before it. Whatever reads as a
// number in some notation makes the column numeric, so that an infinity is refused instead of being a category.
func (c *column) decide(cell string) {
	if _, err := strconv.ParseFloat(cell, 64); err == nil || !errors.Is(err, strconv.ErrSyntax) {
		c.kind = numeric
		for range c.rows {
			c.numbers = append(c.numbers, math.NaN())
		}
		return
	}
	c.kind = categorical
	for range c.rows {
		c.codes = append(c.codes, noCode)
	}
}

// code returns the code of a label, a new one for a new label.
func (c *column) code(cell string) (int32, error) {
	if code, ok := c.index[cell]; ok {
		return code, nil
	}
	switch {
	case len(cell) > MaxName:
		return 0, fmt.Errorf("%.40q…: category of %d bytes: at most %d are allowed", cell, len(cell), MaxName)
	case !utf8.ValidString(cell):
		return 0, fmt.Errorf("%.40q: not UTF-8", cell)
	case len(c.labels) == c.limit:
		return 0, fmt.Errorf("%.40q: more than %d categories", cell, c.limit)
	}
	if c.index == nil {
		c.index = make(map[string]int32)
	}
	code := int32(len(c.labels))
	cell = strings.Clone(cell) // the cell is part of a whole line
	c.labels = append(c.labels, cell)
	c.index[cell] = code
	return code, nil
}

// finish puts the labels in ascending byte order and renumbers the codes, and takes the numbers' power of ten from them. No
// cell can be added after it.
func (c *column) finish() {
	c.power = supervised.Exponent(c.numbers)
	for i, v := range c.numbers {
		if text, ok := c.long[i]; ok && v != 0 {
			c.numbers[i] = supervised.ShiftText(text, -c.power)
			continue
		}
		c.numbers[i] = supervised.Shift(v, -c.power)
	}
	c.long = nil
	first := c.labels
	c.labels = slices.Sorted(slices.Values(first))
	place := make([]int32, len(first))
	for i, label := range first {
		at, _ := slices.BinarySearch(c.labels, label)
		place[i] = int32(at)
	}
	for i, code := range c.codes {
		if code != noCode {
			c.codes[i] = place[code]
		}
	}
	c.index = nil
}

// number returns the cell of a row of a numeric column, in the unit of the file.
func (c *column) number(row int) float64 { return supervised.Shift(c.numbers[row], c.power) }

// isMissing reports whether the cell of a row is a missing value.
func (c *column) isMissing(row int) bool {
	switch c.kind {
	case numeric:
		return math.IsNaN(c.numbers[row])
	case categorical:
		return c.codes[row] == noCode
	}
	return true
}
