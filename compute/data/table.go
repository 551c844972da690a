package data

import (
	"fmt"
	"strconv"
)

// table makes a grid.
type table struct {
	options *Options
	keep    func(string) bool
	missing *missing
	columns []*builder // those of the file
	kept    int        // of them that are stored
	cells   int
	empty   int // rows
	index   counting
	grid    Grid
}

func newTable(o *Options, keep func(string) bool) *table {
	t := &table{options: o, keep: keep, missing: newMissing(o.Missing)}
	t.grid.reading.options = *o
	t.grid.reading.options.Progress = nil
	return t
}

func (t *table) note(line int, column, format string, args ...any) {
	t.grid.reading.Notes = append(t.grid.reading.Notes, Note{line, column, fmt.Sprintf(format, args...)})
}

// begin makes the columns; header is nil where nothing names them.
func (t *table) begin(header []string, width int) error {
	if width > MaxColumns {
		return Errorf(0, "", "separator", "%d columns: at most %d are read", width, MaxColumns)
	}
	for i, name := range t.names(header, width) {
		b := &builder{column: &Column{name: name, missing: t.missing}, unnamed: header != nil && header[i] == ""}
		if b.kept = t.keep == nil || t.keep(name); b.kept {
			t.kept++
		}
		t.columns = append(t.columns, b)
	}
	t.index.named = width > 1 && header != nil && numbersRows(header[0])
	t.index.possible = t.index.named && t.options.Index == ""
	return nil
}

// add appends a row that begins at a line, with a cell for each column.
func (t *table) add(cells [][]byte, line int) error {
	if len(cells) > 1 && allEmpty(cells) {
		t.empty++
		return nil
	}
	if t.cells += t.kept; t.cells > MaxCells {
		return Errorf(line, "", "", "more than %d cells: keep fewer columns or rows", MaxCells)
	}
	if t.grid.rows == MaxRows {
		return Errorf(line, "", "", "more than %d rows", MaxRows)
	}
	for i, b := range t.columns {
		b.filled = b.filled || len(cells[i]) > 0
		if b.kept {
			if err := t.cell(i, cells[i], line); err != nil {
				return err
			}
		}
	}
	if t.index.possible {
		t.index.see(cells[0])
	}
	t.grid.row(line)
	return nil
}

// cell appends a cell to a column that is kept.
func (t *table) cell(column int, cell []byte, line int) error {
	b := t.columns[column]
	if len(cell) > MaxCell {
		return Errorf(line, b.column.name, "quote", "a cell of %d bytes, at most %d are stored: a quote that is left open, or a column to ignore",
			len(cell), MaxCell)
	}
	b.filled = b.filled || len(cell) > 0
	b.add(cell)
	return nil
}

func allEmpty(cells [][]byte) bool {
	for _, c := range cells {
		if len(c) > 0 {
			return false
		}
	}
	return true
}

// finish returns the grid, without the columns that say nothing.
func (t *table) finish() *Grid {
	g := &t.grid
	for i, b := range t.columns {
		switch {
		case i == 0 && t.dropsIndex():
			t.note(0, b.column.name, "dropped: it numbers the rows")
		case b.unnamed && !b.filled:
			t.note(0, b.column.name, "dropped: it has no name and no cell that is not empty")
		case b.kept:
			g.columns = append(g.columns, b.finish())
		}
	}
	return g
}

// dropsIndex decides about the first column, and puts that into the reading. One that has a name of its own is never dropped.
func (t *table) dropsIndex() bool {
	o := &t.grid.reading.options
	if o.Index == "" {
		if o.Index = "keep"; t.index.possible && t.grid.rows > 0 {
			o.Index = "drop"
		}
	}
	return o.Index == "drop" && t.index.named
}

// counting is whether the first column counts from 0 or 1, and whether it has the name of an index.
type counting struct {
	named    bool
	possible bool
	next     int
	begun    bool
	digits   [20]byte
}

func (c *counting) see(cell []byte) {
	if !c.begun {
		c.begun = true
		if c.next = 0; string(cell) == "1" {
			c.next = 1
		}
	}
	c.possible = string(strconv.AppendInt(c.digits[:0], int64(c.next), 10)) == string(cell)
	c.next++
}
