package columnar

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// The Parquet library waits forever for values that a page claims and does not have. checkedPages refuses such pages.

// checkedPages are the pages of a chunk of a column that is not nested.
type checkedPages struct {
	file.PageReader
	column *schema.Column
	err    error
}

// Next implements file.PageReader.
func (c *checkedPages) Next() bool {
	if c.err != nil || !c.PageReader.Next() {
		return false
	}
	c.err = c.check(c.Page())
	return c.err == nil
}

// Err implements file.PageReader.
func (c *checkedPages) Err() error {
	if c.err != nil {
		return c.err
	}
	return c.PageReader.Err()
}

// check looks at what a page begins with: levels of definition, or the number of its values.
func (c *checkedPages) check(p file.Page) error {
	b, n := p.Data(), int64(p.NumValues())
	optional := c.column.MaxDefinitionLevel() > 0
	has := n
	switch p := p.(type) {
	case *file.DataPageV1:
		if optional && p.DefinitionLevelEncoding() == parquet.Encodings.RLE {
			if len(b) < 4 {
				return fmt.Errorf("a page of %d bytes", len(b))
			}
			size := binary.LittleEndian.Uint32(b)
			b = b[4:]
			has = levels(b[:min(uint64(size), uint64(len(b)))], n)
		}
	case *file.DataPageV2:
		from := int64(p.RepetitionLevelByteLen())
		to := from + int64(p.DefinitionLevelByteLen())
		if from < 0 || to < from || to > int64(len(b)) {
			return fmt.Errorf("levels of %d bytes in a page of %d", to, len(b))
		}
		if optional {
			has = levels(b[from:to], n)
		}
		b = b[to:]
	default:
		return nil
	}
	if !optional && parquet.Encoding(p.Encoding()) == parquet.Encodings.DeltaBinaryPacked {
		has = deltas(b)
	}
	if n < 0 || has < n {
		return fmt.Errorf("a page of %d values claims %d", has, n)
	}
	return nil
}

// levels counts the levels of one bit, up to n, in runs and packed groups of eight.
func levels(b []byte, n int64) (count int64) {
	for count < n {
		head, size := binary.Uvarint(b)
		if size <= 0 {
			return count
		}
		b = b[size:]
		if head&1 == 0 { // a run: its length, and the level in a byte
			if len(b) == 0 || head == 0 {
				return count
			}
			count, b = count+int64(min(head>>1, 1<<31)), b[1:]
			continue
		}
		groups := min(head>>1, uint64(len(b))) // each in a byte
		if groups == 0 {
			return count
		}
		count, b = count+8*int64(groups), b[groups:]
	}
	return count
}

// deltas reads the number of values of a page of differences: it follows the size of a block and the number of blocks in it.
func deltas(b []byte) (count int64) {
	for range 3 {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return 0
		}
		count, b = int64(min(v, 1<<31)), b[size:]
	}
	return count
}
