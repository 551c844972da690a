package table

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// MaxColumns bounds the columns of a decoded table.
const MaxColumns = 4096

// rowBytes is the most one row of a column takes in a Table, text aside.
const rowBytes = 17

// Decode reads an Arrow IPC stream. The memory it takes, the table
// included, is bounded by limit bytes beyond a few times len(data); every
// error is an ErrTable. The table holds no reference to data or to mem.
func Decode(mem memory.Allocator, data []byte, limit int64) (t *Table, err error) {
	defer func() {
		// Flatbuffer accessors and Arrow's slicing index without checks.
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("%w: %v", ErrTable, p)
		}
	}()
	messages := &messageReader{data: data}
	defer messages.drop()
	bounded := &boundedAllocator{Allocator: mem, left: limit}
	r, err := ipc.NewReaderFromMessageReader(messages, ipc.WithAllocator(bounded))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTable, err)
	}
	defer r.Release()
	t = &Table{Metadata: map[string]string{}}
	schema := r.Schema()
	if n := schema.NumFields(); n > MaxColumns {
		return nil, fmt.Errorf("%w: %d columns", ErrTable, n)
	}
	metadata := schema.Metadata()
	for i, k := range metadata.Keys() {
		t.Metadata[k] = metadata.Values()[i]
	}
	for _, f := range schema.Fields() {
		c := Column{Name: f.Name}
		switch f.Type.ID() {
		case arrow.INT64:
			c.Values = []int64(nil)
		case arrow.UINT64:
			c.Values = []uint64(nil)
		case arrow.FLOAT64:
			c.Values = []float64(nil)
		case arrow.STRING:
			c.Values = []string(nil)
		default:
			return nil, fmt.Errorf("%w: column %q: type %v", ErrTable, f.Name, f.Type)
		}
		t.Columns = append(t.Columns, c)
	}
	for r.Next() {
		rec := r.Record()
		// A batch of nulls needs no bytes in the stream; our slices do.
		rows, width := rec.NumRows(), int64(rowBytes*len(t.Columns))
		if rows < 0 || len(t.Columns) == 0 && rows > 0 || width > 0 && rows > bounded.left/width {
			return nil, fmt.Errorf("%w: %d rows", ErrTable, rows)
		}
		bounded.spend(int(rows * width))
		for i := range t.Columns {
			t.Columns[i].append(rec.Column(i), t.Rows, int(rows), bounded.spend)
		}
		t.Rows += int(rows)
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTable, err)
	}
	return t, nil
}

// append adds the rows of a to the column, which holds before rows. Text is
// spent before it is copied: strings may overlap.
func (c *Column) append(a arrow.Array, before, rows int, spend func(int)) {
	if a.Len() != rows {
		panic(fmt.Sprintf("column %q: %d values for %d rows", c.Name, a.Len(), rows))
	}
	if a.NullN() > 0 && c.Valid == nil {
		c.Valid = make([]bool, before, before+rows)
		for i := range c.Valid {
			c.Valid[i] = true
		}
	}
	if c.Valid != nil {
		for i := range rows {
			c.Valid = append(c.Valid, a.IsValid(i))
		}
	}
	switch v := c.Values.(type) {
	case []int64:
		c.Values = appendRows(v, a.(*array.Int64), rows)
	case []uint64:
		c.Values = appendRows(v, a.(*array.Uint64), rows)
	case []float64:
		c.Values = appendRows(v, a.(*array.Float64), rows)
	case []string:
		s := a.(*array.String)
		for i := range rows {
			text := ""
			if s.IsValid(i) {
				spend(len(s.Value(i)))
				text = strings.Clone(s.Value(i)) // the array's memory is released
			}
			v = append(v, text)
		}
		c.Values = v
	}
}

func appendRows[T any](dst []T, a interface {
	Value(int) T
	IsValid(int) bool
}, rows int) []T {
	for i := range rows {
		var v T
		if a.IsValid(i) {
			v = a.Value(i)
		}
		dst = append(dst, v)
	}
	return dst
}
