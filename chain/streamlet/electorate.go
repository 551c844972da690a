package streamlet

import (
	"crypto/sha256"
	"slices"
	"strconv"
)

// ID is the SHA-256 hash that names a block: over all of it, the certificate of its parent included.
type ID [32]byte

// An Electorate is the peers that sign, ascending and each once. It is immutable, so that equal pointers are equal electorates.
//
// A block changes the electorate from its child on. A block's certificate needs ⌈2n/3⌉ of each electorate left behind by the last
// block that is final on its branch and by every block after that up to its parent: while a change is not final, both of those
// before and those after it agree to everything. As there is one change at most on the way (see Tree), there are two at most.
type Electorate struct {
	peers []string
}

// NewElectorate returns the electorate of peers, in any order. At least one is needed; a peer named twice counts once.
func NewElectorate(peers ...string) *Electorate {
	list := slices.Clone(peers)
	slices.Sort(list)
	return &Electorate{slices.Compact(list)}
}

// Peers returns the peers, ascending. The caller must not modify them.
func (e *Electorate) Peers() []string { return e.peers }

// Len is n.
func (e *Electorate) Len() int { return len(e.peers) }

// Faulty is f = ⌊(n−1)/3⌋: how many may be dishonest or away.
func (e *Electorate) Faulty() int { return (len(e.peers) - 1) / 3 }

// Quorum is ⌈2n/3⌉: how many sign what is certified.
func (e *Electorate) Quorum() int { return (2*len(e.peers) + 2) / 3 }

// Has reports whether a peer is one of them.
func (e *Electorate) Has(peer string) bool {
	_, ok := slices.BinarySearch(e.peers, peer)
	return ok
}

// Leader is the peer that may build in a slot: the lowest SHA-256(beacon ":" slot ":" peer), the beacon in bytes and the slot in
// decimal digits.
func (e *Electorate) Leader(beacon ID, slot int64) string {
	prefix := strconv.AppendInt(append(beacon[:], ':'), slot, 10)
	prefix = append(prefix, ':')
	var leader string
	var lowest ID
	for i, peer := range e.peers {
		hash := ID(sha256.Sum256(append(prefix[:len(prefix):len(prefix)], peer...)))
		if i == 0 || slices.Compare(hash[:], lowest[:]) < 0 {
			leader, lowest = peer, hash
		}
	}
	return leader
}

// Change is what a block does to the electorate: it adds a peer or removes one.
type Change struct {
	Peer string
	Add  bool
}

// after returns the electorate after a change, e itself where it changes nothing or would leave nobody.
func (e *Electorate) after(c Change) *Electorate {
	at, has := slices.BinarySearch(e.peers, c.Peer)
	switch {
	case has == c.Add || has && len(e.peers) == 1:
		return e
	case c.Add:
		return &Electorate{slices.Insert(slices.Clone(e.peers), at, c.Peer)}
	}
	return &Electorate{slices.Delete(slices.Clone(e.peers), at, at+1)}
}

// Certificate says that a block has the signatures it needs, Signers ascending and each once, Signatures in the same order.
type Certificate struct {
	Block      ID
	Slot       int64
	Signers    []string
	Signatures [][]byte
}

// enough reports whether sorted signers are enough of every electorate.
func enough(signers []string, electorates []*Electorate) bool {
	for _, e := range electorates {
		n := 0
		for _, peer := range signers {
			if e.Has(peer) {
				n++
			}
		}
		if n < e.Quorum() {
			return false
		}
	}
	return true
}
