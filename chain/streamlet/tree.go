package streamlet

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// AbsentBlocks is how many blocks Rules may look back from a block that is not final, and after how many without a signature of a peer
// they call it absent.
const AbsentBlocks = 32

// Node is a block in its place. Its fields are not changed by anybody but its Tree.
type Node struct {
	*Block
	Outcome
	Up *Node // the parent; nil for the lowest that is kept
	// Electorate is that of the block's children.
	Electorate *Electorate
	// Shown is the last block that the block's branch shows to be final, by the certificates that it carries, its own of the
	// parent included: what rules go by.
	Shown *Node

	certificate *Certificate // of this block; nil while it is not certified
	record      int64        // height of the last block up to here that holds a record
}

// Certified reports whether the block has the signatures it needs, as far as the tree knows.
func (n *Node) Certified() bool { return n.certificate != nil || n.begins() }

// begins reports whether the block needs no certificate: it is block 0, or one that a network which stopped for good goes on from.
func (n *Node) begins() bool { return n.Height == 0 || n.Begin != nil }

// CertificateOf returns the block's own certificate, nil if the tree knows none.
func (n *Node) CertificateOf() *Certificate { return n.certificate }

// due reports whether a block must be built on n: a record or a change of the electorate is not shown to be final.
func (n *Node) due() bool { return n.record > n.Shown.Height }

// middle returns the block that n makes final if it is certified, nil if it makes none: its parent, where the three slots
// follow one another.
func (n *Node) middle() *Node {
	if p := n.Up; p != nil && p.Up != nil && p.Slot == n.Slot-1 && p.Up.Slot == n.Slot-2 {
		return p
	}
	return nil
}

// ShownTo returns the last block that is shown to be final to a child of n, which carries the certificate of n.
func (n *Node) ShownTo() *Node {
	if n.Begin != nil {
		return n
	}
	if m := n.middle(); m != nil {
		return m
	}
	return n.Shown
}

// Tree is the last final block and what stands above it, and as many blocks below as rules look back. It is for one goroutine.
type Tree struct {
	key   Key
	rules Rules
	nodes map[ID]*Node
	final *Node
	best  *Node
}

// NewTree returns a tree of block 0 alone, which needs no signature. Its beacon is that of the network.
func NewTree(genesis *Block, state any, electorate *Electorate, key Key, rules Rules) *Tree {
	root := &Node{Block: genesis, Outcome: Outcome{State: state}, Electorate: electorate}
	root.Shown = root
	return &Tree{key: key, rules: rules, nodes: map[ID]*Node{genesis.ID: root}, final: root, best: root}
}

// Final is the last final block.
func (t *Tree) Final() *Node { return t.final }

// Best is the highest certified block; of several the one with most work, then the lowest id.
func (t *Tree) Best() *Node { return t.best }

// Node returns a block's place, nil for one that is not kept.
func (t *Tree) Node(id ID) *Node { return t.nodes[id] }

// Add puts a block in its place. The certificate that it carries certifies its parent, and may make blocks final: those are
// returned, ascending. A block that is there already changes nothing. Errors wrap ErrInvalid, ErrUnknown or ErrFinal.
func (t *Tree) Add(b *Block) (n *Node, final []*Node, err error) {
	if n := t.nodes[b.ID]; n != nil {
		return n, nil, nil
	}
	parent := t.nodes[b.Parent]
	if parent == nil {
		if b.Height <= t.final.Height {
			return nil, nil, fmt.Errorf("%w: height %d, final is %d", ErrFinal, b.Height, t.final.Height)
		}
		return nil, nil, ErrUnknown
	}
	if parent.Height < t.final.Height {
		return nil, nil, fmt.Errorf("%w: height %d, final is %d", ErrFinal, b.Height, t.final.Height)
	}
	shown := parent.ShownTo()
	switch leader := parent.Electorate.Leader(shown.Beacon, b.Slot); {
	case b.Height != parent.Height+1:
		return nil, nil, fmt.Errorf("%w: height %d on %d", ErrInvalid, b.Height, parent.Height)
	case b.Slot <= parent.Slot:
		return nil, nil, fmt.Errorf("%w: slot %d on %d", ErrInvalid, b.Slot, parent.Slot)
	case b.Leader != leader:
		return nil, nil, fmt.Errorf("%w: slot %d is %s's, not %s's", ErrInvalid, b.Slot, leader, b.Leader)
	}
	if err := t.check(parent, b.Certificate); err != nil {
		return nil, nil, err
	}
	n = &Node{Block: b, Up: parent, Shown: shown, record: parent.record}
	if n.Outcome, err = t.rules.Check(parent, b); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := n.elect(); err != nil {
		return nil, nil, err
	}
	t.nodes[b.ID] = n
	if b.Certificate != nil {
		final = t.certify(parent, b.Certificate)
	}
	if n.Begin != nil {
		final = append(final, t.begin(n)...)
	}
	return n, final, nil
}

// Certify takes a block's certificate from elsewhere than a child. Blocks that it makes final are returned, ascending. Errors are
// those of Add; a certificate of a block that is not kept wraps ErrUnknown.
func (t *Tree) Certify(c *Certificate) (final []*Node, err error) {
	n := t.nodes[c.Block]
	if n == nil {
		return nil, ErrUnknown
	}
	if n.Certified() {
		return nil, nil
	}
	if err := t.check(n, c); err != nil {
		return nil, err
	}
	return t.certify(n, c), nil
}

// check verifies the certificate of n.
func (t *Tree) check(n *Node, c *Certificate) error {
	if n.begins() {
		if c != nil {
			return fmt.Errorf("%w: a certificate of block %d, which needs none", ErrInvalid, n.Height)
		}
		return nil
	}
	if c == nil || c.Block != n.ID || c.Slot != n.Slot || len(c.Signers) != len(c.Signatures) {
		return fmt.Errorf("%w: its certificate is not its parent's", ErrInvalid)
	}
	electorates := n.electorates()
	for i, peer := range c.Signers {
		switch {
		case i > 0 && c.Signers[i-1] >= peer:
			return fmt.Errorf("%w: signers out of order", ErrInvalid)
		case !slices.ContainsFunc(electorates, func(e *Electorate) bool { return e.Has(peer) }):
			return fmt.Errorf("%w: %s is of no electorate", ErrInvalid, peer)
		}
	}
	if !enough(c.Signers, electorates) {
		return fmt.Errorf("%w: %d signatures are too few", ErrInvalid, len(c.Signers))
	}
	if n.certificate == c {
		return nil // verified before
	}
	for i, peer := range c.Signers {
		if !t.key.Verify(peer, c.Slot, c.Block, c.Signatures[i]) {
			return fmt.Errorf("%w: the signature of %s is false", ErrInvalid, peer)
		}
	}
	return nil
}

// electorates are those of which the certificate of n needs a quorum each: see Electorate.
func (n *Node) electorates() []*Electorate {
	list := []*Electorate{n.Up.Electorate}
	for p := n.Up; p != n.Shown; p = p.Up {
		if e := p.Up.Electorate; e != list[len(list)-1] {
			list = append(list, e)
		}
	}
	return list
}

// elect takes over the electorate of n's children, and whether n holds a record.
func (n *Node) elect() error {
	n.Electorate = n.Up.Electorate
	if c := n.Change; c != nil {
		if !n.Up.Allowed(n.Certificate, *c) {
			return fmt.Errorf("%w: the electorate cannot change by %.64q now", ErrInvalid, c.Peer)
		}
		n.Electorate = n.Up.Electorate.after(*c)
	}
	if n.Record || n.Change != nil {
		n.record = n.Height
	}
	if n.Begin != nil {
		n.Electorate, n.Shown = n.Begin, n
	}
	return nil
}

// Allowed reports whether a child of n that carries a certificate may make a change: no change before it may be on its way, and the
// electorate must go on after it. Those who have signed the certificate are here, and must be enough of the new one. Without that, of
// three evaluators one is away, another leaves, and the third is one of two for ever. One alone takes a second at its word.
func (n *Node) Allowed(certificate *Certificate, c Change) bool {
	old := n.Electorate
	next := old.after(c)
	if old != n.ShownTo().Electorate || next == old || certificate == nil && old.Len() > 1 {
		return false
	}
	if old.Len() == 1 {
		return true
	}
	here := slices.DeleteFunc(slices.Clone(certificate.Signers), func(peer string) bool { return peer == c.Peer })
	return enough(here, []*Electorate{next})
}

// certify notes a verified certificate and returns what it makes final. Of two certificates of a block the first stays: what counts in
// rules is the one that the child carries.
func (t *Tree) certify(n *Node, c *Certificate) []*Node {
	if n.Certified() {
		return nil
	}
	n.certificate = c
	if better(n, t.best) {
		t.best = n
	}
	m := n.middle()
	if m == nil || m.Height <= t.final.Height {
		return nil
	}
	return t.finalize(m)
}

// finalize makes a block final, and returns those that are so now.
func (t *Tree) finalize(m *Node) (final []*Node) {
	for p := m; p != t.final; p = p.Up {
		final = append(final, p)
	}
	slices.Reverse(final)
	t.final = m
	t.prune()
	return final
}

// begin makes a block final that needs no certificate: nothing beside it is.
func (t *Tree) begin(n *Node) []*Node {
	final := t.finalize(n)
	if better(n, t.best) {
		t.best = n
	}
	return final
}

// better is the fork choice between certified blocks.
func better(a, b *Node) bool {
	if c := cmp.Or(cmp.Compare(a.Height, b.Height), cmp.Compare(a.Work, b.Work)); c != 0 {
		return c > 0
	}
	return bytes.Compare(a.ID[:], b.ID[:]) < 0
}

// prune drops the branches that what is final has ended, and what no rule looks back to.
func (t *Tree) prune() {
	keep := func(n *Node) bool {
		for n.Height > t.final.Height {
			n = n.Up
		}
		return n == t.final
	}
	for id, n := range t.nodes {
		if n.Height >= t.final.Height && !keep(n) || n.Height < t.final.Height-AbsentBlocks {
			delete(t.nodes, id)
		}
	}
	if !keep(t.best) {
		t.best = t.final // only if more than a third is dishonest, or at a recovery
	}
	// Rules look from a child of the final block to what it shows, and AbsentBlocks back from the child.
	low := t.final
	for n := 0; low.Up != nil && (n <= AbsentBlocks || low.Height > t.final.Shown.Height); n++ {
		low = low.Up
		low.Shown = nil
	}
	low.Up = nil
}
