package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"unsafe"

	"doin.network/node/compute/vec"
)

// Prefixes of the digest's two kinds of node: they keep a leaf from being passed off as an inner node.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// littleEndian reports whether numbers lie in memory as they are hashed.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// leafHash writes one leaf of the digest, drawn in CONTRACT.md, without holding the bytes of a whole state.
type leafHash struct {
	hash   hash.Hash
	buffer []byte
	sum    [32]byte
	finite func(x []float32) bool // vec.AllFinite
}

func newLeafHash() *leafHash {
	return &leafHash{hash: sha256.New(), buffer: make([]byte, 0, 4096), finite: vec.AllFinite}
}

func (l *leafHash) begin() {
	l.hash.Reset()
	l.buffer = append(l.buffer[:0], leafPrefix)
}

// word appends a little-endian word.
func (l *leafHash) word(u uint32) {
	if len(l.buffer)+4 > cap(l.buffer) {
		l.hash.Write(l.buffer)
		l.buffer = l.buffer[:0]
	}
	l.buffer = binary.LittleEndian.AppendUint32(l.buffer, u)
}

// direct is the number of elements from which they are hashed where they lie.
const direct = 32

// floats appends the bits of numbers: at once where they are those in memory.
func (l *leafHash) floats(x []float32) {
	if littleEndian && len(x) >= direct && l.finite(x) {
		l.hash.Write(l.buffer)
		l.buffer = l.buffer[:0]
		l.hash.Write(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x)))
		return
	}
	for _, v := range x {
		l.word(vec.CanonicalBits(v))
	}
}

// end returns the leaf's hash.
func (l *leafHash) end() [32]byte {
	l.hash.Write(l.buffer)
	l.hash.Sum(l.sum[:0])
	return l.sum
}

// stateLeaf is the leaf of the end of a segment.
func (l *leafHash) stateLeaf(w, m, v []float32, step int) [32]byte {
	l.begin()
	l.floats(w)
	l.floats(m)
	l.floats(v)
	l.word(uint32(step))
	return l.end()
}

// resultLeaf is the last leaf of a run. weights is empty for a diverged run.
func (l *leafHash) resultLeaf(status Status, stopStep int, metric float32, weights []float32) [32]byte {
	l.begin()
	l.word(uint32(status))
	l.word(uint32(stopStep))
	l.word(vec.CanonicalBits(metric))
	l.floats(weights)
	return l.end()
}

// MerkleRoot returns the root over leaves, which are hashes already: neighbours are paired level by level, an odd last
// one is carried up unchanged. The root of one leaf is the leaf; of none, the zero hash.
func MerkleRoot(leaves [][32]byte) [32]byte {
	if len(leaves) == 0 {
		return [32]byte{}
	}
	level := append([][32]byte(nil), leaves...)
	for n := len(level); n > 1; n = (n + 1) / 2 {
		for j := 0; j < n; j += 2 {
			if j+1 == n {
				level[j/2] = level[j]
				continue
			}
			var node [65]byte
			node[0] = nodePrefix
			copy(node[1:], level[j][:])
			copy(node[33:], level[j+1][:])
			level[j/2] = sha256.Sum256(node[:])
		}
	}
	return level[0]
}
