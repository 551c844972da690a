package tabular

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// leastIdentified is the number of rows from which one that is another in each of them says anything.
const leastIdentified = 20

// identifiers are the words by which a name says that a column names rows.
var identifiers = []string{"id", "ids", "uuid", "guid", "index", "idx", "key", "row", "rowid", "record", "serial", "no", "nr", "number"}

// namesIdentifier reports whether a word of a name is one of identifiers: "id", "PassengerId", "customer_id", "Row
// No."; not "paid".
func namesIdentifier(name string) bool {
	var word []rune
	end := func() bool {
		known := slices.Contains(identifiers, strings.ToLower(string(word)))
		word = word[:0]
		return known
	}
	lower := false
	for _, r := range name {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && lower {
			if end() {
				return true
			}
		}
		if lower = unicode.IsLower(r); unicode.IsLetter(r) {
			word = append(word, r)
		}
	}
	return end()
}

// identifies reports whether a numeric column, not finished, has another whole number in every row.
func (c *column) identifies() bool {
	if len(c.numbers) < leastIdentified {
		return false
	}
	for _, v := range c.numbers {
		if v != math.Trunc(v) || math.IsNaN(v) {
			return false
		}
	}
	sorted := slices.Sorted(slices.Values(c.numbers))
	return len(slices.Compact(sorted)) == len(c.numbers)
}

// counts reports whether a numeric column, not finished, grows by one from row to row.
func (c *column) counts() bool {
	if len(c.numbers) < leastIdentified {
		return false
	}
	for i, v := range c.numbers {
		if v != c.numbers[0]+float64(i) {
			return false
		}
	}
	return true
}
