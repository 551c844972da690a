package boost

import (
	"math/bits"
)

// node is a node of a tree. Children follow their parent.
type node struct {
	feature     int32 // −1: a leaf
	bin         uint8
	missingLeft bool
	edge        float32 // values up to it go left; +Inf: all known ones
	left, right int32
	value       int64 // of a leaf, as a score
}

const nodeBytes = 40

// grower grows the trees of one fit.
type grower struct {
	config             *Config
	data               *binned
	features           []feature
	offsets            []int // of the features in a histogram, [features + 1]
	lambda, minHessian int64
	minRows            int
	columns            []int // of the tree, ascending
	slopes             []sum // by row, of the output
	gathered           []sum
	rows, scratch      []int32
	free               []histogram
	leaves             []leaf
}

// leaf is a node that may be divided yet.
type leaf struct {
	node     int32
	depth    int
	from, to int // its rows
	all      sum
	sums     histogram // nil: it will not be divided
	split    split
}

func newGrower(c *Config, data *binned, features []feature) *grower {
	g := &grower{
		config: c, data: data, features: features, offsets: make([]int, len(features)+1),
		lambda: int64(c.Lambda) << gradientBits / Whole, minHessian: int64(c.MinHessian) << gradientBits / Whole, minRows: c.MinRows,
		gathered: make([]sum, data.rows), scratch: make([]int32, data.rows),
	}
	for j := range features {
		g.offsets[j+1] = g.offsets[j] + features[j].bins()
	}
	return g
}

// grow returns a tree of the sampled rows, which it puts in another order, and of g.columns and g.slopes; g.leaves are its leaves then. Of the leaves
// that can be divided the one with the greatest gain is, of equals the one with the lower number, until there are as many as
// allowed. The children of a node get the next two numbers, left before right.
func (g *grower) grow(rows []int32) []node {
	g.rows = rows
	root := leaf{to: len(rows)}
	for _, r := range rows {
		root.all.g += g.slopes[r].g
		root.all.hn += g.slopes[r].hn
	}
	if g.divisible(&root) {
		root.sums = g.take()
		g.fill(root.sums, rows)
	}
	tree := []node{{feature: -1}}
	g.leaves = append(g.leaves[:0], root)
	g.look(&g.leaves[0])
	for len(g.leaves) < g.config.Leaves {
		at := -1
		for i := range g.leaves {
			if l := &g.leaves[i]; l.split.gain > 0 && (at < 0 || l.split.gain > g.leaves[at].split.gain ||
				l.split.gain == g.leaves[at].split.gain && l.node < g.leaves[at].node) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		tree = g.divide(tree, at)
	}
	for i := range g.leaves {
		l := &g.leaves[i]
		tree[l.node].value = step(l.all, g.lambda, g.config.Rate)
		g.give(l.sums)
		l.sums = nil
	}
	return tree
}

// divisible reports whether a leaf could be divided.
func (g *grower) divisible(l *leaf) bool {
	return l.depth < g.config.Depth && l.to-l.from >= 2*g.minRows
}

// look finds the split of a leaf with sums.
func (g *grower) look(l *leaf) {
	if l.sums == nil {
		return
	}
	if l.split = g.best(l.sums, l.all); l.split.gain == 0 {
		g.give(l.sums)
		l.sums = nil
	}
}

// divide divides a leaf by its split.
func (g *grower) divide(tree []node, at int) []node {
	parent := g.leaves[at]
	s := parent.split
	n := &tree[parent.node]
	n.feature, n.bin, n.missingLeft = s.feature, s.bin, s.missingLeft
	n.edge = g.features[s.feature].edge(s.bin)
	n.left, n.right = int32(len(tree)), int32(len(tree)+1)
	left, right := leaf{node: n.left, depth: parent.depth + 1}, leaf{node: n.right, depth: parent.depth + 1}
	middle := parent.from + g.partition(g.rows[parent.from:parent.to], n)
	left.from, left.to, right.from, right.to = parent.from, middle, middle, parent.to
	for _, r := range g.rows[left.from:left.to] {
		left.all.g += g.slopes[r].g
		left.all.hn += g.slopes[r].hn
	}
	right.all = sum{parent.all.g - left.all.g, parent.all.hn - left.all.hn}
	small, large := &left, &right
	if right.to-right.from < left.to-left.from {
		small, large = large, small
	}
	large.sums = parent.sums
	if len(g.leaves)+1 < g.config.Leaves && g.divisible(large) {
		small.sums = g.take()
		g.fill(small.sums, g.rows[small.from:small.to])
		g.subtract(large.sums, small.sums)
		if !g.divisible(small) {
			g.give(small.sums)
			small.sums = nil
		}
		g.look(small)
		g.look(large)
	} else {
		g.give(large.sums)
		large.sums = nil
	}
	g.leaves[at] = left
	g.leaves = append(g.leaves, right)
	return append(tree, node{feature: -1}, node{feature: -1})
}

// partition puts the rows that go left before the others and returns how many they are.
func (g *grower) partition(rows []int32, n *node) int {
	column := g.data.columns[n.feature]
	left, right := 0, g.scratch[:0]
	for _, r := range rows {
		if n.goesLeft(column[r]) {
			rows[left] = r
			left++
		} else {
			right = append(right, r)
		}
	}
	copy(rows[left:], right)
	return left
}

func (n *node) goesLeft(bin uint8) bool {
	if bin == 0 {
		return n.missingLeft
	}
	return bin <= n.bin
}

// step returns the value of a leaf, −g ÷ (h + lambda) × rate ÷ Whole as a score: rounded to the nearest, halves away from zero, at most maxStep.
func step(s sum, lambda int64, rate int) int64 {
	d := uint64(s.hessian() + lambda)
	high, low := bits.Mul64(uint64(max(s.g, -s.g)), uint64(rate)<<scoreBits/Whole)
	low, carry := bits.Add64(low, d/2, 0)
	high += carry
	v := int64(maxStep)
	if high < d {
		q, _ := bits.Div64(high, low, d)
		v = int64(min(q, maxStep))
	}
	if s.g > 0 {
		return -v
	}
	return v
}
