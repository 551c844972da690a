package data

import "slices"

// defaultMissing are the texts of missing values where nothing else is said: what pandas, R, spreadsheets, databases and
// statistical offices write.
var defaultMissing = []string{
	"", "#DIV/0!", "#N/A", "#N/A N/A", "#NA", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "-", "--", "-NaN",
	"-nan", ".", "..", ":", "<NA>", "?", "N/A", "NA", "NAN", "NULL", "NaN", "NaT", "None", "\\N", "n/a", "na", "nan",
	"null",
}

// DefaultMissing returns the texts of missing values where Options.Missing is nil, fresh.
func DefaultMissing() []string { return slices.Clone(defaultMissing) }

// missing is a set of texts that most cells are seen not to belong to by their length and first byte.
type missing struct {
	words   map[string]struct{}
	longest int
	first   [256]bool
}

func newMissing(words []string) *missing {
	m := &missing{words: make(map[string]struct{}, len(words)+1)}
	m.words[""] = struct{}{}
	for _, w := range words {
		m.words[w] = struct{}{}
		if m.longest = max(m.longest, len(w)); w != "" {
			m.first[w[0]] = true
		}
	}
	return m
}

func (m *missing) has(cell string) bool {
	if cell == "" {
		return true
	}
	if len(cell) > m.longest || !m.first[cell[0]] {
		return false
	}
	_, ok := m.words[cell]
	return ok
}
