package boost

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"doin.network/node/compute/nn"
)

// Model is fitted trees. It is immutable and safe for concurrent use.
type Model struct {
	classes int
	start   []int64
	trees   [][]node // [round × outputs]
}

// Rounds is the number of rounds that the model has.
func (m *Model) Rounds() int { return len(m.trees) / len(m.start) }

// First returns the model as it was after so many rounds, at most Rounds.
func (m *Model) First(rounds int) *Model {
	return &Model{m.classes, m.start, m.trees[:rounds*len(m.start)]}
}

// Width is the number of values of a prediction: one of a regression, else the number of classes.
func (m *Model) Width() int { return max(m.classes, 1) }

// Predict writes the prediction of a row of features: its number, or the probabilities of the classes. len(out) = Width.
func (m *Model) Predict(x, out []float32) {
	var few [4]int64
	scores := append(few[:0], m.start...)
	for i, tree := range m.trees {
		scores[i%len(scores)] += value(tree, x)
	}
	if m.classes == 0 {
		out[0] = real(scores[0])
		return
	}
	probabilities(scores, out)
}

func value(tree []node, x []float32) int64 {
	n := &tree[0]
	for n.feature >= 0 {
		v := x[n.feature]
		left := v <= n.edge
		if v != v {
			left = n.missingLeft
		}
		if left {
			n = &tree[n.left]
		} else {
			n = &tree[n.right]
		}
	}
	return n.value
}

// edge is up to where values of a bin and those before it go.
func (f *feature) edge(bin uint8) float32 {
	if int(bin) > len(f.edges) {
		return float32(math.Inf(1))
	}
	return f.edges[bin-1]
}

// Root is the digest: the root of a Merkle tree (nn.MerkleRoot) whose leaves are SHA-256 of
//
//	"doin/boost/1\n", number of classes, number of outputs, start of each                     first
//	"doin/boost/tree/1\n", number of nodes, and of each: feature (all ones: a leaf), bits of
//	the edge, 1 where missing values go left, left child, right child, value                  of each tree
//
// in words of 64 bits, little-endian.
func (m *Model) Root() [32]byte {
	b := words([]byte("doin/boost/1\n"), int64(m.classes), int64(len(m.start)))
	leaves := [][32]byte{sha256.Sum256(words(b, m.start...))}
	for _, tree := range m.trees {
		b = words([]byte("doin/boost/tree/1\n"), int64(len(tree)))
		for i := range tree {
			n := &tree[i]
			missing := int64(0)
			if n.missingLeft {
				missing = 1
			}
			b = words(b, int64(n.feature), int64(math.Float32bits(n.edge)), missing, int64(n.left), int64(n.right), n.value)
		}
		leaves = append(leaves, sha256.Sum256(b))
	}
	return nn.MerkleRoot(leaves)
}

func words(b []byte, list ...int64) []byte {
	for _, v := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}
