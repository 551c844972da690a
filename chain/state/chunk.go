package state

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// MaxChunk bounds what Chunk is asked for. A chunk is longer by a leaf and its path at most.
const (
	MaxChunk = 1 << 20
	mostOf   = MaxChunk + MaxKey + MaxValue + (2+maxBits)*(1+2+1+sha256.Size)
)

// A chunk is the tree with only some of its leaves, those of consecutive keys. In their order, in preorder as in a page:
//
//	keys u64 · bytes u64 · node
//	0 hash 32                                                 a subtree whose leaves are all before the chunk's, or all behind
//	1 length of key u16 · length of value u32 · key · value   leaf
//	2 bit u16 · left · right                                  inner node

// ErrEnd is returned by Chunk for a key that is not in the tree.
var ErrEnd = errors.New("state: no such key to go on from")

// Chunk returns the part of a snapshot that begins behind a key of the tree, with the first one if after is nil, about size bytes of
// leaves, one at least; and the last key in it, for the next call. more is false with the last chunk. Errors are ErrEnd and those of Get.
func (t *Tree) Chunk(after []byte, size int) (chunk, last []byte, more bool, err error) {
	if after != nil {
		if _, ok, err := t.Get(after); err != nil || !ok {
			return nil, nil, false, errors.Join(ErrEnd, err)
		}
	}
	s := t.Summary()
	x := &cutter{t: t, left: min(size, MaxChunk)}
	x.out = binary.BigEndian.AppendUint64(x.out, s.Keys)
	x.out = binary.BigEndian.AppendUint64(x.out, s.Bytes)
	if t.root == nil {
		return x.out, nil, false, nil
	}
	part, err := x.node(t.root, after)
	if err != nil {
		return nil, nil, false, err
	}
	if part == before {
		return nil, nil, false, ErrEnd
	}
	return x.out, x.last, x.cut, nil
}

// part says where a subtree lies beside a chunk.
type part int

const (
	before part = iota
	within      // some of it is in the chunk
	behind
)

// cutter makes a chunk.
type cutter struct {
	t    *Tree
	out  []byte
	left int // bytes
	last []byte
	cut  bool // something is behind
}

func (x *cutter) stub(at int, n *node, p part) part {
	id := n.hash()
	x.out = append(append(x.out[:at], tagStub), id[:]...)
	return p
}

// node appends what a chunk has of a subtree, all behind a key if after is nil.
func (x *cutter) node(n *node, after []byte) (part, error) {
	at := len(x.out)
	if after == nil && x.last != nil && x.left <= 0 {
		x.cut = true
		return x.stub(at, n, behind), nil
	}
	n, err := x.t.at(n)
	if err != nil {
		return 0, err
	}
	if n.bit == leafBit {
		if after != nil {
			return x.stub(at, n, before), nil
		}
		x.out = appendLeaf(x.out, n.more.key, n.more.value)
		x.left -= len(x.out) - at
		x.last = n.more.key
		return within, nil
	}
	x.out = appendInner(x.out, n.bit)
	var parts [2]part
	for i, kid := range n.kids {
		switch from := after; {
		case from != nil && i < bitOf(from, int(n.bit)):
			parts[i] = x.stub(len(x.out), kid, before)
		default:
			if from != nil && i > bitOf(from, int(n.bit)) {
				from = nil
			}
			if parts[i], err = x.node(kid, from); err != nil {
				return 0, err
			}
		}
	}
	if parts[0] == parts[1] && parts[0] != within {
		return x.stub(at, n, parts[0]), nil
	}
	return within, nil
}

// ChunkError says which chunk of a snapshot is not what it should be, from 0 on.
type ChunkError struct {
	Chunk int
	Err   error
}

func (e *ChunkError) Error() string {
	return fmt.Sprintf("state: chunk %d of the snapshot: %v", e.Chunk, e.Err)
}

// Unwrap returns ErrChunk and the cause.
func (e *ChunkError) Unwrap() []error { return []error{ErrChunk, e.Err} }

// ErrChunk is what every *ChunkError unwraps to.
var ErrChunk = errors.New("state: bad chunk")

// Import takes the chunks of a snapshot in their order. It holds one chunk at a time.
type Import struct {
	root  ID
	put   func(key, value []byte) error
	next  int
	done  []ID // the largest subtrees of which everything has come
	ended bool
}

// NewImport returns an import of the snapshot with a root. put gets the keys, ascending, each once a chunk has been verified; the slices
// are its own.
func NewImport(root ID, put func(key, value []byte) error) *Import {
	return &Import{root: root, put: put}
}

// Done reports whether the last chunk has come.
func (im *Import) Done() bool { return im.ended }

// Add takes the next chunk, and reports whether more are to come. Its error is a *ChunkError, after which another try at this chunk may
// be made, or put's, after which the import is of no use.
func (im *Import) Add(chunk []byte) (more bool, err error) {
	p := &pruned{reader: reader{data: chunk}}
	done, err := p.verify(im.root, im.done, len(chunk))
	if err == nil && im.ended {
		err = errors.New("the snapshot has ended")
	}
	if err != nil {
		return false, &ChunkError{im.next, err}
	}
	for _, leaf := range p.leaves {
		if err := im.put(leaf[0], leaf[1]); err != nil {
			return false, err
		}
	}
	im.done, im.ended = done, !p.cut
	im.next++
	return p.cut, nil
}

// pruned is a chunk being read.
type pruned struct {
	reader
	leaves [][2][]byte
	first  []ID // subtrees before the first leaf
	whole  []ID // the largest subtrees with nothing behind the chunk, in order
	cut    bool
	fault  error
}

func (p *pruned) verify(root ID, done []ID, size int) ([]ID, error) {
	if size > mostOf {
		return nil, fmt.Errorf("%d bytes", size)
	}
	s := Summary{Keys: p.number(8), Bytes: p.number(8)}
	if s.Keys > 0 {
		var whole bool
		if s.Top, _, whole = p.node(-1); whole {
			p.whole = append(p.whole, s.Top)
		}
	}
	switch {
	case p.bad || len(p.data) > 0:
		return nil, errForm
	case p.fault != nil:
		return nil, p.fault
	case s.Root() != root:
		return nil, fmt.Errorf("it is of root %v, not %v", s.Root(), root)
	case !slices.Equal(p.first, done):
		return nil, errors.New("it does not begin where the one before ended")
	case s.Keys > 0 && len(p.leaves) == 0:
		return nil, errors.New("it is empty")
	}
	return p.whole, s.check()
}

// node reads a subtree: its hash, where it lies if it is a stub, and whether nothing of it is behind the chunk.
func (p *pruned) node(above int) (id ID, at part, whole bool) {
	switch tag := p.number(1); {
	case p.bad:
	case tag == tagStub:
		id = p.id()
		if len(p.leaves) == 0 {
			p.first = append(p.first, id)
			return id, before, true
		}
		p.cut = true
		return id, behind, false
	case tag == tagLeaf:
		key, value := p.leaf()
		if p.bad {
			break
		}
		if p.cut {
			p.fault = errors.New("a key is left out")
		}
		p.leaves = append(p.leaves, [2][]byte{key, value})
		return leafID(key, sha256.Sum256(value)), within, true
	case tag == tagInner:
		bit := p.bit(above)
		if p.bad {
			break
		}
		left, leftAt, leftWhole := p.node(bit)
		mark := len(p.whole)
		right, rightAt, rightWhole := p.node(bit)
		if leftAt == rightAt && leftAt != within {
			p.fault = errors.New("it names more than it must")
		}
		if leftWhole && !rightWhole {
			p.whole = slices.Insert(p.whole, mark, left)
		}
		return innerID(bit, left, right), within, leftWhole && rightWhole
	default:
		p.take(-1)
	}
	return id, within, false
}
