package parquet

import (
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"doin.network/node/olap"
)

// Read calls each with the values of every row of a file, in the order of the table's columns: int64, float64, bool, string, or nil
// where a value is missing, the file lacks the column or has another type there. They are valid during the call.
func Read(ctx context.Context, path string, t *olap.Table, each func(values []any) error) (err error) {
	defer func() { // the format's reader panics for some damage
		if r := recover(); r != nil {
			err = fmt.Errorf("parquet: damaged: %v", r)
		}
	}()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: batchRows}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	records, err := r.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	for records.Next() {
		if err := rows(records.Record(), t, each); err != nil {
			return err
		}
	}
	if err := records.Err(); err != io.EOF { // how it says that there is no more
		return err
	}
	return nil
}

// rows calls each for the rows of a batch.
func rows(b arrow.Record, t *olap.Table, each func([]any) error) error {
	columns := make([]arrow.Array, len(t.Columns))
	for i := range t.Columns {
		if at := b.Schema().FieldIndices(t.Columns[i].Name); len(at) > 0 {
			columns[i] = b.Column(at[0])
		}
	}
	values := make([]any, len(columns))
	for n := range int(b.NumRows()) {
		for i, c := range columns {
			values[i] = value(c, n)
		}
		if err := each(values); err != nil {
			return err
		}
	}
	return nil
}

// value is one cell.
func value(c arrow.Array, n int) any {
	if c == nil || c.IsNull(n) {
		return nil
	}
	switch c := c.(type) {
	case *array.String:
		return c.Value(n)
	case *array.Float64:
		return c.Value(n)
	case *array.Int64:
		return c.Value(n)
	case *array.Uint64:
		return int64(c.Value(n))
	case *array.Boolean:
		return c.Value(n)
	}
	return nil
}
