package state

import (
	"errors"
	"fmt"
	"math/bits"
)

// Sizes of what a tree holds. Keys have at least one byte.
const (
	MaxKey   = 255
	MaxValue = 64 << 10
	// MaxKeys and MaxBytes bound the whole: the keys, and the lengths of keys and values added up.
	MaxKeys  = 1 << 32
	MaxBytes = 1 << 40

	// maxBits bounds the bits of a key, and with them the depth of a tree.
	maxBits = 9 * (MaxKey + 1)
)

// ErrSize is returned by Put for a key or a value, or a whole, beyond the sizes above.
var ErrSize = errors.New("state: too large")

// CheckSize returns ErrSize for a key or a value that no tree takes.
func CheckSize(key, value []byte) error {
	if len(key) == 0 || len(key) > MaxKey || len(value) > MaxValue {
		return fmt.Errorf("%w: key of %d bytes, value of %d: want 1 to %d and at most %d", ErrSize, len(key), len(value), MaxKey, MaxValue)
	}
	return nil
}

// bitOf returns bit i of a key: see the package's doc.
func bitOf(key []byte, i int) int {
	at, j := i/9, i%9
	switch {
	case at >= len(key):
		return 0
	case j == 0:
		return 1
	}
	return int(key[at]>>(8-j)) & 1
}

// firstDifference returns the first bit in which two keys differ, −1 if they are equal.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if x := a[i] ^ b[i]; x != 0 {
			return 9*i + 1 + bits.LeadingZeros8(x)
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return 9 * n
}

// group is the half of a byte that a bit is of: the nodes of one group that hang together share a page.
func group(bit int) int {
	g := 2 * (bit / 9)
	if bit%9 > 4 {
		g++
	}
	return g
}
