package table

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Encode writes t as an uncompressed Arrow IPC stream: a schema message, one
// record batch, the end marker. Equal tables give equal bytes. It panics if a
// column's type or length is not what Column says, which is a bug of the caller.
func Encode(mem memory.Allocator, t *Table) ([]byte, error) {
	fields := make([]arrow.Field, len(t.Columns))
	columns := make([]arrow.Array, 0, len(t.Columns))
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for i := range t.Columns {
		c := &t.Columns[i]
		a := c.array(mem, t.Rows)
		columns = append(columns, a)
		fields[i] = arrow.Field{Name: c.Name, Type: a.DataType(), Nullable: c.Valid != nil}
	}
	keys := slices.Sorted(maps.Keys(t.Metadata))
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = t.Metadata[k]
	}
	metadata := arrow.NewMetadata(keys, values)
	schema := arrow.NewSchema(fields, &metadata)
	record := array.NewRecord(schema, columns, int64(t.Rows))
	defer record.Release()

	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema), ipc.WithAllocator(mem))
	if err := w.Write(record); err != nil {
		w.Close()
		return nil, fmt.Errorf("table: write record: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("table: close stream: %w", err)
	}
	return buf.Bytes(), nil
}

// array builds the column's Arrow array, which the caller releases.
func (c *Column) array(mem memory.Allocator, rows int) arrow.Array {
	if c.Valid != nil && len(c.Valid) != rows {
		panic(fmt.Sprintf("table: column %q: %d validities for %d rows", c.Name, len(c.Valid), rows))
	}
	build := func(n int, b array.Builder, appendAll func()) arrow.Array {
		defer b.Release()
		if n != rows {
			panic(fmt.Sprintf("table: column %q: %d values for %d rows", c.Name, n, rows))
		}
		appendAll()
		return b.NewArray()
	}
	switch v := c.Values.(type) {
	case []int64:
		b := array.NewInt64Builder(mem)
		return build(len(v), b, func() { b.AppendValues(v, c.Valid) })
	case []uint64:
		b := array.NewUint64Builder(mem)
		return build(len(v), b, func() { b.AppendValues(v, c.Valid) })
	case []float64:
		b := array.NewFloat64Builder(mem)
		return build(len(v), b, func() { b.AppendValues(v, c.Valid) })
	case []string:
		b := array.NewStringBuilder(mem)
		return build(len(v), b, func() { b.AppendValues(v, c.Valid) })
	}
	panic(fmt.Sprintf("table: column %q: values of type %T", c.Name, c.Values))
}
