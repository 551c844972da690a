package replica

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain/application"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
	"doin.network/node/internal/canon"
)

// snapshotEvery is how many final blocks there are between two states that are stored whole: a start applies at most twice as many.
const snapshotEvery = 256

// snapshotNote is the name of what goes with a stored state.
const snapshotNote = "snapshot"

// saved is the last state that is stored.
type saved struct {
	block [32]byte // zero before there is one
	tree  *state.Tree
	at    int64
}

// snapshot adds the state after the last final block to what is to be stored, if it is time. Its block for readers is on the disk
// already, and nothing is counted that comes after it: a step in which blocks become final stores none.
func (m *Machine) snapshot() {
	tree := m.chain.Tree()
	n := tree.Final()
	if n.Height != m.book.stored || n.Height < m.saved.at+m.every {
		return
	}
	l := tree.Ladder(n.ID)
	if l == nil {
		return
	}
	s := n.State.(*application.State)
	m.persist.State = &protocol.Snapshot{Block: n.ID, Parent: m.saved.block, Tree: s.Tree, Base: m.saved.tree,
		Notes: append(m.agent.forget(s), protocol.Note{Name: snapshotNote, Value: m.encodeSnapshot(l)})}
	m.saved = saved{n.ID, s.Tree, n.Height}
}

// encodeSnapshot is what a start needs beside the state and the blocks.
func (m *Machine) encodeSnapshot(l *streamlet.Ladder) []byte {
	electorates := []any{}
	for i, e := range l.Electorates {
		if i > 0 && e == l.Electorates[i-1] {
			continue
		}
		peers := make([]any, e.Len())
		for j, p := range e.Peers() {
			peers[j] = p
		}
		electorates = append(electorates, canon.NewObject("height", l.Blocks[i].Height, "peers", peers))
	}
	decided := canon.NewObject()
	for _, domain := range slices.Sorted(maps.Keys(m.book.counts)) {
		c := m.book.counts[domain]
		decided.Set(domain, canon.NewObject("accepted", c.accepted, "rejected", c.rejected))
	}
	last := l.Blocks[len(l.Blocks)-1]
	tip := application.Message{Chain: streamlet.Message{Tip: &streamlet.Tip{Height: last.Height, Certificate: l.Certificate}}}
	return canon.Canonical(canon.NewObject("height", last.Height, "id", hex.EncodeToString(last.ID[:]), "first", l.Blocks[0].Height, "shown", l.Shown,
		"record", l.Record, "electorates", electorates, "decided", decided, "tip", hex.EncodeToString(tip.Append(nil, 0))))
}

// resume begins at the stored state, and returns the tree and its state. What is decided since is applied again by replay.
func (m *Machine) resume(data []byte) (*streamlet.Ladder, *application.State, error) {
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", errNote, snapshotNote, err)
	}
	f := &reading{o: o}
	height, first := f.integer("height"), f.integer("first")
	l := &streamlet.Ladder{Shown: f.integer("shown"), Record: f.integer("record")}
	id := f.bytes("id")
	if f.err == nil && (len(id) != 32 || first < 1 || height-first > streamlet.MaxBranch) {
		f.err = errNote
	}
	if f.err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", errNote, snapshotNote, f.err)
	}
	if l.Electorates, err = electorates(o, first, height); err != nil {
		return nil, nil, err
	}
	tip, err := application.ParseMessage(f.bytes("tip"))
	if err != nil || tip.Chain.Tip == nil || f.err != nil {
		return nil, nil, fmt.Errorf("%w: %s: its certificate", errNote, snapshotNote)
	}
	l.Certificate = tip.Chain.Tip.Certificate
	for h := first; h <= height; h++ {
		w, err := m.final(h)
		if err != nil {
			return nil, nil, fmt.Errorf("block %d, on which the stored state stands: %w", h, err)
		}
		l.Blocks = append(l.Blocks, w.Chain())
	}
	s, err := m.stored(l.Blocks[len(l.Blocks)-1])
	if err != nil {
		return nil, nil, err
	}
	if err := m.book.resume(o, height, s); err != nil {
		return nil, nil, err
	}
	m.saved = saved{s.ID, s.Tree, height}
	return l, s, nil
}

// begins reports whether a stored state is the one before a recovery: what the network goes on from is made of the blocks again.
func (m *Machine) begins(data []byte) bool {
	x := m.net.Recovered()
	if x == nil {
		return false
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return false
	}
	height, err := o.Int("height")
	return err == nil && height == x.Height
}

// stored is the state after a block, as it is on the disk.
func (m *Machine) stored(b *streamlet.Block) (*application.State, error) {
	tree, err := m.disk.State(b.ID)
	if err != nil {
		return nil, fmt.Errorf("state of block %d: %w", b.Height, err)
	}
	w := b.Body.(*application.Wire)
	if root := tree.Root(); root != w.Root {
		return nil, fmt.Errorf("state of block %d: its root is %s, the block has %s", b.Height, root, w.Root)
	}
	return &application.State{ID: b.ID, Height: b.Height, Slot: b.Slot, Beacon: b.Beacon, Root: w.Root, Tree: tree}, nil
}

// electorates reads those of a ladder: what is said of a height holds up to the next.
func electorates(o *canon.Object, first, height int64) (out []*streamlet.Electorate, err error) {
	list, err := o.List("electorates")
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errNote, snapshotNote, err)
	}
	at := map[int64]*streamlet.Electorate{}
	for _, v := range list {
		e, err := canon.AsObject(v)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errNote, snapshotNote, err)
		}
		f := &reading{o: e}
		h := f.integer("height")
		peers, err := e.List("peers")
		if f.err != nil || err != nil || len(peers) == 0 {
			return nil, fmt.Errorf("%w: %s: electorate of block %d", errNote, snapshotNote, h)
		}
		ids := make([]string, len(peers))
		for i, p := range peers {
			ids[i], _ = p.(string)
		}
		at[h] = streamlet.NewElectorate(ids...)
	}
	var now *streamlet.Electorate
	for h := first; h <= height; h++ {
		if e := at[h]; e != nil {
			now = e
		}
		if now == nil {
			return nil, fmt.Errorf("%w: %s: no electorate of block %d", errNote, snapshotNote, h)
		}
		out = append(out, now)
	}
	return out, nil
}

// final reads a final block.
func (m *Machine) final(height int64) (*application.Wire, error) {
	data, err := m.disk.Final(height)
	if err != nil {
		return nil, err
	}
	return application.ParseBlock(data)
}

// resume takes the book up at a block.
func (b *book) resume(o *canon.Object, height int64, s *application.State) error {
	hash, err := b.m.disk.Hash(height)
	if err != nil {
		return fmt.Errorf("block %d of the chain that readers know: %w", height, err)
	}
	b.height, b.hash, b.final, b.entries = height, hash, s, nil
	decided, err := o.Object("decided")
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errNote, snapshotNote, err)
	}
	for domain, v := range decided.All() {
		e, err := canon.AsObject(v)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", errNote, snapshotNote, err)
		}
		f := &reading{o: e}
		b.counts[domain] = &counts{f.integer("accepted"), f.integer("rejected")}
		if f.err != nil {
			return fmt.Errorf("%w: %s: %w", errNote, snapshotNote, f.err)
		}
	}
	return nil
}
