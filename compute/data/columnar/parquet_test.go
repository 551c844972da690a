package columnar

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// parquetFile writes groups of rows of columns of every physical type; each third value of an optional column is null.
func parquetFile(t testing.TB, groups, rows int, o ...parquet.WriterProperty) ([]byte, [][]string) {
	t.Helper()
	node := func(name string, r parquet.Repetition, l schema.LogicalType, p parquet.Type, length int) schema.Node {
		n, err := schema.NewPrimitiveNodeLogical(name, r, l, p, length, -1)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	must, may := parquet.Repetitions.Required, parquet.Repetitions.Optional
	root, err := schema.NewGroupNode("root", must, schema.FieldList{
		node("bool", may, nil, parquet.Types.Boolean, -1),
		node("day", must, schema.DateLogicalType{}, parquet.Types.Int32, -1),
		node("u16", may, schema.NewIntLogicalType(16, false), parquet.Types.Int32, -1),
		node("ms", may, schema.NewTimestampLogicalType(true, schema.TimeUnitMillis), parquet.Types.Int64, -1),
		node("ns", may, schema.NewTimestampLogicalType(false, schema.TimeUnitNanos), parquet.Types.Int64, -1),
		node("cents", may, schema.NewDecimalLogicalType(9, 2), parquet.Types.Int64, -1),
		node("int96", may, nil, parquet.Types.Int96, -1),
		node("float", may, nil, parquet.Types.Float, -1),
		node("double", must, nil, parquet.Types.Double, -1),
		node("text", may, schema.StringLogicalType{}, parquet.Types.ByteArray, -1),
		node("decimal", may, schema.NewDecimalLogicalType(5, 1), parquet.Types.FixedLenByteArray, 3),
		node("clock", may, schema.NewTimeLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64, -1),
	}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root, file.WithWriterProps(parquet.NewWriterProperties(o...)))
	want := make([][]string, root.NumFields())
	for range groups {
		g := w.AppendRowGroup()
		for i := range want {
			c, err := g.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			write(t, c, i, rows, &want[i])
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), want
}

// write writes column i of parquetFile.
func write(t testing.TB, c file.ColumnChunkWriter, i, rows int, want *[]string) {
	optional := c.Descr().MaxDefinitionLevel() == 1
	var levels []int16
	var at []int // the values
	for row := range rows {
		if null := optional && row%3 == 2; null {
			levels = append(levels, 0)
			*want = append(*want, "")
			continue
		}
		if optional {
			levels = append(levels, 1)
		}
		at = append(at, row)
		text := fmt.Sprintf([]string{"", "1970-01-%02d", "%d", "1970-01-01T00:00:00.%03dZ", "1970-01-01T00:00:00.%09d", "-%d.05", "1970-01-01T00:00:%02d",
			"%d.5", "%d.25", "t%d", "-%d.1", "00:00:%02d"}[i], row%28+1)
		if i == 0 {
			text = fmt.Sprint(row%2 == 0)
		}
		if strings.Contains(text, ".") && strings.Contains(text, ":") { // no zeros at the end of a fraction
			z := strings.HasSuffix(text, "Z")
			if text = strings.TrimRight(strings.TrimSuffix(text, "Z"), "0"); z {
				text += "Z"
			}
		}
		*want = append(*want, text)
	}
	var err error
	n := func(k int) int { return at[k]%28 + 1 }
	switch c := c.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) bool { return at[k]%2 == 0 }), levels, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) int32 { return int32(n(k) - map[int]int{1: 1}[i]) }), levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) int64 {
			switch v := int64(n(k)); i {
			case 5:
				return -100*v - 5
			case 11:
				return 1e6 * v
			default:
				return v
			}
		}), levels, nil)
	case *file.Int96ColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) parquet.Int96 {
			v := parquet.Int96{}
			nanos := uint64(n(k)) * 1e9
			for b := range 8 {
				v[b] = byte(nanos >> (8 * b))
			}
			v[8], v[9], v[10] = 0x8c, 0x3d, 0x25
			return v
		}), levels, nil)
	case *file.Float32ColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) float32 { return float32(n(k)) + 0.5 }), levels, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) float64 { return float64(n(k)) + 0.25 }), levels, nil)
	case *file.ByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) parquet.ByteArray { return parquet.ByteArray(fmt.Sprintf("t%d", n(k))) }), levels, nil)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(valuesOf(at, func(k int) parquet.FixedLenByteArray {
			v := -(10*n(k) + 1)
			return parquet.FixedLenByteArray{byte(v >> 16), byte(v >> 8), byte(v)}
		}), levels, nil)
	default:
		t.Fatalf("column %d: %T", i, c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func valuesOf[T any](at []int, value func(int) T) []T {
	out := make([]T, len(at))
	for k := range out {
		out[k] = value(k)
	}
	return out
}

func TestParquetTypes(t *testing.T) {
	v2 := parquet.WithDataPageVersion(parquet.DataPageV2)
	for name, o := range map[string][]parquet.WriterProperty{
		"plain": {parquet.WithDictionaryDefault(false)}, "dictionaries": nil, "snappy": {parquet.WithCompression(compress.Codecs.Snappy)},
		"gzip": {parquet.WithCompression(compress.Codecs.Gzip)}, "zstd": {parquet.WithCompression(compress.Codecs.Zstd)},
		"brotli": {parquet.WithCompression(compress.Codecs.Brotli)}, "v2": {v2}, "v2 zstd": {v2, parquet.WithCompression(compress.Codecs.Zstd)},
		"small pages": {parquet.WithDataPageSize(100), parquet.WithBatchSize(7)},
	} {
		b, want := parquetFile(t, 2, batch+300, o...)
		var got texts
		if err := ReadParquet(section(b), 1<<24, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range want {
			if !slices.Equal(got.cells[i], want[i]) {
				for k := range want[i] {
					if k >= len(got.cells[i]) || got.cells[i][k] != want[i][k] {
						t.Errorf("%s: column %s: %d cells, want %d; cell %d is %q, want %q", name, got.names[i], len(got.cells[i]), len(want[i]), k,
							slices.Concat(got.cells[i], []string{"none"})[min(k, len(got.cells[i]))], want[i][k])
						break
					}
				}
			}
		}
	}
}
