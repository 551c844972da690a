package optimae

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"

	"doin.network/node/chain"
)

// ErrFormat is matched by the error for bytes that are not the one encoding of a record or a body.
var ErrFormat = errors.New("optimae: bad encoding")

// codec writes a record's fields to b, or reads them from it: one list of fields is both. Integers are big-endian, a text is its
// length in two bytes and then itself, a list its length in one byte and then its entries, a truth 0 or 1.
type codec struct {
	b    []byte
	read bool
	err  error
}

func encode(r record) []byte {
	c := &codec{}
	r.code(c)
	if c.err != nil {
		panic("optimae: " + c.err.Error())
	}
	return c.b
}

// decode reads exactly what encode writes: no byte is left, and no other bytes give the same record.
func decode(b []byte, r record) error {
	c := &codec{b: b, read: true}
	r.code(c)
	if c.err == nil && len(c.b) != 0 {
		c.fail("%d bytes too many", len(c.b))
	}
	return c.err
}

func (c *codec) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
}

// take returns the next n bytes to read; zeros after a failure.
func (c *codec) take(n int) []byte {
	if c.err == nil && len(c.b) < n {
		c.fail("ends early")
	}
	if c.err != nil {
		return make([]byte, n)
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *codec) fixed(b []byte) {
	if c.read {
		copy(b, c.take(len(b)))
	} else {
		c.b = append(c.b, b...)
	}
}

func (c *codec) integer(v *int64) {
	if c.read {
		*v = int64(binary.BigEndian.Uint64(c.take(8)))
	} else {
		c.b = binary.BigEndian.AppendUint64(c.b, uint64(*v))
	}
}

// small is a byte of at most most.
func (c *codec) small(v *uint8, most uint8) {
	one := []byte{*v}
	c.fixed(one)
	if *v = one[0]; *v > most {
		c.fail("%d is above %d", *v, most)
	}
}

func (c *codec) truth(v *bool) {
	var b uint8
	if *v {
		b = 1
	}
	c.small(&b, 1)
	*v = b == 1
}

// finite is the bits of a double that is neither infinite nor NaN nor −0.
func (c *codec) finite(v *float64) {
	bits := int64(math.Float64bits(*v))
	c.integer(&bits)
	*v = math.Float64frombits(uint64(bits))
	if math.IsInf(*v, 0) || *v != *v || *v == 0 && bits != 0 {
		c.fail("a number that is not finite, or −0")
		*v = 0
	}
}

func (c *codec) text(v *string, most int) {
	var n [2]byte
	binary.BigEndian.PutUint16(n[:], uint16(len(*v)))
	c.fixed(n[:])
	size := int(binary.BigEndian.Uint16(n[:]))
	switch {
	case size > most || len(*v) > most:
		c.fail("a text of %d bytes, at most %d", size, most)
	case c.read:
		*v = string(c.take(size))
	default:
		c.b = append(c.b, *v...)
	}
}

func (c *codec) texts(v *[]string, entries, bytes int) {
	n := uint8(min(len(*v), 255))
	c.small(&n, uint8(entries))
	if c.err != nil {
		return
	}
	if c.read {
		*v = nil
	}
	for i := range int(n) {
		if c.read {
			*v = append(*v, "")
		}
		c.text(&(*v)[i], bytes)
	}
}

// sums are S1, n and S2, the last in 16 bytes.
func (c *codec) sums(v *chain.Sums) {
	var square [16]byte
	if !c.read {
		v.Square().FillBytes(square[:])
	}
	c.integer(&v.S1)
	c.integer(&v.N)
	c.fixed(square[:])
	if !c.read || c.err != nil {
		return
	}
	s, err := chain.NewSums(v.S1, new(big.Int).SetBytes(square[:]), v.N)
	if err != nil {
		c.fail("%v", err)
		s = chain.Sums{}
	}
	*v = s
}
