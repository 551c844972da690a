package pyrand

import "math/big"

// Constants of numpy's SeedSequence.
const (
	seqInitA = 0x43b0d7e5
	seqMultA = 0x931e8875
	seqInitB = 0x8b51f9dd
	seqMultB = 0x58f38ded
	seqMixL  = 0xca01f9dd
	seqMixR  = 0x4973f715
	seqShift = 16
)

// SeedSequence is numpy's SeedSequence with the default pool of four words and no spawn key.
type SeedSequence struct{ pool [4]uint32 }

// NewSeedSequence mixes the words of a seed ≥ 0 (the sign is ignored) into a pool.
func NewSeedSequence(seed *big.Int) *SeedSequence {
	s := new(SeedSequence)
	entropy := Words(seed)
	constant := uint32(seqInitA)
	hash := func(v uint32) uint32 {
		v ^= constant
		constant *= seqMultA
		v *= constant
		return v ^ v>>seqShift
	}
	mix := func(x, y uint32) uint32 {
		r := seqMixL*x - seqMixR*y
		return r ^ r>>seqShift
	}
	for i := range s.pool {
		var word uint32
		if i < len(entropy) {
			word = entropy[i]
		}
		s.pool[i] = hash(word)
	}
	for src := range s.pool {
		for dst := range s.pool {
			if src != dst {
				s.pool[dst] = mix(s.pool[dst], hash(s.pool[src]))
			}
		}
	}
	for i := len(s.pool); i < len(entropy); i++ {
		for dst := range s.pool {
			s.pool[dst] = mix(s.pool[dst], hash(entropy[i]))
		}
	}
	return s
}

// Pool returns the mixed entropy pool.
func (s *SeedSequence) Pool() [4]uint32 { return s.pool }

// Uint64s returns generate_state(n, uint64): n words of 64 bits, each from two of 32, the low one first.
func (s *SeedSequence) Uint64s(n int) []uint64 {
	constant := uint32(seqInitB)
	word := func(i int) uint64 {
		v := s.pool[i%len(s.pool)] ^ constant
		constant *= seqMultB
		v *= constant
		return uint64(v ^ v>>seqShift)
	}
	out := make([]uint64, n)
	for i := range out {
		low := word(2 * i)
		out[i] = low | word(2*i+1)<<32
	}
	return out
}
