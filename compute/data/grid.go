package data

import (
	"slices"
	"sort"
	"strings"
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

// row ends a row that begins at a line.
func (g *Grid) row(line int) {
	if last := len(g.runs) - 1; last < 0 || g.runs[last].line+g.rows-g.runs[last].row != line {
		g.runs = append(g.runs, run{g.rows, line})
	}
	g.rows++
}

// Reading returns how the file was understood.
func (g *Grid) Reading() Reading { return g.reading }

// Column is the cells of one column.
type Column struct {
	name    string
	missing *missing
	// blocks hold the texts of the cells, one after the other, none over the end of a block.
	blocks []string
	starts []uint32 // of the cells: block times blockBytes, plus the place in it
}

// Name returns the name.
func (c *Column) Name() string { return c.name }

// Len returns the number of cells.
func (c *Column) Len() int { return len(c.starts) }

// Text returns the cell of a row, without blanks around it and without its quotes. It allocates nothing.
func (c *Column) Text(row int) string {
	at := c.starts[row]
	block := c.blocks[at/blockBytes]
	end := uint32(len(block))
	if row+1 < len(c.starts) {
		if next := c.starts[row+1]; next/blockBytes == at/blockBytes {
			end = next % blockBytes
		}
	}
	return block[at%blockBytes : end]
}

// Missing reports whether the cell of a row is a missing value.
func (c *Column) Missing(row int) bool { return c.missing.has(c.Text(row)) }

// blockBytes is the size of a block: MaxColumns of them are no matter, because the first of a column grows as it fills.
const blockBytes = 2 * MaxCell

// builder makes a column. Texts lie in blocks, so that what is full is never copied.
type builder struct {
	column                *Column
	block                 strings.Builder
	kept, unnamed, filled bool // stored; without a name in the file; some cell is not empty
}

// add appends a cell of at most MaxCell bytes.
func (b *builder) add(cell []byte) {
	if b.block.Len()+len(cell) >= blockBytes {
		b.close()
	}
	c := b.column
	c.starts = append(c.starts, uint32(len(c.blocks)*blockBytes+b.block.Len()))
	b.block.Write(cell)
}

// close ends a block.
func (b *builder) close() {
	b.column.blocks = append(b.column.blocks, b.block.String())
	b.block = strings.Builder{}
	if len(b.column.blocks) > 0 {
		b.block.Grow(blockBytes)
	}
}

// finish returns the column; nothing can be added after it.
func (b *builder) finish() *Column {
	if b.column.blocks = append(b.column.blocks, b.block.String()); len(b.column.starts) == 0 {
		b.column.blocks = nil
	}
	return b.column
}
