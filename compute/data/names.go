package data

import "strconv"

// names returns a name for each column, all distinct. Columns without one are called column_1, column_2, … by their place; of
// equal ones the second is called name.1, the third name.2, as pandas does.
func (t *table) names(header []string, width int) []string {
	out := make([]string, width)
	if header == nil {
		for i := range out {
			out[i] = placeName(i)
		}
		t.note(0, "", "no line with names: the columns are called %s to %s", placeName(0), placeName(width-1))
		return out
	}
	taken := make(map[string]bool, width)
	for _, name := range header {
		taken[name] = true
	}
	seen := make(map[string]bool, width)
	for i, name := range header {
		base := name
		if name == "" {
			name, base = placeName(i), placeName(i)
		}
		for n := 1; seen[name] || header[i] != name && taken[name]; n++ {
			name = base + "." + strconv.Itoa(n)
		}
		if header[i] != "" && header[i] != name {
			t.note(0, name, "its name is that of another column before it, %.80q", header[i])
		}
		seen[name], out[i] = true, name
	}
	return out
}

func placeName(i int) string { return "column_" + strconv.Itoa(i+1) }

// numbersRows reports whether a column of that name may number the rows: what pandas, R and Arrow call an index.
func numbersRows(name string) bool {
	switch name {
	case "", "Unnamed: 0", "__index_level_0__":
		return true
	}
	return false
}
