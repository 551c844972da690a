package columnar

import (
	"errors"
	"fmt"

	"doin.network/node/internal/flatbuffer"
)

// Arrow's reader allocates for as many fields, nodes and buffers as a message claims, and follows nested fields as deep as they
// go. verify looks at every vector first.
//
// Layout: Message.fbs and Schema.fbs of the Arrow format; slots are in the order of the fields there.

// Values of MessageHeader, and of Type the one that has a vector or text of its own beside the timestamp's.
const (
	headerSchema     = 1
	headerDictionary = 2
	headerRecord     = 3

	typeTimestamp = 10
	typeUnion     = 14
)

// maxDepth bounds how deep fields lie within others.
const maxDepth = 32

// verify returns why a message's metadata is refused, or nil.
func verify(meta []byte) error {
	b := flatbuffer.New(meta)
	message := b.Deref(0)
	header, ok := b.Field(message, 2)
	if !ok {
		return errors.New("message without a header")
	}
	if err := pairs(b, message, 4); err != nil {
		return err
	}
	kind := b.Byte(message, 1)
	switch header = b.Deref(header); kind {
	case headerSchema:
		return verifySchema(b, header)
	case headerDictionary:
		if at, ok := b.Field(header, 1); ok {
			return verifyBatch(b, b.Deref(at))
		}
		return errors.New("dictionary without data")
	case headerRecord:
		return verifyBatch(b, header)
	}
	return fmt.Errorf("message of kind %d", kind)
}

// verifySchema checks a schema.
func verifySchema(b *flatbuffer.Buffer, schema int) error {
	if err := pairs(b, schema, 2); err != nil {
		return err
	}
	if err := b.Vector(schema, 3, 8, nil); err != nil { // features
		return err
	}
	return b.Vector(schema, 1, 4, func(at int) error { return verifyField(b, at, 0) })
}

// verifyFooter checks the footer of a file of a size. block gets the places of the messages that it names.
func verifyFooter(meta []byte, block func(at, meta, body int64) error) error {
	b := flatbuffer.New(meta)
	footer := b.Deref(0)
	schema, ok := b.Field(footer, 1)
	if !ok {
		return errors.New("footer without a schema")
	}
	if err := verifySchema(b, b.Deref(schema)); err != nil {
		return err
	}
	for _, slot := range []int{2, 3} { // dictionaries, recordBatches
		if err := b.Vector(footer, slot, 24, func(at int) error {
			return block(b.Int64(at), int64(b.Int32(at+8)), b.Int64(at+16))
		}); err != nil {
			return err
		}
	}
	return pairs(b, footer, 4)
}

// verifyBatch checks a record batch.
func verifyBatch(b *flatbuffer.Buffer, batch int) error {
	for _, slot := range []int{1, 2} { // nodes, buffers
		if err := b.Vector(batch, slot, 16, nil); err != nil {
			return err
		}
	}
	return b.Vector(batch, 4, 8, nil) // variadicBufferCounts
}

// verifyField checks the schema field that the offset at points to.
func verifyField(b *flatbuffer.Buffer, at, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("fields more than %d deep", maxDepth)
	}
	f := b.Deref(at)
	if kind, ok := b.Field(f, 3); ok {
		switch kind := b.Deref(kind); b.Byte(f, 2) {
		case typeTimestamp:
			if err := b.String(kind, 1); err != nil {
				return err
			}
		case typeUnion:
			if err := b.Vector(kind, 1, 4, nil); err != nil {
				return err
			}
		}
	}
	if err := b.Vector(f, 5, 4, func(at int) error { return verifyField(b, at, depth+1) }); err != nil {
		return err
	}
	if err := pairs(b, f, 6); err != nil {
		return err
	}
	return b.String(f, 0)
}

// pairs checks a vector of keys and values.
func pairs(b *flatbuffer.Buffer, table, slot int) error {
	return b.Vector(table, slot, 4, func(at int) error {
		pair := b.Deref(at)
		if err := b.String(pair, 0); err != nil {
			return err
		}
		return b.String(pair, 1)
	})
}
