package state

import "errors"

// Batch is what changes in a store from one tree to another: see Tree.Batch.
type Batch struct {
	Summary Summary
	// Top is the place of the topmost page: of another commit than this one if no page is new; zero in the empty tree.
	Top Place
	// Pages are the new ones. Page i of a batch that is stored as commit c has Place{c, i}.
	Pages [][]byte
	// Dropped are the places of pages that the parent has and this tree has not, each once: nobody needs them once the commit is
	// final.
	Dropped []Place

	own   []*node // the topmost node of each page
	mark  *mark   // of what the tree has
	inner bool    // Top is a page of this batch
}

// ErrBase is returned by Batch for a parent that is not stored.
var ErrBase = errors.New("state: the tree's parent is not stored")

// Batch returns what to store so that t can be loaded where base can, of which t is a changed copy; New is a base of everything. It
// costs what has changed. Stored must follow when it is on the disk. While it runs no tree that t shares unstored nodes with may be used:
// one goroutine commits, parents before children.
func (t *Tree) Batch(base *Tree) (*Batch, error) {
	if base.root != nil && base.root.place() == (Place{}) {
		return nil, ErrBase
	}
	t.freeze()
	b := &Batch{Summary: t.Summary(), mark: new(mark)}
	if t.root != nil {
		at, err := b.put(t, t.root)
		if err != nil {
			return nil, err
		}
		b.Top, b.inner = at, at.Commit == 0
	}
	if base.root != nil {
		if err := b.drop(base, base.root); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Stored tells that a batch of t is on the disk as a commit, whose pages are read from nodes.
func (t *Tree) Stored(b *Batch, nodes Nodes, commit uint64) {
	for i, n := range b.own {
		if n.more == nil {
			n.more = new(more)
		}
		n.more.place = Place{commit, uint32(i)}
	}
	if b.inner {
		b.Top.Commit = commit
	}
	t.nodes = nodes
	t.freeze()
}

// put returns the place of the page that begins with n, which is written if it has none.
func (b *Batch) put(t *Tree, n *node) (Place, error) {
	if at := n.place(); at != (Place{}) {
		n.more.mark = b.mark
		return at, nil
	}
	page, err := b.append(t, nil, n)
	if err != nil {
		return Place{}, err
	}
	at := Place{Page: uint32(len(b.Pages))}
	b.Pages = append(b.Pages, page)
	b.own = append(b.own, n)
	return at, nil
}

// append appends a node with what its page holds below it.
func (b *Batch) append(t *Tree, page []byte, n *node) (_ []byte, err error) {
	if n.bit == leafBit {
		return appendLeaf(page, n.more.key, n.more.value), nil
	}
	page = appendInner(page, n.bit)
	for _, kid := range n.kids {
		if kid.paged(group(int(n.bit))) {
			var at Place
			if at, err = b.put(t, kid); err != nil {
				return nil, err
			}
			page = appendStub(page, kid, at)
		} else if page, err = b.append(t, page, kid); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// drop names the pages at and below n, a node of the base, that the new tree has not kept.
func (b *Batch) drop(base *Tree, n *node) error {
	if n.more != nil && n.more.mark == b.mark {
		return nil
	}
	if at := n.place(); at != (Place{}) {
		b.Dropped = append(b.Dropped, at)
	}
	n, err := base.at(n)
	if err != nil || n.bit == leafBit {
		return err
	}
	for _, kid := range n.kids {
		if err := b.drop(base, kid); err != nil {
			return err
		}
	}
	return nil
}
