package columnar

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
)

// texts is a table in memory.
type texts struct {
	names []string
	cells [][]string
	rows  int64
	most  int64 // rows; 0: as many as there are
}

var errMost = errors.New("too many rows")

func (t *texts) Begin(columns []Column) ([]bool, error) {
	t.cells = make([][]string, len(columns))
	wanted := make([]bool, len(columns))
	for i, c := range columns {
		t.names, wanted[i] = append(t.names, c.Name), c.Refusal == ""
	}
	return wanted, nil
}

func (t *texts) Grow(rows int64) error {
	if t.rows += rows; t.most > 0 && t.rows > t.most {
		return errMost
	}
	return nil
}

func (t *texts) Cell(column int, text []byte) error {
	t.cells[column] = append(t.cells[column], string(text))
	return nil
}

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// oneOfEach has a value, and a null, of each type that is read, and its text.
func oneOfEach(t testing.TB) (arrow.Record, []string) {
	t.Helper()
	var fields []arrow.Field
	var columns []arrow.Array
	var want []string
	add := func(d arrow.DataType, text string, value func(array.Builder)) {
		b := array.NewBuilder(memory.DefaultAllocator, d)
		value(b)
		b.AppendNull()
		fields = append(fields, arrow.Field{Name: d.String(), Type: d, Nullable: true})
		columns, want = append(columns, b.NewArray()), append(want, text)
	}
	add(arrow.Null, "", func(b array.Builder) { b.AppendNull() })
	add(arrow.FixedWidthTypes.Boolean, "true", func(b array.Builder) { b.(*array.BooleanBuilder).Append(true) })
	add(arrow.PrimitiveTypes.Int8, "-128", func(b array.Builder) { b.(*array.Int8Builder).Append(-128) })
	add(arrow.PrimitiveTypes.Int16, "-1", func(b array.Builder) { b.(*array.Int16Builder).Append(-1) })
	add(arrow.PrimitiveTypes.Int32, "7", func(b array.Builder) { b.(*array.Int32Builder).Append(7) })
	add(arrow.PrimitiveTypes.Int64, "9007199254740993", func(b array.Builder) { b.(*array.Int64Builder).Append(9007199254740993) })
	add(arrow.PrimitiveTypes.Uint8, "255", func(b array.Builder) { b.(*array.Uint8Builder).Append(255) })
	add(arrow.PrimitiveTypes.Uint16, "65535", func(b array.Builder) { b.(*array.Uint16Builder).Append(65535) })
	add(arrow.PrimitiveTypes.Uint32, "4294967295", func(b array.Builder) { b.(*array.Uint32Builder).Append(4294967295) })
	add(arrow.PrimitiveTypes.Uint64, "18446744073709551615", func(b array.Builder) { b.(*array.Uint64Builder).Append(1<<64 - 1) })
	add(arrow.FixedWidthTypes.Float16, "1.5", func(b array.Builder) { b.(*array.Float16Builder).Append(float16.New(1.5)) })
	add(arrow.PrimitiveTypes.Float32, "0.1", func(b array.Builder) { b.(*array.Float32Builder).Append(0.1) })
	add(arrow.PrimitiveTypes.Float64, "0.1", func(b array.Builder) { b.(*array.Float64Builder).Append(0.1) })
	add(&arrow.Decimal128Type{Precision: 9, Scale: 2}, "-12.34", func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(-1234)) })
	add(&arrow.Decimal256Type{Precision: 40, Scale: 3}, "0.005", func(b array.Builder) { b.(*array.Decimal256Builder).Append(decimal256.FromI64(5)) })
	add(arrow.BinaryTypes.String, "ä b", func(b array.Builder) { b.(*array.StringBuilder).Append(" ä b\t") })
	add(arrow.BinaryTypes.LargeString, "c", func(b array.Builder) { b.(*array.LargeStringBuilder).Append("c") })
	add(arrow.BinaryTypes.Binary, "d", func(b array.Builder) { b.(*array.BinaryBuilder).Append([]byte("d")) })
	add(arrow.FixedWidthTypes.Date32, "1969-12-31", func(b array.Builder) { b.(*array.Date32Builder).Append(-1) })
	add(arrow.FixedWidthTypes.Date64, "2020-02-29", func(b array.Builder) { b.(*array.Date64Builder).Append(1582934400000) })
	add(&arrow.TimestampType{Unit: arrow.Nanosecond}, "1969-12-31T23:59:59.999999999", func(b array.Builder) { b.(*array.TimestampBuilder).Append(-1) })
	add(&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"}, "2020-01-01T00:00:00Z", func(b array.Builder) { b.(*array.TimestampBuilder).Append(1577836800) })
	add(arrow.FixedWidthTypes.Time32ms, "23:59:59.5", func(b array.Builder) { b.(*array.Time32Builder).Append(86399500) })
	add(arrow.FixedWidthTypes.Time64us, "00:00:01", func(b array.Builder) { b.(*array.Time64Builder).Append(1000000) })
	add(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "e",
		func(b array.Builder) { b.(*array.BinaryDictionaryBuilder).AppendString("e") })
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, 2), want
}

func TestArrowTypes(t *testing.T) {
	record, want := oneOfEach(t)
	for _, o := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		options := append(o, ipc.WithSchema(record.Schema()))
		var stream bytes.Buffer
		s := ipc.NewWriter(&stream, options...)
		path := filepath.Join(t.TempDir(), "t.arrow")
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ipc.NewFileWriter(out, options...)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			err = errors.Join(err, s.Write(record), f.Write(record))
		}
		err = errors.Join(err, s.Close(), f.Close(), out.Close())
		whole, bad := os.ReadFile(path)
		if err = errors.Join(err, bad); err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{stream.Bytes(), whole} {
			var got texts
			if err := ReadArrow(section(b), 1<<20, &got); err != nil || got.rows != 6 {
				t.Fatalf("ReadArrow: %d rows, %v", got.rows, err)
			}
			for i, cells := range got.cells {
				if w := []string{want[i], "", want[i], "", want[i], ""}; !slices.Equal(cells, w) {
					t.Errorf("%s: %q, want %q", got.names[i], cells, w)
				}
			}
		}
	}
}

// TestLimits: what is too much is refused before it is unpacked, and whoever takes the cells decides about rows.
func TestLimits(t *testing.T) {
	b, _ := parquetFile(t, 1, 5000, parquet.WithDictionaryDefault(false))
	if err := ReadParquet(section(b), 1000, new(texts)); !errors.Is(err, ErrContent) || !strings.Contains(err.Error(), "limit") {
		t.Errorf("a limit of 1000 bytes: %v", err)
	}
	if err := ReadParquet(section(b), 1<<24, &texts{most: 4999}); err != errMost {
		t.Errorf("too many rows: %v, want %v", err, errMost)
	}
	record, _ := oneOfEach(t)
	var stream bytes.Buffer
	w := ipc.NewWriter(&stream, ipc.WithSchema(record.Schema()))
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		t.Fatal(err)
	}
	if err := ReadArrow(section(stream.Bytes()), 1<<20, &texts{most: 1}); err != errMost {
		t.Errorf("too many rows: %v, want %v", err, errMost)
	}
}
