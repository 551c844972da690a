// Package nearest finds the known name that a mistyped one was meant to be. The distance of two names is that of optimal
// string alignment, in bytes: Levenshtein's with neighbours that changed places counted once (Levenshtein 1966, "Binary codes
// capable of correcting deletions, insertions, and reversals"; Damerau 1964).
package nearest

import (
	"math"
	"strings"
)

const (
	// maxLength is how much of a name is looked at; a longer one is nobody's slip.
	maxLength = 80
	// partLength is how long a part of a known name must be to stand for it.
	partLength = 4
	// partDistance is how far a part is at most.
	partDistance = 2
)

// Of returns the known name nearest to name, of equally near ones the first; "" if nothing is known, or name is longer than
// 80 bytes. Half a name counts as near: "burn" means "optimae_burn_fraction".
func Of(name string, known []string) string {
	if len(name) > maxLength {
		return ""
	}
	best, least := "", math.MaxInt
	for _, k := range known {
		d := distance(name, k)
		if len(name) >= partLength && strings.Contains(k, name) {
			d = min(d, partDistance)
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many bytes must be put in, left out, changed or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}
