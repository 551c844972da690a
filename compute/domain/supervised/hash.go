package supervised

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// Hasher is a SHA-256 of numbers and names: words of 64 bits, doubles, floats and codes as their bits, little-endian,
// names as their length (a word) and their bytes.
type Hasher struct {
	sum hash.Hash
	buf *bufio.Writer
}

// NewHasher begins with a line that says what is hashed.
func NewHasher(line string) *Hasher {
	sum := sha256.New()
	h := &Hasher{sum: sum, buf: bufio.NewWriter(sum)}
	h.buf.WriteString(line)
	return h
}

// Words adds integers.
func (h *Hasher) Words(words ...int) {
	for _, v := range words {
		h.buf.Write(binary.LittleEndian.AppendUint64(h.buf.AvailableBuffer(), uint64(v)))
	}
}

// Names adds texts.
func (h *Hasher) Names(names ...string) {
	for _, s := range names {
		h.Words(len(s))
		h.buf.WriteString(s)
	}
}

// Doubles adds doubles, NaN as one pattern of bits.
func (h *Hasher) Doubles(x ...float64) {
	for _, v := range x {
		b := math.Float64bits(v)
		if math.IsNaN(v) {
			b = 0x7ff8 << 48
		}
		h.buf.Write(binary.LittleEndian.AppendUint64(h.buf.AvailableBuffer(), b))
	}
}

// Floats adds floats.
func (h *Hasher) Floats(x []float32) {
	for _, v := range x {
		h.buf.Write(binary.LittleEndian.AppendUint32(h.buf.AvailableBuffer(), math.Float32bits(v)))
	}
}

// Codes adds integers of 32 bits.
func (h *Hasher) Codes(x []int32) {
	for _, v := range x {
		h.buf.Write(binary.LittleEndian.AppendUint32(h.buf.AvailableBuffer(), uint32(v)))
	}
}

// Hex returns Sum in hex.
func (h *Hasher) Hex() string { return hex.EncodeToString(h.Sum()) }

// Sum returns the hash. A write to a hash has no error.
func (h *Hasher) Sum() []byte {
	h.buf.Flush()
	return h.sum.Sum(nil)
}
