package tabular

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
)

// hasher is a SHA-256 of numbers and names: words of 64 bits, doubles, floats and codes as their bits, little-endian,
// names as their length (a word) and their bytes.
type hasher struct {
	sum hash.Hash
	buf *bufio.Writer
}

// newHasher begins with a line that says what is hashed.
func newHasher(line string) *hasher {
	sum := sha256.New()
	h := &hasher{sum: sum, buf: bufio.NewWriter(sum)}
	h.buf.WriteString(line)
	return h
}

func (h *hasher) words(words ...int) {
	for _, v := range words {
		h.buf.Write(binary.LittleEndian.AppendUint64(h.buf.AvailableBuffer(), uint64(v)))
	}
}

func (h *hasher) names(names ...string) {
	for _, s := range names {
		h.words(len(s))
		h.buf.WriteString(s)
	}
}

// doubles hashes NaN as one pattern of bits.
func (h *hasher) doubles(x ...float64) {
	for _, v := range x {
		b := math.Float64bits(v)
		if math.IsNaN(v) {
			b = 0x7ff8 << 48
		}
		h.buf.Write(binary.LittleEndian.AppendUint64(h.buf.AvailableBuffer(), b))
	}
}

func (h *hasher) floats(x []float32) {
	for _, v := range x {
		h.buf.Write(binary.LittleEndian.AppendUint32(h.buf.AvailableBuffer(), math.Float32bits(v)))
	}
}

func (h *hasher) codes(x []int32) {
	for _, v := range x {
		h.buf.Write(binary.LittleEndian.AppendUint32(h.buf.AvailableBuffer(), uint32(v)))
	}
}

// done returns the hash. A write to a hash has no error.
func (h *hasher) done() []byte {
	h.buf.Flush()
	return h.sum.Sum(nil)
}
