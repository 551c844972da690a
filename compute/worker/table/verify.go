package table

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Arrow's reader takes the lengths of flatbuffer vectors at their word: it
// allocates for as many fields as a schema claims and follows nested fields as
// deep as they go, which no recover survives. verify therefore looks at every
// vector of a message first, and lets through only what this package writes:
// flat, uncompressed columns.
//
// Layout: Message.fbs and Schema.fbs of the Arrow format; slots are in the order
// of the fields there. Offsets outside the buffer make the index expressions
// panic, which Decode recovers.

// Values of MessageHeader and Type that are accepted.
const (
	headerSchema      = 1
	headerRecordBatch = 3

	typeInt   = 2
	typeFloat = 3
	typeUtf8  = 5
)

// maxEntries bounds the elements of a vector other than the columns'.
const maxEntries = 1 << 16

// verify returns why a message's metadata is refused, or nil.
func verify(meta []byte) error {
	b := &flat{buf: meta, text: len(meta)}
	message := b.deref(0)
	header, ok := b.field(message, 2)
	if !ok {
		return errors.New("message without a header")
	}
	if err := b.vector(message, 4, 4, b.verifyPair); err != nil { // custom_metadata
		return err
	}
	kind := b.byte(message, 1)
	switch header = b.deref(header); kind {
	case headerSchema:
		if err := b.vector(header, 2, 4, b.verifyPair); err != nil { // custom_metadata
			return err
		}
		if err := b.vector(header, 3, 8, nil); err != nil { // features
			return err
		}
		columns := 0
		return b.vector(header, 1, 4, func(at int) error {
			if columns++; columns > MaxColumns {
				return fmt.Errorf("more than %d columns", MaxColumns)
			}
			return b.verifyField(at)
		})
	case headerRecordBatch:
		if _, ok := b.field(header, 3); ok {
			return errors.New("compressed buffers")
		}
		for _, slot := range []int{1, 2} { // nodes, buffers
			if err := b.vector(header, slot, 16, nil); err != nil {
				return err
			}
		}
		return b.vector(header, 4, 8, nil) // variadicBufferCounts
	}
	return fmt.Errorf("message of kind %d", kind)
}

// verifyField checks the schema field that the offset at points to.
func (b *flat) verifyField(at int) error {
	f := b.deref(at)
	if _, ok := b.field(f, 4); ok {
		return errors.New("dictionary encoding")
	}
	switch kind := b.byte(f, 2); kind {
	case typeInt, typeFloat, typeUtf8:
	default:
		return fmt.Errorf("column type %d", kind)
	}
	nested := func(int) error { return errors.New("nested column") }
	if err := b.vector(f, 5, 4, nested); err != nil {
		return err
	}
	if err := b.vector(f, 6, 4, b.verifyPair); err != nil { // custom_metadata
		return err
	}
	return b.string(f, 0)
}

// verifyPair checks the key and value that the offset at points to.
func (b *flat) verifyPair(at int) error {
	pair := b.deref(at)
	if err := b.string(pair, 0); err != nil {
		return err
	}
	return b.string(pair, 1)
}

// flat is a flatbuffer under verification.
type flat struct {
	buf []byte
	// text is how many bytes of strings are still allowed: many may point to the same
	// place, and each is copied.
	text int
}

// deref follows the offset that stands at a position.
func (b *flat) deref(at int) int { return at + int(binary.LittleEndian.Uint32(b.buf[at:])) }

// field returns where the field of a table's slot stands, if the table has it.
func (b *flat) field(table, slot int) (at int, ok bool) {
	vtable := table - int(int32(binary.LittleEndian.Uint32(b.buf[table:])))
	size := int(binary.LittleEndian.Uint16(b.buf[vtable:]))
	entry := 4 + 2*slot
	if entry >= size { // as the reader asks: an odd size ends within an entry that counts
		return 0, false
	}
	offset := int(binary.LittleEndian.Uint16(b.buf[vtable+entry:]))
	return table + offset, offset != 0
}

// byte returns the byte in a table's slot, 0 if it has none.
func (b *flat) byte(table, slot int) byte {
	if at, ok := b.field(table, slot); ok {
		return b.buf[at]
	}
	return 0
}

// span returns where the elements of the vector in a table's slot begin and how
// many there are; they lie inside the buffer.
func (b *flat) span(table, slot, size int) (start, n int, err error) {
	at, ok := b.field(table, slot)
	if !ok {
		return 0, 0, nil
	}
	start = b.deref(at)
	n = int(binary.LittleEndian.Uint32(b.buf[start:]))
	start += 4
	if n > (len(b.buf)-start)/size {
		return 0, 0, fmt.Errorf("vector of %d elements in %d bytes", n, len(b.buf)-start)
	}
	return start, n, nil
}

// vector checks a vector and, if each is not nil, each of its elements.
func (b *flat) vector(table, slot, size int, each func(at int) error) error {
	start, n, err := b.span(table, slot, size)
	if err != nil {
		return err
	}
	if n > maxEntries {
		return fmt.Errorf("vector of %d elements: at most %d", n, maxEntries)
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

// string checks a string and takes it off the allowance.
func (b *flat) string(table, slot int) error {
	_, n, err := b.span(table, slot, 1)
	if err != nil {
		return err
	}
	if b.text -= n; b.text < 0 {
		return errors.New("strings overlap")
	}
	return nil
}
