package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func sample() *Table {
	return &Table{
		Rows: 3,
		Columns: []Column{
			{Name: "index", Values: []int64{-1, 0, math.MaxInt64}},
			{Name: "seed", Values: []uint64{0, 1, math.MaxUint64}, Valid: []bool{false, true, true}},
			{Name: "fitness", Values: []float64{-0.5, math.Inf(1), 0}, Valid: []bool{true, true, false}},
			{Name: "text", Values: []string{"", "añ", "x"}},
		},
		Metadata: map[string]string{"b": "2", "a": "1"},
	}
}

func TestRoundTrip(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	want := sample()
	data, err := Encode(mem, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(mem, data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Decode(Encode(t)) = %+v, want %+v", got, want)
	}
	again, err := Encode(mem, got)
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("Encode is not a function of the table: %v", err)
	}
	empty := &Table{Columns: []Column{{Name: "x", Values: []int64{}}}}
	if data, err = Encode(mem, empty); err != nil {
		t.Fatal(err)
	}
	if got, err = Decode(mem, data, 0); err != nil || got.Rows != 0 || len(got.Columns) != 1 {
		t.Errorf("Decode(empty) = %+v, %v", got, err)
	}
}

func TestGetters(t *testing.T) {
	s := sample()
	if v, err := Values[string](s, "text"); err != nil || v[1] != "añ" {
		t.Errorf("Values(text) = %v, %v", v, err)
	}
	if v, valid, err := Nullable[uint64](s, "seed"); err != nil || valid[0] || v[2] != math.MaxUint64 {
		t.Errorf("Nullable(seed) = %v, %v, %v", v, valid, err)
	}
	for _, err := range []error{
		second(Values[float64](s, "fitness")), second(Values[float64](s, "text")), second(Values[int64](s, "none")),
	} {
		if !errors.Is(err, ErrTable) {
			t.Errorf("error %v, want ErrTable", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// stream is a stream of one column of 8 MB, or of less if it is compressed.
func stream(t testing.TB, options ...ipc.Option) []byte {
	mem := memory.DefaultAllocator
	b := array.NewInt64Builder(mem)
	defer b.Release()
	b.AppendValues(make([]int64, 1<<20), nil)
	a := b.NewArray()
	defer a.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{a}, 1<<20)
	defer rec.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, append(options, ipc.WithSchema(schema))...)
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// nested is a stream of a list column.
func nested(t testing.TB) []byte {
	b := array.NewListBuilder(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64)
	defer b.Release()
	b.AppendNull()
	a := b.NewArray()
	defer a.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: a.DataType(), Nullable: true}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{a}, 1)
	defer rec.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema))
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestDecodeRefuses(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	f := func(name string, data []byte) {
		t.Helper()
		if got, err := Decode(mem, data, 1<<20); !errors.Is(err, ErrTable) {
			t.Errorf("%s: Decode() = %+v, %v, want ErrTable", name, got, err)
		}
	}
	good, err := Encode(memory.DefaultAllocator, sample())
	if err != nil {
		t.Fatal(err)
	}
	f("empty", nil)
	f("text", []byte("hello, this is no table at all"))
	f("huge metadata", binary.LittleEndian.AppendUint32([]byte{255, 255, 255, 255}, 1<<31-1))
	f("negative metadata", []byte{255, 255, 255, 255, 255, 255, 255, 255})
	f("nested", nested(t))
	f("half", good[:len(good)/2])
	f("compressed", stream(t, ipc.WithZstd()))
	f("large", stream(t))
	if got, err := Decode(mem, stream(t), 1<<26); err != nil || got.Rows != 1<<20 {
		t.Errorf("Decode() within the limit: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	good, err := Encode(memory.DefaultAllocator, sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:40])
	f.Add(nested(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(memory.DefaultAllocator, data, 1<<20)
		if err != nil && !errors.Is(err, ErrTable) {
			t.Fatalf("error %v is no ErrTable", err)
		}
		if err == nil {
			if _, err := Encode(memory.DefaultAllocator, got); err != nil {
				t.Fatal(err)
			}
		}
	})
}
