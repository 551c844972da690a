package columnar

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The Parquet library allocates what the header of a page claims. checkPages looks at every header of a chunk first. Headers are
// structs of Thrift's compact protocol, whose fields are numbered as in parquet.thrift.

// Fields of PageHeader and of the headers in it.
const (
	pageUncompressed = 2
	pageCompressed   = 3
	pageData         = 5
	pageDictionary   = 7
	pageDataV2       = 8

	headerValues      = 1
	headerDefinitions = 5
	headerRepetitions = 6
)

// pageHeader is what bounds are about.
type pageHeader struct {
	uncompressed, compressed, entries, levels int64
}

// checkPages walks through the pages of a column chunk. What they claim to unpack to is at most left bytes, and is returned.
func checkPages(all io.ReaderAt, start, size, left int64) (claimed int64, err error) {
	end := start + size
	for at := start; at < end; {
		in := &compact{r: bufio.NewReaderSize(io.NewSectionReader(all, at, end-at), 512)}
		var h pageHeader
		if err := in.message(0, func(id int, v int64) { h.set(id, v) }, 0); err != nil {
			if errors.Is(err, io.EOF) && at > start { // padding
				return claimed, nil
			}
			return 0, fmt.Errorf("page header: %w", err)
		}
		at += in.n
		switch {
		case h.compressed < 0 || h.compressed > end-at:
			return 0, fmt.Errorf("a page of %d bytes where %d are left", h.compressed, end-at)
		case h.uncompressed < 0 || h.uncompressed > left-claimed:
			return 0, fmt.Errorf("a page that unpacks to %d bytes: more than the limit", h.uncompressed)
		case h.entries < 0 || h.entries > 8*h.uncompressed+8:
			return 0, fmt.Errorf("a dictionary of %d entries in %d bytes", h.entries, h.uncompressed)
		case h.levels < 0 || h.levels > h.uncompressed:
			return 0, fmt.Errorf("levels of %d bytes in a page of %d", h.levels, h.uncompressed)
		}
		at += h.compressed
		claimed += h.uncompressed
	}
	return claimed, nil
}

// set takes a number of the header; those of a header in it have the number of that header, times 100, before their own.
func (h *pageHeader) set(id int, v int64) {
	switch id {
	case pageUncompressed:
		h.uncompressed = v
	case pageCompressed:
		h.compressed = v
	case 100*pageDictionary + headerValues:
		h.entries = v
	case 100*pageDataV2 + headerDefinitions, 100*pageDataV2 + headerRepetitions:
		if v < 0 {
			v = 1 << 40
		}
		h.levels += v
	}
}

// compact reads Thrift's compact protocol, in which n bytes have been.
type compact struct {
	r *bufio.Reader
	n int64
}

// Types of the compact protocol.
const (
	tTrue, tFalse, tByte, tI16, tI32, tI64, tDouble, tBinary, tList, tSet, tMap, tStruct = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
)

var errCompact = errors.New("no struct of the compact protocol")

// ReadByte implements io.ByteReader.
func (c *compact) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// message reads a struct and hands on its integers.
func (c *compact) message(prefix int, number func(id int, v int64), depth int) error {
	if depth > 8 {
		return errCompact
	}
	id := 0
	for {
		b, err := c.ReadByte()
		if err != nil {
			return err
		}
		if b == 0 {
			return nil
		}
		if delta := int(b >> 4); delta > 0 {
			id += delta
		} else if v, err := binary.ReadVarint(c); err != nil {
			return err
		} else {
			id = int(v)
		}
		if id < 0 || id > 99 {
			return errCompact
		}
		if err := c.value(b&15, 100*prefix+id, number, depth); err != nil {
			return err
		}
	}
}

// value reads a value of a type.
func (c *compact) value(kind byte, id int, number func(id int, v int64), depth int) error {
	switch kind {
	case tTrue, tFalse:
		return nil
	case tByte:
		return c.skip(1)
	case tI16, tI32, tI64:
		v, err := binary.ReadVarint(c)
		if err == nil && id < 10_000 {
			number(id, v)
		}
		return err
	case tDouble:
		return c.skip(8)
	case tBinary:
		n, err := binary.ReadUvarint(c)
		if err != nil || n > maxMeta {
			return errors.Join(errCompact, err)
		}
		return c.skip(int(n))
	case tStruct:
		return c.message(id%10_000, number, depth+1)
	}
	return errCompact // no header has a list, a set or a map
}

func (c *compact) skip(n int) error {
	done, err := c.r.Discard(n)
	c.n += int64(done)
	return err
}
