package state

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
)

// ID is a SHA-256 hash.
type ID [sha256.Size]byte

// String returns the hash as hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Place is where a page lies: the number of the commit that wrote it, from 1 on, and its number among that commit's. The zero Place
// is that of a page which is not stored.
type Place struct {
	Commit uint64
	Page   uint32
}

// Nodes are the stored pages.
type Nodes interface {
	// Page returns the bytes of a page; the tree keeps them. What is read is checked by its hash.
	Page(at Place) ([]byte, error)
}

// ErrCorrupt is matched by the errors of a tree whose pages are missing or are not what was written.
var ErrCorrupt = errors.New("state: corrupt")

const (
	leafBit    = -1
	unknownBit = -2 // of the topmost node before it is read
	// inlineValue is the length above which a value has a page of its own.
	inlineValue = 256
)

// node is an inner node, a leaf, or a stub in place of a page that may have to be read. It fills one line of a processor's cache: among
// 10⁶ keys waiting for memory is most of the work. Only the tree that made a node, by its edit, changes it.
type node struct {
	id     ID
	kids   [2]*node
	more   *more  // of a leaf, a stub, or a node that begins a stored page; else nil
	edit   uint32 // of the tree that may change the node in place, 0 for none
	bit    int16  // of an inner node, or of the one that a stub stands for; leafBit for a leaf
	hashed bool
	stub   bool
}

// more is what few nodes have.
type more struct {
	key, value []byte               // of a leaf
	loaded     atomic.Pointer[node] // of a stub
	// place and mark are of those who commit (see Batch).
	place Place
	mark  *mark
}

// mark has a size, so that each is at an address of its own.
type mark struct{ _ byte }

func newLeaf(key, value []byte, edit uint32) *node {
	return &node{bit: leafBit, more: &more{key: key, value: value}, edit: edit}
}

// fresh returns a copy of a node that is in memory, which no page holds.
func (n *node) fresh(edit uint32) *node {
	f := &node{id: n.id, hashed: n.hashed, bit: n.bit, kids: n.kids, edit: edit}
	if n.bit == leafBit {
		f.more = &more{key: n.more.key, value: n.more.value}
	}
	return f
}

// place returns where the page lies that begins with the node, zero for none.
func (n *node) place() Place {
	if n.more == nil {
		return Place{}
	}
	return n.more.place
}

// paged reports whether a node below one of group g begins a page.
func (n *node) paged(g int) bool {
	if n.bit == leafBit {
		return n.stub || len(n.more.value) > inlineValue
	}
	return group(int(n.bit)) != g
}

// hash returns the node's hash and those of all below it that have none.
func (n *node) hash() ID {
	if n.hashed {
		return n.id
	}
	if n.bit == leafBit {
		n.id = leafID(n.more.key, sha256.Sum256(n.more.value))
	} else {
		n.id = innerID(int(n.bit), n.kids[0].hash(), n.kids[1].hash())
	}
	n.hashed = true
	return n.id
}

func leafID(key []byte, value ID) ID {
	var buf [3 + MaxKey + sha256.Size]byte
	b := binary.BigEndian.AppendUint16(append(buf[:0], 0), uint16(len(key)))
	return sha256.Sum256(append(append(b, key...), value[:]...))
}

func innerID(bit int, left, right ID) ID {
	var buf [3 + 2*sha256.Size]byte
	b := binary.BigEndian.AppendUint16(append(buf[:0], 1), uint16(bit))
	return sha256.Sum256(append(append(b, left[:]...), right[:]...))
}

// Summary is what a root stands for.
type Summary struct {
	Keys  uint64 // number of keys
	Bytes uint64 // Σ lengths of keys and values
	Top   ID     // hash of the topmost node, zero for none
}

// Root returns the hash of the summary: what a block names.
func (s Summary) Root() ID {
	var buf [1 + 8 + 8 + sha256.Size]byte
	return sha256.Sum256(s.append(append(buf[:0], 2)))
}

func (s Summary) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, s.Keys)
	dst = binary.BigEndian.AppendUint64(dst, s.Bytes)
	return append(dst, s.Top[:]...)
}

// check refuses a summary that no tree has.
func (s Summary) check() error {
	if s.Keys > MaxKeys || s.Bytes > MaxBytes || (s.Keys == 0) != (s.Top == ID{}) || s.Bytes < s.Keys {
		return fmt.Errorf("summary of %d keys, %d bytes", s.Keys, s.Bytes)
	}
	return nil
}
