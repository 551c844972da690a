package tabular

import (
	"iter"

	"doin.network/node/compute/data"
)

// cells are those of one column in all files, without the rows that are left out.
type cells struct {
	name  string
	parts []part
}

// part is the cells of one file.
type part struct {
	column *data.Column
	rows   []int32 // of the file, ascending
}

// len is the number of cells.
func (c *cells) len() (n int) {
	for _, p := range c.parts {
		n += len(p.rows)
	}
	return n
}

// all yields the cells, each with its row of the table; missing ones as "".
func (c *cells) all() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		at := 0
		for _, p := range c.parts {
			for _, row := range p.rows {
				text := ""
				if !p.column.Missing(int(row)) {
					text = p.column.Text(int(row))
				}
				if !yield(at, text) {
					return
				}
				at++
			}
		}
	}
}

// known yields the cells that are no missing values, each with its row of the table.
func (c *cells) known() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for row, text := range c.all() {
			if text != "" && !yield(row, text) {
				return
			}
		}
	}
}
