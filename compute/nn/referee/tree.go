package referee

import (
	"fmt"
	"math/bits"

	"doin.network/node/compute/nn"
)

// Tree is a digest tree that can be asked node by node, from memory or from another machine. Node (0, i) is leaf i, and
// node (l, i) is over nodes (l−1, 2·i) and (l−1, 2·i+1). Only nodes over 2^l leaves are asked for.
type Tree interface {
	// Len returns the number of leaves, the result leaf included.
	Len() int
	// Node returns the hash of a node.
	Node(level, i int) ([32]byte, error)
}

// levels is a tree in memory.
type levels [][][32]byte

// NewTree returns the tree over leaves, which it copies.
func NewTree(leaves [][32]byte) Tree {
	t := levels{append([][32]byte(nil), leaves...)}
	for below := t[0]; len(below) > 1; {
		level := make([][32]byte, len(below)/2)
		for i := range level {
			level[i] = nn.MerkleRoot(below[2*i : 2*i+2])
		}
		t = append(t, level)
		below = level
	}
	return t
}

func (t levels) Len() int { return len(t[0]) }

func (t levels) Node(level, i int) ([32]byte, error) {
	if level < 0 || level >= len(t) || i < 0 || i >= len(t[level]) {
		return [32]byte{}, fmt.Errorf("referee: no node %d of level %d", i, level)
	}
	return t[level][i], nil
}

// FirstDifference returns the index of the first leaf that differs. One tree may have fewer leaves: where all of these
// are equal to the other's first ones, the index is their number, and so it is where the trees are equal. It asks for
// O(log n) nodes of each tree, and of a tree of another length for O(log n) more.
func FirstDifference(a, b Tree) (int, error) {
	n, first := min(a.Len(), b.Len()), 0
	level := bits.Len(uint(n))
	for first < n {
		// The largest node that begins here and lies within both trees, but not a larger one than we descended to.
		for level > 0 && (first&(1<<level-1) != 0 || first+1<<level > n) {
			level--
		}
		x, err := a.Node(level, first>>level)
		if err != nil {
			return 0, err
		}
		y, err := b.Node(level, first>>level)
		if err != nil {
			return 0, err
		}
		switch {
		case x == y:
			first += 1 << level
		case level == 0:
			return first, nil
		default:
			level--
		}
	}
	return n, nil
}
