package columnar

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// writer returns what appends the text of a value of a to dst. The value is no null; the type is readable.
func writer(a arrow.Array) func(dst []byte, i int) []byte {
	switch a := a.(type) {
	case *array.Int8:
		return integers(a.Value)
	case *array.Int16:
		return integers(a.Value)
	case *array.Int32:
		return integers(a.Value)
	case *array.Int64:
		return integers(a.Value)
	case *array.Uint8:
		return naturals(a.Value)
	case *array.Uint16:
		return naturals(a.Value)
	case *array.Uint32:
		return naturals(a.Value)
	case *array.Uint64:
		return naturals(a.Value)
	case *array.Float16:
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(a.Value(i).Float32()), 32) }
	case *array.Float32:
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(a.Value(i)), 32) }
	case *array.Float64:
		return func(dst []byte, i int) []byte { return appendFloat(dst, a.Value(i), 64) }
	case *array.Boolean:
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, a.Value(i)) }
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i).ToString(scale)...) }
	case *array.Decimal256:
		scale := a.DataType().(*arrow.Decimal256Type).Scale
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i).ToString(scale)...) }
	case *array.String:
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case *array.LargeString:
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case *array.Binary:
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case *array.LargeBinary:
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case *array.Dictionary:
		return entries(a)
	case *array.Null:
		return func(dst []byte, _ int) []byte { return dst }
	}
	return times(a)
}

// times is writer for times.
func times(a arrow.Array) func(dst []byte, i int) []byte {
	switch a := a.(type) {
	case *array.Date32:
		return func(dst []byte, i int) []byte { return appendDay(dst, int64(a.Value(i))) }
	case *array.Date64:
		return func(dst []byte, i int) []byte { return appendDay(dst, int64(a.Value(i))/86_400_000) }
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		return func(dst []byte, i int) []byte {
			return appendMoment(dst, int64(a.Value(i)), perSecond(t.Unit), t.TimeZone != "")
		}
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		return func(dst []byte, i int) []byte { return appendClock(dst, int64(a.Value(i)), perSecond(unit)) }
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		return func(dst []byte, i int) []byte { return appendClock(dst, int64(a.Value(i)), perSecond(unit)) }
	}
	panic(fmt.Sprintf("type %v", a.DataType()))
}

func integers[T int8 | int16 | int32 | int64](value func(int) T) func([]byte, int) []byte {
	return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(value(i)), 10) }
}

func naturals[T uint8 | uint16 | uint32 | uint64](value func(int) T) func([]byte, int) []byte {
	return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, uint64(value(i)), 10) }
}

// entries writes the values that a dictionary has for its indices.
func entries(a *array.Dictionary) func([]byte, int) []byte {
	values := a.Dictionary()
	write := writer(values)
	return func(dst []byte, i int) []byte {
		at := a.GetValueIndex(i)
		if at < 0 || at >= values.Len() {
			panic(fmt.Sprintf("index %d in a dictionary of %d values", at, values.Len()))
		}
		if values.IsNull(at) {
			return dst
		}
		return write(dst, at)
	}
}

// perSecond returns how many of a unit make a second.
func perSecond(u arrow.TimeUnit) int64 {
	return map[arrow.TimeUnit]int64{arrow.Second: 1, arrow.Millisecond: 1e3, arrow.Microsecond: 1e6, arrow.Nanosecond: 1e9}[u]
}
