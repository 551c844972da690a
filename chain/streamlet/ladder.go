package streamlet

import (
	"fmt"
	"slices"
)

// A Ladder is a final block with what a tree needs to begin there: the blocks below it that its children's leaders and electorates
// come from.
type Ladder struct {
	// Blocks are ascending, each the parent of the next; the tree begins at the last.
	Blocks []*Block
	// Electorates are those of the children of each. Where two are equal they are the same.
	Electorates []*Electorate
	// Shown is the height of the last block that the branch of the last block shows to be final: it is among Blocks.
	Shown int64
	// Record is the height of the last block up to there that holds a record.
	Record int64
	// Certificate is that of the last block.
	Certificate *Certificate
}

// Ladder returns the ladder of a final block, nil of one that is not kept, not final, or too near to a block that needs no certificate.
func (t *Tree) Ladder(id ID) *Ladder {
	n := t.nodes[id]
	if n == nil || n.Height > t.final.Height || n.Shown == nil || n.certificate == nil {
		return nil
	}
	l := &Ladder{Shown: n.Shown.Height, Record: n.record, Certificate: n.certificate}
	for p := n; ; p = p.Up {
		if p == nil || p.begins() {
			return nil
		}
		l.Blocks, l.Electorates = append(l.Blocks, p.Block), append(l.Electorates, p.Electorate)
		if p.Height <= n.Shown.Height && p.Height <= n.Height-2 {
			break
		}
	}
	slices.Reverse(l.Blocks)
	slices.Reverse(l.Electorates)
	return l
}

// Tree returns a tree that begins at the ladder's last block, which left a state. Nothing of the ladder is verified but that its blocks
// follow one another: it is of this node's own disk.
func (l *Ladder) Tree(state any, key Key, rules Rules) (*Tree, error) {
	if len(l.Blocks) < 3 || len(l.Electorates) != len(l.Blocks) || l.Certificate == nil {
		return nil, fmt.Errorf("%w: a ladder of %d blocks and %d electorates", ErrInvalid, len(l.Blocks), len(l.Electorates))
	}
	t := &Tree{key: key, rules: rules, nodes: map[ID]*Node{}}
	var shown *Node
	for i, b := range l.Blocks {
		n := &Node{Block: b, Electorate: l.Electorates[i], certificate: l.Certificate}
		if i > 0 {
			if n.Up = t.final; b.Parent != n.Up.ID || b.Height != n.Up.Height+1 || b.Certificate == nil {
				return nil, fmt.Errorf("%w: block %d of a ladder stands on another", ErrInvalid, b.Height)
			}
			n.Up.certificate = b.Certificate
		}
		if b.Height == l.Shown {
			shown = n
		}
		t.nodes[b.ID], t.final = n, n
	}
	if shown == nil || l.Certificate.Block != t.final.ID {
		return nil, fmt.Errorf("%w: a ladder without the block that it shows to be final, or another's certificate", ErrInvalid)
	}
	t.final.Shown, t.final.record, t.final.State = shown, l.Record, state
	t.best = t.final
	return t, nil
}
