package inspect_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"doin.network/node/compute/data/when"
)

// firstDay is the first day of the month of a row of the tidy page.
func firstDay(row int) int64 { return when.Days(2001+row/12, 1+row%12, 1) }

// arrowed writes the tidy page as an Arrow file or stream, the months as dates.
func arrowed(t *testing.T, stream bool) string {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{{Name: "month", Type: arrow.FixedWidthTypes.Date32}, {Name: "value", Type: arrow.PrimitiveTypes.Float64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer b.Release()
	for i := range rows {
		b.Field(0).(*array.Date32Builder).Append(arrow.Date32(firstDay(i)))
		b.Field(1).(*array.Float64Builder).Append(wave(i))
	}
	record := b.NewRecord()
	defer record.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(s))
	if !stream { // it wants a place to seek in
		f, err := os.Create(filepath.Join(t.TempDir(), "file"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := ipc.NewFileWriter(f, ipc.WithSchema(s))
		if err != nil {
			t.Fatal(err)
		}
		writeRecord(t, w, record)
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	writeRecord(t, w, record)
	return out.String()
}

// writeRecord writes one record.
func writeRecord(t *testing.T, w interface {
	Write(arrow.Record) error
	Close() error
}, record arrow.Record) {
	t.Helper()
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// parqueted writes the tidy page as a Parquet file, the months as dates.
func parqueted(t *testing.T) string {
	t.Helper()
	node := func(name string, l schema.LogicalType, p parquet.Type) schema.Node {
		n, err := schema.NewPrimitiveNodeLogical(name, parquet.Repetitions.Required, l, p, -1, -1)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	root, err := schema.NewGroupNode("root", parquet.Repetitions.Required,
		schema.FieldList{node("month", schema.DateLogicalType{}, parquet.Types.Int32), node("value", nil, parquet.Types.Double)}, -1)
	if err != nil {
		t.Fatal(err)
	}
	days, values := make([]int32, rows), make([]float64, rows)
	for i := range rows {
		days[i], values[i] = int32(firstDay(i)), wave(i)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root)
	g := w.AppendRowGroup()
	for range root.NumFields() {
		c, err := g.NextColumn()
		if err != nil {
			t.Fatal(err)
		}
		switch c := c.(type) {
		case *file.Int32ColumnChunkWriter:
			_, err = c.WriteBatch(days, nil, nil)
		case *file.Float64ColumnChunkWriter:
			_, err = c.WriteBatch(values, nil, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
