package state

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A page is its nodes in preorder. All numbers are big endian.
//
//	0 stub    bit u16 (0xffff: a leaf) · hash 32 · commit u64 (0: the page's own) · page u32
//	1 leaf    length of key u16 · length of value u32 · key · value
//	2 inner   bit u16 · left · right
const (
	tagStub  = 0
	tagLeaf  = 1
	tagInner = 2

	stubOfLeaf = 0xffff
)

var errForm = errors.New("malformed")

func appendStub(dst []byte, n *node, at Place) []byte {
	bit := uint16(stubOfLeaf)
	if n.bit != leafBit {
		bit = uint16(n.bit)
	}
	dst = binary.BigEndian.AppendUint16(append(dst, tagStub), bit)
	id := n.hash()
	dst = append(dst, id[:]...)
	dst = binary.BigEndian.AppendUint64(dst, at.Commit)
	return binary.BigEndian.AppendUint32(dst, at.Page)
}

func appendLeaf(dst, key, value []byte) []byte {
	dst = binary.BigEndian.AppendUint16(append(dst, tagLeaf), uint16(len(key)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(append(dst, key...), value...)
}

func appendInner(dst []byte, bit int16) []byte {
	return binary.BigEndian.AppendUint16(append(dst, tagInner), uint16(bit))
}

// readPage reads the page that a stub stands for.
func readPage(nodes Nodes, stub *node) (*node, error) {
	if nodes == nil {
		return nil, fmt.Errorf("%w: page %d of commit %d: the tree has no store", ErrCorrupt, stub.more.place.Page, stub.more.place.Commit)
	}
	data, err := nodes.Page(stub.more.place)
	if err != nil {
		return nil, fmt.Errorf("state: page %d of commit %d: %w", stub.more.place.Page, stub.more.place.Commit, err)
	}
	n, err := decodePage(data, stub.more.place.Commit)
	if err == nil && (n.hash() != stub.id || stub.bit != unknownBit && n.bit != stub.bit) {
		err = fmt.Errorf("its hash is %v and its bit %d, not %v and %d", n.id, n.bit, stub.id, stub.bit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: page %d of commit %d: %w", ErrCorrupt, stub.more.place.Page, stub.more.place.Commit, err)
	}
	return n, nil
}

// decodePage returns the topmost node of a page that a commit has written. The nodes keep data.
func decodePage(data []byte, commit uint64) (*node, error) {
	r := reader{data: data}
	n := r.node(commit, -1)
	if r.bad || len(r.data) > 0 || n.stub { // a page is never empty
		return nil, errForm
	}
	return n, nil
}

// reader takes a slice apart. After the first fault everything is zero.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.bad, r.data = true, nil
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) number(size int) (v uint64) {
	for _, b := range r.take(size) {
		v = v<<8 | uint64(b)
	}
	return v
}

func (r *reader) id() (id ID) {
	copy(id[:], r.take(len(id)))
	return id
}

// node reads a node below one of bit above.
func (r *reader) node(commit uint64, above int) *node {
	n := new(node)
	switch tag := r.number(1); {
	case r.bad:
	case tag == tagStub:
		r.stub(n, commit, above)
	case tag == tagLeaf:
		n.bit = leafBit
		n.more = new(more)
		n.more.key, n.more.value = r.leaf()
	case tag == tagInner:
		if n.bit = int16(r.bit(above)); r.bad {
			break
		}
		n.kids[0] = r.node(commit, int(n.bit))
		n.kids[1] = r.node(commit, int(n.bit))
	default:
		r.take(-1)
	}
	return n
}

func (r *reader) stub(n *node, commit uint64, above int) {
	n.stub, n.hashed, n.bit, n.more = true, true, leafBit, new(more)
	if bit := int(r.number(2)); bit != stubOfLeaf {
		if n.bit = int16(bit); bit <= above || bit >= maxBits {
			r.take(-1)
		}
	}
	n.id = r.id()
	n.more.place = Place{r.number(8), uint32(r.number(4))}
	if n.more.place.Commit == 0 {
		n.more.place.Commit = commit
	}
}

func (r *reader) bit(above int) int {
	bit := int(r.number(2))
	if bit <= above || bit >= maxBits {
		r.take(-1)
	}
	return bit
}

func (r *reader) leaf() (key, value []byte) {
	keys, values := int(r.number(2)), int(r.number(4))
	if keys == 0 || keys > MaxKey || values > MaxValue {
		r.take(-1)
	}
	return r.take(keys), r.take(values)
}
