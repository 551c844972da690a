package tabular

import "strings"

// kind is what the cells of a column are. Its number is hashed.
type kind uint8

const (
	undecided   kind = iota // for the cells to say
	numeric                 // decimal numbers
	categorical             // names
	boolean                 // words of yes and no: categories of which the second has an input
	date                    // points in time, of which the column is one part
)

// Limits of a column.
const (
	MaxName              = 128     // bytes of the name of a category or a class
	MaxCategories        = 1024    // of a categorical column that have an input each
	DefaultMaxCategories = 64      // where the configuration says nothing
	MaxClasses           = 256     // of the target
	maxTexts             = 1 << 17 // different texts of a column; one with more is none of categories
)

// truths are the pairs of words that a boolean column consists of, in whatever case: one pair a column.
var truths = [...][2]string{{"false", "true"}, {"no", "yes"}, {"f", "t"}, {"n", "y"}, {"off", "on"}}

// booleans are the names of a boolean column's labels, whatever its words.
var booleans = []string{"false", "true"}

// truth reads a word of one of pairs as a boolean.
func truth(word string, pairs [][2]string) (is, ok bool) {
	for _, p := range pairs {
		for i, w := range p {
			if strings.EqualFold(word, w) {
				return i == 1, true
			}
		}
	}
	return false, false
}

// pairOf returns the pair to which a word belongs.
func pairOf(word string) (pair [][2]string, ok bool) {
	for i := range truths {
		if _, ok := truth(word, truths[i:i+1]); ok {
			return truths[i : i+1], true
		}
	}
	return nil, false
}
