// Package flatbuffer checks the vectors of a flatbuffer before a reader takes their lengths at their word.
//
// A [Buffer] is walked by whoever knows its schema, slot by slot in the order of the fields there. Offsets outside the buffer
// make the index expressions panic, which the caller recovers. Nothing is decoded here.
package flatbuffer

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxEntries bounds the elements of a vector.
const MaxEntries = 1 << 16

// Buffer is a flatbuffer under verification.
type Buffer struct {
	buf []byte
	// text is how many bytes of strings are still allowed: many may point to the same
	// place, and each is copied.
	text int
}

// New returns a buffer of b, which it keeps. Its strings may have as many bytes as it has.
func New(b []byte) *Buffer { return &Buffer{buf: b, text: len(b)} }

// Deref follows the offset that stands at a position; the root's is 0.
func (b *Buffer) Deref(at int) int { return at + int(binary.LittleEndian.Uint32(b.buf[at:])) }

// Field returns where the field of a table's slot stands, if the table has it.
func (b *Buffer) Field(table, slot int) (at int, ok bool) {
	vtable := table - int(int32(binary.LittleEndian.Uint32(b.buf[table:])))
	size := int(binary.LittleEndian.Uint16(b.buf[vtable:]))
	entry := 4 + 2*slot
	if entry >= size { // as the reader asks: an odd size ends within an entry that counts
		return 0, false
	}
	offset := int(binary.LittleEndian.Uint16(b.buf[vtable+entry:]))
	return table + offset, offset != 0
}

// Byte returns the byte in a table's slot, 0 if it has none.
func (b *Buffer) Byte(table, slot int) byte {
	if at, ok := b.Field(table, slot); ok {
		return b.buf[at]
	}
	return 0
}

// span returns where the elements of the vector in a table's slot begin and how
// many there are; they lie inside the buffer.
func (b *Buffer) span(table, slot, size int) (start, n int, err error) {
	at, ok := b.Field(table, slot)
	if !ok {
		return 0, 0, nil
	}
	start = b.Deref(at)
	n = int(binary.LittleEndian.Uint32(b.buf[start:]))
	start += 4
	if n > (len(b.buf)-start)/size {
		return 0, 0, fmt.Errorf("vector of %d elements in %d bytes", n, len(b.buf)-start)
	}
	return start, n, nil
}

// Vector checks a vector of elements of a size and, if each is not nil, each of its elements.
func (b *Buffer) Vector(table, slot, size int, each func(at int) error) error {
	start, n, err := b.span(table, slot, size)
	if err != nil {
		return err
	}
	if n > MaxEntries {
		return fmt.Errorf("vector of %d elements: at most %d", n, MaxEntries)
	}
	for i := range n {
		if each == nil {
			break
		}
		if err := each(start + i*size); err != nil {
			return err
		}
	}
	return nil
}

// String checks a string and takes it off the allowance.
func (b *Buffer) String(table, slot int) error {
	_, n, err := b.span(table, slot, 1)
	if err != nil {
		return err
	}
	if b.text -= n; b.text < 0 {
		return errors.New("strings overlap")
	}
	return nil
}

// Int32 returns the integer that stands at a position.
func (b *Buffer) Int32(at int) int32 { return int32(binary.LittleEndian.Uint32(b.buf[at:])) }

// Int64 returns the integer that stands at a position.
func (b *Buffer) Int64(at int) int64 { return int64(binary.LittleEndian.Uint64(b.buf[at:])) }
