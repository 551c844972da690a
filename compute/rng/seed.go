package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// SearchSeed returns the training seed of one candidate of a search: the first 8 bytes, little-endian, of the SHA-256
// of the canonical JSON array [run seed, generation, index].
func SearchSeed(runSeed uint64, generation, index int) uint64 {
	b := append([]byte{'['}, strconv.FormatUint(runSeed, 10)...)
	b = append(b, ", "...)
	b = strconv.AppendInt(b, int64(generation), 10)
	b = append(b, ", "...)
	b = strconv.AppendInt(b, int64(index), 10)
	b = append(b, ']')
	h := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(h[:])
}
