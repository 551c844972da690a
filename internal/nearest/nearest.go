// Package nearest finds the known name that a mistyped one was meant to be. The distance of two names is Levenshtein's, in
// bytes (Levenshtein 1966, "Binary codes capable of correcting deletions, insertions, and reversals").
package nearest

import "math"

// maxLength is how much of a name is looked at; a longer one is nobody's slip.
const maxLength = 80

// Of returns the known name nearest to name, of equally near ones the first; "" if nothing is known, or name is longer than
// 80 bytes.
func Of(name string, known []string) string {
	if len(name) > maxLength {
		return ""
	}
	best, least := "", math.MaxInt
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many bytes must be put in, left out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
