package table

import (
	"errors"
	"fmt"
)

// ErrTable is in every error of Decode, DecodeLines and of the column getters.
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
	// Loose says that the bytes named no types: integers stand for reals as well, an absent column is one of nulls, and so
	// is NaN among the reals.
	Loose bool
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
// T and hold no null, except for reals of a Loose table, which are NaN then. The slice is the table's own.
func Values[T int64 | uint64 | float64 | string](t *Table, name string) ([]T, error) {
	v, valid, err := Nullable[T](t, name)
	if err != nil {
		return nil, err
	}
	if real, ok := any(v).([]float64); ok && t.Loose && valid != nil {
		return any(withNaN(real, valid)).([]T), nil
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
	if !ok && t.Loose {
		return make([]T, t.Rows), make([]bool, t.Rows), nil
	}
	if !ok {
		return nil, nil, fmt.Errorf("%w: column %q: missing", ErrTable, name)
	}
	v, ok := c.Values.([]T)
	if !ok && t.Loose {
		v, ok = loose[T](c)
	}
	if !ok {
		return nil, nil, fmt.Errorf("%w: column %q: %T where %T is needed", ErrTable, name, c.Values, v)
	}
	return v, c.Valid, nil
}
