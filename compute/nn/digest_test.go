package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"testing"
)

// merkle is the root by recursion on the level above.
func merkle(leaves [][32]byte) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	var next [][32]byte
	for i := 0; i+1 < len(leaves); i += 2 {
		next = append(next, sha256.Sum256(append(append([]byte{1}, leaves[i][:]...), leaves[i+1][:]...)))
	}
	if len(leaves)%2 == 1 {
		next = append(next, leaves[len(leaves)-1])
	}
	return merkle(next)
}

func TestMerkleRoot(t *testing.T) {
	var leaves [][32]byte
	for i := range 33 {
		leaves = append(leaves, sha256.Sum256([]byte{byte(i)}))
		before := append([][32]byte(nil), leaves...)
		if got, want := MerkleRoot(leaves), merkle(leaves); got != want {
			t.Errorf("root of %d leaves = %x, want %x", i+1, got, want)
		}
		for j := range before {
			if before[j] != leaves[j] {
				t.Fatal("MerkleRoot changed its argument")
			}
		}
	}
	if got := MerkleRoot(nil); got != [32]byte{} {
		t.Errorf("root of no leaves = %x, want zero", got)
	}
}

// TestLeafBytes writes the leaves out as CONTRACT.md draws them, longer than the buffer of leafHash.
func TestLeafBytes(t *testing.T) {
	w := make([]float32, 3001)
	for i := range w {
		w[i] = float32(i) * 0.25
	}
	w[7] = math.Float32frombits(0xffc12345) // a NaN of other bits
	m, v := w[:3], w[5:9]
	bytes := func(prefix []byte, parts ...[]float32) []byte {
		for _, p := range parts {
			for _, x := range p {
				u := math.Float32bits(x)
				if x != x {
					u = 0x7fc00000
				}
				prefix = binary.LittleEndian.AppendUint32(prefix, u)
			}
		}
		return prefix
	}
	l := newLeafHash()
	want := sha256.Sum256(append(bytes([]byte{0}, w, m, v), 0x39, 0x30, 0, 0))
	if got := l.stateLeaf(w, m, v, 12345); got != want {
		t.Errorf("state leaf = %x, want %x", got, want)
	}
	want = sha256.Sum256(bytes([]byte{0, 2, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0xc0, 0x3f}, w))
	if got := l.resultLeaf(Stopped, 17, 1.5, w); got != want {
		t.Errorf("result leaf = %x, want %x", got, want)
	}
}
