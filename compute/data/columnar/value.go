package columnar

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// known reports whether a column of a Parquet file is read.
func known(c *schema.Column) bool {
	switch c.LogicalType().(type) {
	case schema.IntervalLogicalType, schema.BSONLogicalType:
		return false
	case *schema.DecimalLogicalType, schema.UUIDLogicalType, schema.Float16LogicalType:
		return true
	}
	return c.PhysicalType() != parquet.Types.FixedLenByteArray && c.PhysicalType() != parquet.Types.Undefined
}

// batch is the number of values that are decoded at once.
const batch = 1024

// read hands on the texts of a chunk of so many rows.
func read(c file.ColumnChunkReader, rows int64, cell func([]byte) error) error {
	d := c.Descriptor()
	l := d.LogicalType()
	switch c := c.(type) {
	case *file.BooleanColumnChunkReader:
		return values(c.ReadBatch, d, rows, strconv.AppendBool, cell)
	case *file.Int32ColumnChunkReader:
		write := integer(l)
		return values(c.ReadBatch, d, rows, func(dst []byte, v int32) []byte { return write(dst, int64(v), 32) }, cell)
	case *file.Int64ColumnChunkReader:
		write := integer(l)
		return values(c.ReadBatch, d, rows, func(dst []byte, v int64) []byte { return write(dst, v, 64) }, cell)
	case *file.Int96ColumnChunkReader:
		return values(c.ReadBatch, d, rows, appendInt96, cell)
	case *file.Float32ColumnChunkReader:
		return values(c.ReadBatch, d, rows, func(dst []byte, v float32) []byte { return appendFloat(dst, float64(v), 32) }, cell)
	case *file.Float64ColumnChunkReader:
		return values(c.ReadBatch, d, rows, func(dst []byte, v float64) []byte { return appendFloat(dst, v, 64) }, cell)
	case *file.ByteArrayColumnChunkReader:
		write := bytesOf(l)
		return values(c.ReadBatch, d, rows, func(dst []byte, v parquet.ByteArray) []byte { return write(dst, v) }, cell)
	case *file.FixedLenByteArrayColumnChunkReader:
		write := bytesOf(l)
		return values(c.ReadBatch, d, rows, func(dst []byte, v parquet.FixedLenByteArray) []byte { return write(dst, v) }, cell)
	}
	return refused(d.Name(), "the type %v is not read", d.PhysicalType())
}

// values reads a chunk by a reader of one type. Nulls have no value, and a level below the greatest.
func values[V any](next func(int64, []V, []int16, []int16) (int64, int, error), d *schema.Column, rows int64,
	write func([]byte, V) []byte, cell func([]byte) error,
) error {
	vals, levels := make([]V, batch), make([]int16, batch)
	most := d.MaxDefinitionLevel()
	var text []byte
	for rows > 0 {
		n, read, err := next(min(rows, batch), vals, levels, nil)
		if err != nil {
			return refused(d.Name(), "%v", err)
		}
		if n <= 0 || n > min(rows, batch) {
			return refused(d.Name(), "it has fewer values than the file has rows")
		}
		at := 0
		for i := range n {
			if text = text[:0]; most == 0 || levels[i] == most {
				if at >= read {
					return refused(d.Name(), "it has fewer values than levels")
				}
				text = write(text, vals[at])
				at++
			}
			if err := cell(text); err != nil {
				return err
			}
		}
		rows -= n
	}
	return nil
}

// integer returns what writes the integers of a logical type. Types with parameters are pointers in the library.
func integer(l schema.LogicalType) func(dst []byte, v int64, bits int) []byte {
	switch l := l.(type) {
	case schema.DateLogicalType:
		return func(dst []byte, v int64, _ int) []byte { return appendDay(dst, v) }
	case *schema.TimestampLogicalType:
		unit, zoned := parquetUnit(l.TimeUnit()), l.IsAdjustedToUTC() && !l.IsFromConvertedType()
		return func(dst []byte, v int64, _ int) []byte { return appendMoment(dst, v, unit, zoned) }
	case *schema.TimeLogicalType:
		unit := parquetUnit(l.TimeUnit())
		return func(dst []byte, v int64, _ int) []byte { return appendClock(dst, v, unit) }
	case *schema.DecimalLogicalType:
		return func(dst []byte, v int64, _ int) []byte { return appendDecimal(dst, big.NewInt(v), int(l.Scale())) }
	case *schema.IntLogicalType:
		if l.IsSigned() {
			break
		}
		return func(dst []byte, v int64, bits int) []byte {
			return strconv.AppendUint(dst, uint64(v)<<(64-bits)>>(64-bits), 10)
		}
	}
	return func(dst []byte, v int64, _ int) []byte { return strconv.AppendInt(dst, v, 10) }
}

func parquetUnit(u schema.TimeUnitType) int64 {
	switch u {
	case schema.TimeUnitMillis:
		return 1e3
	case schema.TimeUnitMicros:
		return 1e6
	case schema.TimeUnitNanos:
		return 1e9
	}
	panic(fmt.Sprintf("unit %v", u))
}

// bytesOf returns what writes the bytes of a logical type: texts where it says nothing else.
func bytesOf(l schema.LogicalType) func(dst, v []byte) []byte {
	switch l := l.(type) {
	case *schema.DecimalLogicalType:
		return func(dst, v []byte) []byte {
			n := new(big.Int).SetBytes(v)
			if len(v) > 0 && v[0] >= 0x80 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v))))
			}
			return appendDecimal(dst, n, int(l.Scale()))
		}
	case schema.UUIDLogicalType:
		return func(dst, v []byte) []byte {
			h := hex.EncodeToString(v)
			return fmt.Appendf(dst, "%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
		}
	case schema.Float16LogicalType:
		return func(dst, v []byte) []byte {
			return appendFloat(dst, float64(float16.FromLEBytes(v).Float32()), 32)
		}
	}
	return func(dst, v []byte) []byte { return append(dst, v...) }
}

// appendDecimal appends n × 10^−scale with all its digits.
func appendDecimal(dst []byte, n *big.Int, scale int) []byte {
	digits := new(big.Int).Abs(n).String()
	if n.Sign() < 0 {
		dst = append(dst, '-')
	}
	if scale <= 0 || scale > 1000 {
		return append(dst, digits...)
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

// appendInt96 appends a moment as old writers have it: nanoseconds of the day, and the Julian day.
func appendInt96(dst []byte, v parquet.Int96) []byte {
	nanos := int64(binary.LittleEndian.Uint64(v[:8]))
	day := int64(binary.LittleEndian.Uint32(v[8:])) - 2440588 // 1970-01-01
	return time.Unix(day*86400+nanos/1e9, nanos%1e9).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999999")
}
