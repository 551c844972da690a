package forecast

import (
	"io"
	"strings"

	"doin.network/node/compute/domain/supervised"
)

// Table is a parsed data file: equally spaced times, ascending, and one finite value for each.
type Table struct {
	axis   axis
	values []float64
	texts  []string // of the values, as the file writes them; nil for a table that is of no file
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return len(t.values) }

// Time returns the label of row i as the file writes it; rows beyond the last continue the spacing.
func (t *Table) Time(i int) string { return t.axis.label(i) }

// Value returns the value of row i.
func (t *Table) Value(i int) float64 { return t.values[i] }

// Parse reads a table; see supervised.ReadTable. timeColumn and valueColumn name columns; empty they are the first and the
// second. Times are YYYY-MM, YYYY-MM-DD or integers, ascending by one constant step: of whole months where all days of the
// month are equal or last ones, else of days or of integers. Values are decimal numbers. Anything else is an error that
// wraps supervised.ErrData and names the line. A table has at least two rows.
func Parse(r io.Reader, timeColumn, valueColumn string) (*Table, error) {
	var timeAt, valueAt int
	var times timeReader
	t := new(Table)
	err := supervised.ReadTable(r, func(names []string) (err error) {
		timeAt, valueAt, err = columns(names, timeColumn, valueColumn)
		return err
	}, func(line int, cells []string) error {
		if err := times.add(cells[timeAt], line); err != nil {
			return err
		}
		v, err := supervised.Decimal(cells[valueAt])
		if err != nil {
			return supervised.AtLine(line, "value %.40q: %v", cells[valueAt], err)
		}
		t.values, t.texts = append(t.values, v), append(t.texts, strings.Clone(cells[valueAt]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.axis, err = times.axis(); err != nil {
		return nil, err
	}
	return t, nil
}

// columns finds the two columns in the header.
func columns(header []string, timeColumn, valueColumn string) (timeAt, valueAt int, err error) {
	find := func(name string, position int) (int, error) {
		if name == "" {
			return position, nil
		}
		return supervised.Column(header, name)
	}
	if timeAt, err = find(timeColumn, 0); err != nil {
		return 0, 0, err
	}
	if valueAt, err = find(valueColumn, 1); err != nil {
		return 0, 0, err
	}
	if timeAt == valueAt {
		return 0, 0, supervised.AtLine(1, "column %.80q is both time and value", header[timeAt])
	}
	return timeAt, valueAt, nil
}
