package data

import (
	"errors"
	"io"

	"doin.network/node/compute/data/columnar"
)

// columns takes what a columnar file has. Its lines are the rows.
type columns struct{ t *table }

var _ columnar.Table = columns{}

// Begin implements columnar.Table. A column that cannot be read is left out where nobody asks for it.
func (c columns) Begin(of []columnar.Column) ([]bool, error) {
	names, wanted := make([]string, len(of)), make([]bool, len(of))
	for i := range of {
		names[i] = of[i].Name
	}
	if len(names) == 0 {
		return nil, Errorf(0, "", "", "no column")
	}
	if err := c.t.begin(names, len(names)); err != nil {
		return nil, err
	}
	for i, b := range c.t.columns {
		if why := of[i].Refusal; why != "" && b.kept {
			if c.t.keep != nil {
				return nil, Errorf(0, b.column.name, "ignored_columns", "%s", why)
			}
			c.t.note(0, b.column.name, "left out: %s", why)
			b.kept = false
			c.t.kept--
		}
		wanted[i] = b.kept
		b.filled = !b.kept // nobody looks
	}
	return wanted, nil
}

// Grow implements columnar.Table.
func (c columns) Grow(rows int64) error {
	g := &c.t.grid
	if rows > int64(MaxRows-g.rows) || rows*int64(c.t.kept) > int64(MaxCells-c.t.cells) {
		return Errorf(0, "", "", "more than %d rows or %d cells: keep fewer columns or rows", MaxRows, MaxCells)
	}
	if g.rows += int(rows); g.runs == nil {
		g.runs = []run{{0, 1}}
	}
	c.t.cells += int(rows) * c.t.kept
	return nil
}

// Cell implements columnar.Table.
func (c columns) Cell(column int, text []byte) error {
	if err := c.t.cell(column, text, 0); err != nil {
		return err
	}
	if column == 0 && c.t.index.possible {
		c.t.index.see(text)
	}
	return nil
}

// readColumns reads a Parquet or Arrow file into the table.
func (t *table) readColumns(form string, all *io.SectionReader) error {
	reader := columnar.ReadArrow
	if form == "parquet" {
		reader = columnar.ReadParquet
	}
	t.grid.reading.Form = form
	if err := reader(all, MaxBytes, columns{t}); err != nil {
		var e *columnar.ColumnError
		switch {
		case errors.As(err, &e):
			return Errorf(0, e.Name, "ignored_columns", "%s", e.Reason)
		case errors.Is(err, columnar.ErrContent):
			return Errorf(0, "", "", "%v", err)
		}
		return err
	}
	if t.columns == nil {
		return Errorf(0, "", "", "no column")
	}
	return nil
}
