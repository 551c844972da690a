package table

import (
	"errors"
	"fmt"

	"doin.network/node/internal/flatbuffer"
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

// verify returns why a message's metadata is refused, or nil.
func verify(meta []byte) error {
	b := flatbuffer.New(meta)
	message := b.Deref(0)
	pair := func(at int) error { return verifyPair(b, at) }
	header, ok := b.Field(message, 2)
	if !ok {
		return errors.New("message without a header")
	}
	if err := b.Vector(message, 4, 4, pair); err != nil { // custom_metadata
		return err
	}
	kind := b.Byte(message, 1)
	switch header = b.Deref(header); kind {
	case headerSchema:
		if err := b.Vector(header, 2, 4, pair); err != nil { // custom_metadata
			return err
		}
		if err := b.Vector(header, 3, 8, nil); err != nil { // features
			return err
		}
		columns := 0
		return b.Vector(header, 1, 4, func(at int) error {
			if columns++; columns > MaxColumns {
				return fmt.Errorf("more than %d columns", MaxColumns)
			}
			return verifyField(b, at)
		})
	case headerRecordBatch:
		if _, ok := b.Field(header, 3); ok {
			return errors.New("compressed buffers")
		}
		for _, slot := range []int{1, 2} { // nodes, buffers
			if err := b.Vector(header, slot, 16, nil); err != nil {
				return err
			}
		}
		return b.Vector(header, 4, 8, nil) // variadicBufferCounts
	}
	return fmt.Errorf("message of kind %d", kind)
}

// verifyField checks the schema field that the offset at points to.
func verifyField(b *flatbuffer.Buffer, at int) error {
	f := b.Deref(at)
	pair := func(at int) error { return verifyPair(b, at) }
	if _, ok := b.Field(f, 4); ok {
		return errors.New("dictionary encoding")
	}
	switch kind := b.Byte(f, 2); kind {
	case typeInt, typeFloat, typeUtf8:
	default:
		return fmt.Errorf("column type %d", kind)
	}
	nested := func(int) error { return errors.New("nested column") }
	if err := b.Vector(f, 5, 4, nested); err != nil {
		return err
	}
	if err := b.Vector(f, 6, 4, pair); err != nil { // custom_metadata
		return err
	}
	return b.String(f, 0)
}

// verifyPair checks the key and value that the offset at points to.
func verifyPair(b *flatbuffer.Buffer, at int) error {
	pair := b.Deref(at)
	if err := b.String(pair, 0); err != nil {
		return err
	}
	return b.String(pair, 1)
}
