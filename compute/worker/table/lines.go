package table

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"doin.network/node/internal/canon"
)

// MaxLineBytes bounds a line that DecodeLines reads.
const MaxLineBytes = 16 << 20

// EncodeLines writes t as JSON lines: an object of the metadata, then one of each row, its members the columns in order.
// Nulls and NaN are null. Equal tables give equal bytes. An infinite value is an ErrTable; a column that is not what
// Column says makes it panic, as Encode.
func EncodeLines(t *Table) ([]byte, error) {
	meta := canon.NewObject()
	for _, k := range slices.Sorted(maps.Keys(t.Metadata)) {
		meta.Set(k, t.Metadata[k])
	}
	dst := append(canon.AppendDefault(nil, meta), '\n')
	keys := make([][]byte, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		if n := c.len(); n != t.Rows || c.Valid != nil && len(c.Valid) != n {
			panic(fmt.Sprintf("table: column %q: %d values, %d validities for %d rows", c.Name, n, len(c.Valid), t.Rows))
		}
		keys[i] = append(canon.AppendString(nil, c.Name), ": "...)
	}
	if len(t.Columns) == 0 && t.Rows > 0 {
		return nil, fmt.Errorf("%w: rows without columns", ErrTable)
	}
	for row := range t.Rows {
		dst = append(dst, '{')
		for i := range t.Columns {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			var ok bool
			if dst, ok = t.Columns[i].appendJSON(append(dst, keys[i]...), row); !ok {
				return nil, fmt.Errorf("%w: column %q: infinite in row %d", ErrTable, t.Columns[i].Name, row)
			}
		}
		dst = append(dst, '}', '\n')
	}
	return dst, nil
}

func (c *Column) len() int {
	switch v := c.Values.(type) {
	case []int64:
		return len(v)
	case []uint64:
		return len(v)
	case []float64:
		return len(v)
	case []string:
		return len(v)
	}
	panic(fmt.Sprintf("table: column %q: values of type %T", c.Name, c.Values))
}

// appendJSON appends the value of a row; ok is false if it is infinite.
func (c *Column) appendJSON(dst []byte, row int) (out []byte, ok bool) {
	if c.Valid != nil && !c.Valid[row] {
		return append(dst, "null"...), true
	}
	switch v := c.Values.(type) {
	case []int64:
		return strconv.AppendInt(dst, v[row], 10), true
	case []uint64:
		return strconv.AppendUint(dst, v[row], 10), true
	case []float64:
		if math.IsNaN(v[row]) {
			return append(dst, "null"...), true
		}
		return canon.AppendFloat(dst, v[row]), !math.IsInf(v[row], 0)
	case []string:
		return canon.AppendString(dst, v[row]), true
	}
	return dst, false
}

// DecodeLines reads the form of EncodeLines, and of other programs: the order of members does not matter, a member that a
// row lacks is null, and the last line may lack its end. The memory it takes is bounded by limit bytes beyond a few times
// len(data); every error is an ErrTable. The table is Loose.
func DecodeLines(data []byte, limit int64) (*Table, error) {
	d := linesDecoder{t: &Table{Metadata: map[string]string{}, Loose: true}, places: map[string]int{}, left: limit}
	for number := 0; len(data) > 0 || number == 0; number++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		if len(line) > MaxLineBytes {
			return nil, fmt.Errorf("%w: line %d: %d bytes", ErrTable, number+1, len(line))
		}
		o, err := canon.ParseObject(line)
		if err == nil && number == 0 {
			err = d.metadata(o)
		} else if err == nil {
			err = d.row(o)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrTable, number+1, err)
		}
	}
	d.finish()
	return d.t, nil
}

// linesDecoder is a table as its lines come.
type linesDecoder struct {
	t      *Table
	places map[string]int // of the columns
	left   int64          // bytes the table may still take
}

func (d *linesDecoder) metadata(o *canon.Object) error {
	for k, v := range o.All() {
		text, err := canon.AsString(v)
		if err != nil {
			return fmt.Errorf("metadata %.80q: %w", k, err)
		}
		d.t.Metadata[k] = text
	}
	return nil
}

// row adds a line's values; the columns it does not name get a null.
func (d *linesDecoder) row(o *canon.Object) error {
	for k, v := range o.All() {
		place, ok := d.places[k]
		if !ok {
			if place = len(d.t.Columns); place == MaxColumns {
				return fmt.Errorf("more than %d columns", MaxColumns)
			}
			if err := d.spend(int64(d.t.Rows) * rowBytes); err != nil {
				return err
			}
			d.places[k] = place
			d.t.Columns = append(d.t.Columns, Column{Name: k, Valid: make([]bool, d.t.Rows)})
		}
		c := &d.t.Columns[place]
		if s, ok := v.(string); ok {
			if err := d.spend(int64(len(s))); err != nil {
				return err
			}
		}
		if err := c.put(v); err != nil {
			return fmt.Errorf("column %.80q: %w", k, err)
		}
	}
	if len(d.t.Columns) == 0 {
		return errors.New("a row without columns")
	}
	d.t.Rows++
	for i := range d.t.Columns {
		if c := &d.t.Columns[i]; len(c.Valid) < d.t.Rows {
			c.putNull()
		}
	}
	return d.spend(int64(len(d.t.Columns)) * rowBytes)
}

func (d *linesDecoder) spend(n int64) error {
	if d.left -= n; d.left < 0 {
		return errTooLarge
	}
	return nil
}

// finish brings the columns to the form of Column: no Valid without a null, and values even where all are.
func (d *linesDecoder) finish() {
	for i := range d.t.Columns {
		c := &d.t.Columns[i]
		if c.Values == nil {
			c.Values = make([]string, d.t.Rows)
		}
		if !slices.Contains(c.Valid, false) {
			c.Valid = nil
		}
	}
}
