package state

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
)

// Tree is a set of keys and values. It is for one goroutine; a copy may be another's once Root has been called before Copy. What is
// read of its pages stays in memory as long as it, or a copy: Load it again to forget.
type Tree struct {
	nodes Nodes
	root  *node
	keys  uint64
	bytes uint64
	edit  uint32
	edits *atomic.Uint64 // the last edit of this tree and of all its copies
}

// New returns the empty tree.
func New() *Tree {
	t := &Tree{edits: new(atomic.Uint64)}
	t.freeze()
	return t
}

// freeze ends the tree's right to change nodes in place that are there by now. After 2³² times it has none at all, and copies always.
func (t *Tree) freeze() {
	t.edit = 0
	if e := t.edits.Add(1); e <= math.MaxUint32 {
		t.edit = uint32(e)
	}
}

// Load returns a stored tree: its summary, and the place of its topmost page, which Stored has told. Pages are read as they are needed.
func Load(nodes Nodes, s Summary, top Place) (*Tree, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	t := New()
	t.nodes, t.keys, t.bytes = nodes, s.Keys, s.Bytes
	if s.Keys > 0 {
		t.root = &node{id: s.Top, hashed: true, stub: true, bit: unknownBit, more: &more{place: top}}
		if _, err := t.at(t.root); err != nil { // the bit of the topmost node is known by its page alone
			return nil, err
		}
		t.root.bit = t.root.more.loaded.Load().bit
	}
	return t, nil
}

// Copy returns a tree of the same contents; changes of one are not the other's. It takes constant time.
func (t *Tree) Copy() *Tree {
	c := *t
	t.freeze()
	c.freeze()
	return &c
}

// Len returns the number of keys.
func (t *Tree) Len() uint64 { return t.keys }

// Bytes returns the lengths of keys and values added up.
func (t *Tree) Bytes() uint64 { return t.bytes }

// Summary returns what the tree's root stands for. It costs what has changed since the last call.
func (t *Tree) Summary() Summary {
	s := Summary{Keys: t.keys, Bytes: t.bytes}
	if t.root != nil {
		s.Top = t.root.hash()
	}
	return s
}

// Root returns the tree's hash.
func (t *Tree) Root() ID { return t.Summary().Root() }

// at returns the node that n is or stands for.
func (t *Tree) at(n *node) (*node, error) {
	if !n.stub {
		return n, nil
	}
	if m := n.more.loaded.Load(); m != nil {
		return m, nil
	}
	m, err := readPage(t.nodes, n)
	if err != nil {
		return nil, err
	}
	if !n.more.loaded.CompareAndSwap(nil, m) {
		m = n.more.loaded.Load()
	}
	return m, nil
}

// leaf returns the leaf at the end of a key's path, nil in the empty tree.
func (t *Tree) leaf(key []byte) (*node, error) {
	if t.root == nil {
		return nil, nil
	}
	n, err := t.at(t.root)
	for err == nil && n.bit != leafBit {
		n, err = t.at(n.kids[bitOf(key, int(n.bit))])
	}
	return n, err
}

// Get returns the value of a key, nil and false if there is none. The slice is not to be changed. Its error is an ErrCorrupt, or one of
// Nodes.
func (t *Tree) Get(key []byte) (value []byte, ok bool, err error) {
	n, err := t.leaf(key)
	if err != nil || n == nil || !bytes.Equal(n.more.key, key) {
		return nil, false, err
	}
	return n.more.value, true, nil
}

// Put gives a key a value, which is copied. Its errors are ErrSize and those of Get; after them nothing has changed.
func (t *Tree) Put(key, value []byte) error {
	if err := CheckSize(key, value); err != nil {
		return err
	}
	found, err := t.leaf(key)
	if err != nil {
		return err
	}
	keys, size, d := t.keys, t.bytes, -1
	switch {
	case found == nil:
		d = 0
	default:
		d = firstDifference(found.more.key, key)
	}
	if d < 0 {
		if bytes.Equal(found.more.value, value) {
			return nil
		}
		size -= uint64(len(found.more.value))
		key = found.more.key
	} else {
		keys++
		size += uint64(len(key))
		key = bytes.Clone(key)
	}
	if size += uint64(len(value)); keys > MaxKeys || size > MaxBytes {
		return fmt.Errorf("%w: %d keys, %d bytes in all", ErrSize, keys, size)
	}
	leaf := newLeaf(key, append(make([]byte, 0, len(value)), value...), t.edit)
	if t.root == nil {
		t.root = leaf
	} else if t.root, err = t.set(t.root, leaf, d); err != nil {
		return err
	}
	t.keys, t.bytes = keys, size
	return nil
}

// set puts a leaf below n, whose path has been read: in place of the one with its key if d is negative, else where bit d decides.
func (t *Tree) set(n, leaf *node, d int) (*node, error) {
	m, err := t.at(n)
	if err != nil {
		return n, err
	}
	if d >= 0 && (m.bit == leafBit || int(m.bit) > d) {
		at := &node{bit: int16(d), edit: t.edit}
		side := bitOf(leaf.more.key, d)
		at.kids[side], at.kids[1-side] = leaf, t.joined(n, m, group(d))
		return at, nil
	}
	if m.bit == leafBit {
		return leaf, nil
	}
	side := bitOf(leaf.more.key, int(m.bit))
	kid, err := t.set(m.kids[side], leaf, d)
	if err != nil {
		return n, err
	}
	m = t.own(m)
	m.kids[side] = kid
	return m, nil
}

// own returns a node that the tree may change in place: n, or a copy. Its hash is gone.
func (t *Tree) own(n *node) *node {
	if n.edit != t.edit || t.edit == 0 {
		n = n.fresh(t.edit)
	}
	n.hashed = false
	return n
}

// joined returns what stands for n, which is or has been read as m, below or in place of another node of group g. Where it is of one
// page with that one it begins a page no more, or begins one anew: it is another node then, and has no place of another tree's.
func (t *Tree) joined(n, m *node, g int) *node {
	if m.paged(g) {
		return n
	}
	return m.fresh(t.edit)
}

// Delete removes a key and reports whether it was there. Errors are those of Get.
func (t *Tree) Delete(key []byte) (bool, error) {
	found, err := t.leaf(key)
	if err != nil || found == nil || !bytes.Equal(found.more.key, key) {
		return false, err
	}
	root, err := t.remove(t.root, key)
	if err != nil {
		return false, err
	}
	t.root = root
	t.keys--
	t.bytes -= uint64(len(found.more.key) + len(found.more.value))
	return true, nil
}

// remove returns n without a key that is below it, nil if nothing is left.
func (t *Tree) remove(n *node, key []byte) (*node, error) {
	m, err := t.at(n)
	if err != nil || m.bit == leafBit {
		return nil, err
	}
	side := bitOf(key, int(m.bit))
	kid, err := t.remove(m.kids[side], key)
	if err != nil {
		return nil, err
	}
	if kid == nil {
		other := m.kids[1-side]
		read, err := t.at(other)
		if err != nil {
			return nil, err
		}
		return t.joined(other, read, group(int(m.bit))), nil
	}
	m = t.own(m)
	m.kids[side] = kid
	return m, nil
}

// Range calls f for the keys with a prefix, ascending, until it returns false. The slices are not to be changed. What f puts into the
// tree or deletes is not seen. Errors are those of Get.
func (t *Tree) Range(prefix []byte, f func(key, value []byte) bool) error {
	if t.root == nil {
		return nil
	}
	t.freeze() // what is seen here is not changed in place
	n, err := t.at(t.root)
	for err == nil && n.bit != leafBit && int(n.bit) < 9*len(prefix) {
		n, err = t.at(n.kids[bitOf(prefix, int(n.bit))])
	}
	if err != nil {
		return err
	}
	first := n
	for err == nil && first.bit != leafBit {
		first, err = t.at(first.kids[0])
	}
	if err != nil || !bytes.HasPrefix(first.more.key, prefix) {
		return err
	}
	_, err = t.walk(n, f)
	return err
}

func (t *Tree) walk(n *node, f func(key, value []byte) bool) (more bool, err error) {
	if n, err = t.at(n); err != nil {
		return false, err
	}
	if n.bit == leafBit {
		return f(slices.Clip(n.more.key), slices.Clip(n.more.value)), nil
	}
	for _, kid := range n.kids {
		if more, err = t.walk(kid, f); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}
