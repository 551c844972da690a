package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrProof is matched by every refusal of a proof.
var ErrProof = errors.New("state: false proof")

// A proof is, in bytes, big endian:
//
//	keys u64 · bytes u64 · steps u16 · steps × (bit u16 · hash 32) · end
//	end  0 · length of value u32 · value              the key has this value
//	     1 · length of key u16 · key · hash 32        the path ends at this other key and the hash of its value: the key is not there
//	     2                                            the set is empty
//
// The steps are the inner nodes from the top down, each with the hash of the side on which the key is not.
const (
	endValue = 0
	endOther = 1
	endEmpty = 2

	stepBytes = 2 + sha256.Size
	// MaxProof bounds the length of a proof.
	MaxProof = 8 + 8 + 2 + maxBits*stepBytes + 1 + 4 + MaxValue
)

// Prove returns a proof of the key's value, or of its absence, beside the tree's root. Errors are those of Get.
func (t *Tree) Prove(key []byte) ([]byte, error) {
	s := t.Summary()
	out := binary.BigEndian.AppendUint64(nil, s.Keys)
	out = binary.BigEndian.AppendUint64(out, s.Bytes)
	if t.root == nil {
		return append(out, 0, 0, endEmpty), nil
	}
	var steps []byte
	n, err := t.at(t.root)
	for err == nil && n.bit != leafBit {
		side := bitOf(key, int(n.bit))
		id := n.kids[1-side].hash()
		steps = append(binary.BigEndian.AppendUint16(steps, uint16(n.bit)), id[:]...)
		n, err = t.at(n.kids[side])
	}
	if err != nil {
		return nil, err
	}
	out = append(binary.BigEndian.AppendUint16(out, uint16(len(steps)/stepBytes)), steps...)
	if bytes.Equal(n.more.key, key) {
		out = binary.BigEndian.AppendUint32(append(out, endValue), uint32(len(n.more.value)))
		return append(out, n.more.value...), nil
	}
	value := sha256.Sum256(n.more.value)
	out = binary.BigEndian.AppendUint16(append(out, endOther), uint16(len(n.more.key)))
	return append(append(out, n.more.key...), value[:]...), nil
}

// VerifyProof returns the value that a key has in the set with a root, ok false if it has none. Its error is an ErrProof: the proof says
// nothing then. There is one proof of each key and root.
func VerifyProof(root ID, key, proof []byte) (value []byte, ok bool, err error) {
	r := reader{data: proof}
	s := Summary{Keys: r.number(8), Bytes: r.number(8)}
	n := int(r.number(2))
	if len(key) == 0 || len(key) > MaxKey || n > maxBits || r.bad {
		return nil, false, fmt.Errorf("%w: malformed", ErrProof)
	}
	steps := r.take(n * stepBytes)
	var leaf ID
	switch end := r.number(1); {
	case r.bad:
	case end == endValue:
		if size := r.number(4); size <= MaxValue {
			value, ok = r.take(int(size)), true
			leaf = leafID(key, sha256.Sum256(value))
			break
		}
		r.take(-1)
	case end == endOther:
		size := int(r.number(2))
		if size == 0 || size > MaxKey {
			r.take(-1)
		}
		other := r.take(size)
		id := r.id()
		if bytes.Equal(other, key) || !samePath(steps, key, other) {
			r.take(-1)
		}
		if !r.bad {
			leaf = leafID(other, id)
		}
	case end == endEmpty && n == 0:
	default:
		r.take(-1)
	}
	if r.bad || len(r.data) > 0 {
		return nil, false, fmt.Errorf("%w: malformed", ErrProof)
	}
	if s.Top, err = climb(steps, key, leaf); err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if s.Root() != root {
		return nil, false, fmt.Errorf("%w: it is of root %v, not %v", ErrProof, s.Root(), root)
	}
	return value, ok, nil
}

// samePath reports whether two keys take the same sides at all steps.
func samePath(steps, a, b []byte) bool {
	for ; len(steps) > 0; steps = steps[stepBytes:] {
		bit := int(binary.BigEndian.Uint16(steps))
		if bitOf(a, bit) != bitOf(b, bit) {
			return false
		}
	}
	return true
}

// climb returns the hash at the top of a key's path.
func climb(steps, key []byte, id ID) (ID, error) {
	below := maxBits
	for at := len(steps) - stepBytes; at >= 0; at -= stepBytes {
		bit := int(binary.BigEndian.Uint16(steps[at:]))
		if bit >= below {
			return ID{}, errors.New("its steps do not descend")
		}
		below = bit
		other := ID(steps[at+2 : at+stepBytes])
		if bitOf(key, bit) == 0 {
			id = innerID(bit, id, other)
		} else {
			id = innerID(bit, other, id)
		}
	}
	return id, nil
}
