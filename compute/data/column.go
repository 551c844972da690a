package data

import "strings"

// Column is the cells of one column. It is immutable and safe for concurrent use.
type Column struct {
	name    string
	missing *missing
	// blocks hold the texts of the cells, one after the other, none over the end of a block.
	blocks []string
	// starts are the places of the cells, startsBlock in each slice: block times blockBytes, plus the place in it.
	starts [][]uint32
	rows   int
}

const (
	blockBytes  = 2 * MaxCell
	startsBlock = 1 << 15
)

// Name returns the name.
func (c *Column) Name() string { return c.name }

// Len returns the number of cells.
func (c *Column) Len() int { return c.rows }

// Text returns the cell of a row, without blanks around it and without its quotes. It allocates nothing.
func (c *Column) Text(row int) string {
	at := c.start(row)
	block := c.blocks[at/blockBytes]
	end := uint32(len(block))
	if row+1 < c.rows {
		if next := c.start(row + 1); next/blockBytes == at/blockBytes {
			end = next % blockBytes
		}
	}
	return block[at%blockBytes : end]
}

func (c *Column) start(row int) uint32 { return c.starts[row/startsBlock][row%startsBlock] }

// Missing reports whether the cell of a row is a missing value.
func (c *Column) Missing(row int) bool { return c.missing.has(c.Text(row)) }

// builder makes a column. What is full is never copied; what is not grows as it fills, because there may be MaxColumns.
type builder struct {
	column                *Column
	block                 strings.Builder
	starts                []uint32
	kept, unnamed, filled bool // stored; without a name in the file; some cell is not empty
}

// add appends a cell of at most MaxCell bytes.
func (b *builder) add(cell []byte) {
	c := b.column
	if b.block.Len()+len(cell) >= blockBytes {
		c.blocks = append(c.blocks, b.block.String())
		b.block = strings.Builder{}
		b.block.Grow(blockBytes)
	}
	if len(b.starts) == startsBlock {
		c.starts = append(c.starts, b.starts)
		b.starts = make([]uint32, 0, startsBlock)
	}
	b.starts = append(b.starts, uint32(len(c.blocks)*blockBytes+b.block.Len()))
	b.block.Write(cell)
	c.rows++
}

// finish returns the column; nothing can be added after it.
func (b *builder) finish() *Column {
	b.column.blocks = append(b.column.blocks, b.block.String())
	b.column.starts = append(b.column.starts, b.starts)
	return b.column
}
