// Package rng is the one source of randomness of compute and ga: the counter-based generator Philox4x32-10.
//
// A draw is a pure function of a key, a purpose, a step and an index, so that any draw is reachable in O(1), in any
// order, on any device; there is no state that two goroutines could share. Stream is that function, Permutation a
// keyed bijection of [0, n), and Seq a convenience that counts the index up for callers that draw one after another.
//
// The definition, with the list of purposes, is in CONTRACT.md in the parent folder: every bit drawn here is part of
// the numeric contract DOIN-F32 v2. There are no float64 draws, no clock and no seed but the key.
//
// Sources: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11
// (Philox and its known-answer vectors); D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29
// (2019); J. Black, P. Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002 (Feistel with cycle walking);
// M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl. Statist. 37 (1988).
package rng

import (
	"encoding/binary"
	"math/bits"
)

// Key is the 64-bit key of Philox4x32.
type Key [2]uint32

// KeyFromBytes reads a key from the first 8 bytes of b, little-endian. It panics if there are fewer.
func KeyFromBytes(b []byte) Key {
	return Key{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:8])}
}

// Constants of Philox4x32: the two multipliers, the two key increments (golden ratio and √3−1), the rounds.
const (
	philoxM0     = 0xd2511f53
	philoxM1     = 0xcd9e8d57
	philoxW0     = 0x9e3779b9
	philoxW1     = 0xbb67ae85
	philoxRounds = 10
)

// Block is Philox4x32-10: four random words for a counter.
func Block(key Key, counter [4]uint32) [4]uint32 {
	k0, k1 := key[0], key[1]
	c0, c1, c2, c3 := counter[0], counter[1], counter[2], counter[3]
	for range philoxRounds {
		h0, l0 := bits.Mul32(philoxM0, c0)
		h1, l1 := bits.Mul32(philoxM1, c2)
		c0, c1, c2, c3 = h1^c1^k0, l1, h0^c3^k1, l0
		k0 += philoxW0
		k1 += philoxW1
	}
	return [4]uint32{c0, c1, c2, c3}
}
