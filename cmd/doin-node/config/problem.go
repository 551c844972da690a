package config

import (
	"errors"
	"fmt"
	"strings"

	"doin.network/node/internal/canon"
)

// ErrInvalid is what every Problem unwraps to. Load, Parse, Validate and
// Flags.Apply return it, joined once per problem.
var ErrInvalid = errors.New("invalid configuration")

// Problem is one thing wrong with a configuration.
type Problem struct {
	// File is where it was found, "" outside a file.
	File string
	// Key is the path of the value, "domains[0].optimize" for example; "" when
	// the file as a whole is at fault.
	Key string
	// Value is the value as JSON, shortened; "" when there is none.
	Value string
	// Reason says what would be right.
	Reason string
}

// Error implements error: "node.json: port 70000: must be in [0, 65535]".
func (p *Problem) Error() string {
	s := p.Reason
	switch {
	case p.Key != "" && p.Value != "":
		s = fmt.Sprintf("%s %s: %s", p.Key, p.Value, s)
	case p.Key != "":
		s = fmt.Sprintf("%s: %s", p.Key, s)
	}
	if p.File != "" {
		s = p.File + ": " + s
	}
	return s
}

// Unwrap returns ErrInvalid.
func (p *Problem) Unwrap() error { return ErrInvalid }

// Warning is a key that is accepted and does not do what its reader may expect.
type Warning struct {
	Key    string
	Reason string
}

// String returns one line for the log.
func (w Warning) String() string { return w.Key + ": " + w.Reason }

// maxShown bounds the text of a value in a message.
const maxShown = 60

// show renders a value for a message.
func show(v any) string {
	b := canon.Default(v)
	if len(b) <= maxShown {
		return string(b)
	}
	return string(b[:maxShown]) + "…" // the encoder writes ASCII: no rune is cut
}

// nearest returns the candidate with the least edit distance to name, the first
// of several. Half a name counts as near: "burn" means "optimae_burn_fraction".
func nearest(name string, candidates []string) string {
	if len(name) > 64 { // no known name is nearly as long; bounds the work
		name = name[:64]
	}
	best, distance := "", -1
	for _, c := range candidates {
		d := editDistance(name, c)
		if len(name) >= 4 && strings.Contains(c, name) {
			d = min(d, 2)
		}
		if distance < 0 || d < distance {
			best, distance = c, d
		}
	}
	return best
}

// editDistance counts the bytes inserted, deleted, replaced and swapped with
// their neighbour that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	older := make([]int, len(b)+1)
	old := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
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
