// Package columnar turns rows of the tables of package olap into Arrow records, as they leave in files and streams.
//
// A record's schema is the table's, with times of day as microseconds of UTC where the table has text; what is JSON stays
// text. The main type is Builder.
package columnar

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// Schema returns the schema of a table's records, with metadata of the whole file or stream.
func Schema(t *olap.Table, metadata map[string]string) *arrow.Schema {
	fields := make([]arrow.Field, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		fields[i] = c.Field
		fields[i].Nullable = !c.Key && !c.NotNull // an older file has no value for what came later
		if c.Time() {
			fields[i].Type = arrow.FixedWidthTypes.Timestamp_us
		}
	}
	if metadata == nil {
		return arrow.NewSchema(fields, nil)
	}
	m := arrow.MetadataFrom(metadata)
	return arrow.NewSchema(fields, &m)
}

// Builder collects rows of a table. Release it in the end.
type Builder struct {
	table  *olap.Table
	record *array.RecordBuilder
	rows   int
}

// NewBuilder returns a builder of records with a schema that Schema made.
func NewBuilder(mem memory.Allocator, t *olap.Table, schema *arrow.Schema) *Builder {
	return &Builder{table: t, record: array.NewRecordBuilder(mem, schema)}
}

// Rows returns how many rows are in the record so far.
func (b *Builder) Rows() int { return b.rows }

// Add adds a row: the values of Table.Values, or those that a database has for the columns. A time that is none is null, as is
// one in a column that may not be: what a database holds has been written by somebody else. It keeps no value.
func (b *Builder) Add(values []any) error {
	for i, v := range values {
		if err := add(b.record.Field(i), v); err != nil {
			return fmt.Errorf("%s.%s: %w", b.table.Name, b.table.Columns[i].Name, err)
		}
	}
	b.rows++
	return nil
}

func add(to array.Builder, v any) error {
	if v == nil {
		to.AppendNull()
		return nil
	}
	switch to := to.(type) {
	case *array.StringBuilder:
		if s, ok := v.(string); ok {
			to.Append(s)
			return nil
		}
	case *array.TimestampBuilder:
		if s, ok := v.(string); ok {
			if us, ok := micro(s); ok {
				to.Append(arrow.Timestamp(us))
			} else {
				to.AppendNull()
			}
			return nil
		}
	case *array.Float64Builder:
		switch v := v.(type) {
		case float64:
			to.Append(v)
			return nil
		case int64: // a database keeps 1.0 as 1
			to.Append(float64(v))
			return nil
		}
	case *array.Int64Builder:
		if n, ok := v.(int64); ok {
			to.Append(n)
			return nil
		}
	case *array.Uint64Builder:
		switch v := v.(type) {
		case uint64:
			to.Append(v)
			return nil
		case string:
			n, err := strconv.ParseUint(v, 10, 64)
			if err == nil {
				to.Append(n)
			}
			return err
		}
	case *array.BooleanBuilder:
		switch v := v.(type) {
		case bool:
			to.Append(v)
			return nil
		case int64:
			to.Append(v != 0)
			return nil
		}
	}
	return fmt.Errorf("%T %.80v: no value of the column", v, v)
}

// micro reads a time of day as microseconds since 1970.
func micro(s string) (int64, bool) {
	t, err := timestamp.Parse(s)
	if err != nil {
		return 0, false
	}
	return t.Micro(), true
}

// Record returns the rows since the last call. The caller releases it.
func (b *Builder) Record() arrow.Record {
	b.rows = 0
	return b.record.NewRecord()
}

// Release frees what the builder holds.
func (b *Builder) Release() { b.record.Release() }
