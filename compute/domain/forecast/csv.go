package forecast

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	"doin.network/node/compute/domain"
)

// Limits of a data file.
const (
	MaxFileBytes = 64 << 20
	MaxRows      = 1 << 20
	MaxColumns   = 1024
	maxValue     = 1e30 // magnitude: squares of differences stay finite
)

// ErrData is what every error about the content of a data file wraps.
var ErrData = errors.New("forecast: data")

// lineError is an error at a line of the file, counted from 1.
type lineError struct {
	line   int
	reason string
}

func (e *lineError) Error() string {
	return fmt.Sprintf("forecast: data: line %d: %s", e.line, e.reason)
}

// Unwrap returns ErrData.
func (e *lineError) Unwrap() error { return ErrData }

func atLine(line int, format string, args ...any) error {
	return &lineError{line, fmt.Sprintf(format, args...)}
}

// Table is a parsed data file: equally spaced times, ascending, and one finite value for each.
type Table struct {
	axis   axis
	values []float64
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return len(t.values) }

// Time returns the label of row i as the file writes it; rows beyond the last continue the spacing.
func (t *Table) Time(i int) string { return t.axis.label(i) }

// Value returns the value of row i.
func (t *Table) Value(i int) float64 { return t.values[i] }

// Parse reads a CSV file (RFC 4180, UTF-8, comma) with a header line. timeColumn and valueColumn name columns; empty
// they are the first and the second. Times are YYYY-MM, YYYY-MM-DD or integers, ascending by one constant step: of
// whole months where all days of the month are equal or last ones, else of days or of integers. Values are decimal
// numbers. Anything else is an error that wraps ErrData and names the line. A file has at least two rows, at most
// MaxRows and MaxFileBytes.
func Parse(r io.Reader, timeColumn, valueColumn string) (*Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("forecast: read data: %w", err)
	}
	if len(data) > MaxFileBytes {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrData, MaxFileBytes)
	}
	rows := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: empty file", ErrData)
	}
	if err != nil {
		return nil, csvError(err)
	}
	timeAt, valueAt, err := columns(header, timeColumn, valueColumn)
	if err != nil {
		return nil, err
	}
	var times timeReader
	t := new(Table)
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := rows.FieldPos(0)
		if len(t.values) == MaxRows {
			return nil, atLine(line, "more than %d rows", MaxRows)
		}
		if err := times.add(row[timeAt], line); err != nil {
			return nil, err
		}
		v, err := domain.Decimal(row[valueAt], maxValue)
		if err != nil {
			return nil, atLine(line, "value %.40q: %v", row[valueAt], err)
		}
		t.values = append(t.values, v)
	}
	if t.axis, err = times.axis(); err != nil {
		return nil, err
	}
	return t, nil
}

// csvError names the line of an error of encoding/csv.
func csvError(err error) error {
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		return atLine(pe.Line, "%v", pe.Err)
	}
	return fmt.Errorf("%w: %w", ErrData, err)
}

// columns finds the two columns in the header.
func columns(header []string, timeColumn, valueColumn string) (timeAt, valueAt int, err error) {
	if len(header) < 2 {
		return 0, 0, atLine(1, "header has %d column: need a time and a value", len(header))
	}
	if len(header) > MaxColumns {
		return 0, 0, atLine(1, "header has %d columns: at most %d are allowed", len(header), MaxColumns)
	}
	for _, name := range header {
		if _, err := domain.Decimal(name, maxValue); err == nil {
			return 0, 0, atLine(1, "no header: column name %.40q is a number", name)
		}
	}
	find := func(name string, position int) (int, error) {
		if name == "" {
			return position, nil
		}
		at := slices.Index(header, name)
		if at < 0 {
			return 0, atLine(1, "header has no column %.80q", name)
		}
		if slices.Contains(header[at+1:], name) {
			return 0, atLine(1, "header has column %.80q twice", name)
		}
		return at, nil
	}
	if timeAt, err = find(timeColumn, 0); err != nil {
		return 0, 0, err
	}
	if valueAt, err = find(valueColumn, 1); err != nil {
		return 0, 0, err
	}
	if timeAt == valueAt {
		return 0, 0, atLine(1, "column %.80q is both time and value", header[timeAt])
	}
	return timeAt, valueAt, nil
}
