package table

import (
	"errors"
	"fmt"
)

// ErrTable is in every error of Decode and of the column getters.
var ErrTable = errors.New("bad table")

// Column is one named column. Values is a []int64, []uint64, []float64 or
// []string of the table's row count; Valid marks the rows that are not null
// and is nil if all are. A null row's value is the zero value.
type Column struct {
	Name   string
	Values any
	Valid  []bool
}

// Table is a list of columns of equal length with string metadata.
type Table struct {
	Rows     int
	Columns  []Column
	Metadata map[string]string
}

// Column returns the column of that name.
func (t *Table) Column(name string) (*Column, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// Values returns the values of a column that must be there, have element type
// T and hold no null. The slice is the table's own.
func Values[T int64 | uint64 | float64 | string](t *Table, name string) ([]T, error) {
	v, valid, err := Nullable[T](t, name)
	if err != nil {
		return nil, err
	}
	for i, ok := range valid {
		if !ok {
			return nil, fmt.Errorf("%w: column %q: null in row %d", ErrTable, name, i)
		}
	}
	return v, nil
}

// Nullable is Values for a column that may hold nulls; valid is nil if it has none.
func Nullable[T int64 | uint64 | float64 | string](t *Table, name string) (values []T, valid []bool, err error) {
	c, ok := t.Column(name)
	if !ok {
		return nil, nil, fmt.Errorf("%w: column %q: missing", ErrTable, name)
	}
	v, ok := c.Values.([]T)
	if !ok {
		return nil, nil, fmt.Errorf("%w: column %q: %T where %T is needed", ErrTable, name, c.Values, v)
	}
	return v, c.Valid, nil
}
