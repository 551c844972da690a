package search

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"doin.network/node/internal/canon"
)

// RunSeed is the seed of a node's search in a domain: the configured one bound to node and domain, random if that is nil.
func RunSeed(seed *int64, peer, domain string) uint64 {
	if seed == nil {
		var b [8]byte
		rand.Read(b[:]) // never fails
		return binary.LittleEndian.Uint64(b[:])
	}
	h := sha256.Sum256(canon.Canonical([]any{"run", *seed, peer, domain}))
	return binary.LittleEndian.Uint64(h[:])
}

// nonce returns the 16 bytes of a claim's nonce: random, or a function of the configured seed and of what is nominated.
func nonce(seed *int64, peer, domain string, generation, place int64) (b [16]byte) {
	if seed == nil {
		rand.Read(b[:])
		return b
	}
	h := sha256.Sum256(canon.Canonical([]any{"nonce", *seed, peer, domain, generation, place}))
	copy(b[:], h[:])
	return b
}
