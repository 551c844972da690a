package data

// table makes a grid.
type table struct {
	builders []*builder // by the columns of the file; nil for what is not kept
	grid     Grid
}

func newTable(names []string, m *missing, keep func(string) bool) *table {
	t := &table{builders: make([]*builder, len(names))}
	for i, name := range names {
		if keep == nil || keep(name) {
			t.builders[i] = &builder{column: &Column{name: name, missing: m}}
		}
	}
	return t
}

// row ends a row that begins at a line.
func (t *table) row(line int) {
	g := &t.grid
	if last := len(g.runs) - 1; last < 0 || g.runs[last].line+g.rows-g.runs[last].row != line {
		g.runs = append(g.runs, run{g.rows, line})
	}
	g.rows++
}

func (t *table) finish(r Reading) *Grid {
	for _, b := range t.builders {
		if b != nil {
			t.grid.columns = append(t.grid.columns, b.finish())
		}
	}
	t.grid.reading = r
	return &t.grid
}
