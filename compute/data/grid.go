package data

import (
	"slices"
	"sort"
)

// Grid is the cells of a file by column. It is immutable and safe for concurrent use.
type Grid struct {
	columns []*Column
	rows    int
	runs    []run
	reading Reading
}

// run says that the rows from row on begin at the lines from line on, one a line.
type run struct{ row, line int }

// Names returns the names of the columns, fresh. They are distinct.
func (g *Grid) Names() []string {
	out := make([]string, len(g.columns))
	for i, c := range g.columns {
		out[i] = c.name
	}
	return out
}

// Index returns the place of a column; −1: there is none of that name.
func (g *Grid) Index(name string) int {
	return slices.IndexFunc(g.columns, func(c *Column) bool { return c.name == name })
}

// Rows returns the number of rows.
func (g *Grid) Rows() int { return g.rows }

// Columns returns the number of columns that were kept.
func (g *Grid) Columns() int { return len(g.columns) }

// Column returns column i, in the order of the file.
func (g *Grid) Column(i int) *Column { return g.columns[i] }

// Line returns the line of the file at which a row begins, from 1. Of a file without lines it is the row, from 1.
func (g *Grid) Line(row int) int {
	i := sort.Search(len(g.runs), func(i int) bool { return g.runs[i].row > row }) - 1
	return g.runs[i].line + row - g.runs[i].row
}

// Without returns a grid of the same rows without some columns, whose memory is free when nobody has g any more. A name that no column has
// is passed over.
func (g *Grid) Without(names ...string) *Grid {
	out := *g
	out.columns = slices.DeleteFunc(slices.Clone(g.columns), func(c *Column) bool { return slices.Contains(names, c.name) })
	return &out
}

// row ends a row that begins at a line.
func (g *Grid) row(line int) {
	if last := len(g.runs) - 1; last < 0 || g.runs[last].line+g.rows-g.runs[last].row != line {
		g.runs = append(g.runs, run{g.rows, line})
	}
	g.rows++
}

// Reading returns how the file was understood.
func (g *Grid) Reading() Reading { return g.reading }
