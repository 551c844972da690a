package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain/state"
)

// Hashed states (chain/state) lie beside the chain, in pages:
//
//	n <commit 8> <page 4>   page
//	c <commit 8>            commit: block's hash 32, parent's commit 8, pages 4, keys 8, bytes 8, top 32, place of the topmost page 12,
//	                        places of the pages it drops, 12 each
//	k                       the last commit's number 8
//	o                       a commit whose ancestors and rivals are being pruned 8
//
// A commit is there when its record is; pages of a higher number than the last are of a write that was interrupted, and the next Open
// deletes them. Pruning makes one commit after the other the oldest, each in one transaction with the deletion of the last pages that it
// drops: what is interrupted is gone on with by Open.

// tree is a commit.
type tree struct {
	id      state.ID
	commit  uint64
	parent  uint64 // 0: none that is kept
	pages   uint32
	summary state.Summary
	top     state.Place
	dropped []byte // not in memory
	gone    bool   // being pruned
}

const (
	placeBytes = 12
	treeBytes  = 32 + 8 + 4 + 8 + 8 + 32 + placeBytes
)

func pageKey(at state.Place) []byte { return appendPlace([]byte{kindPage}, at) }

func commitKey(commit uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kindCommit}, commit)
}

func appendPlace(dst []byte, at state.Place) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(dst, at.Commit), at.Page)
}

func placeOf(b []byte) state.Place {
	return state.Place{Commit: binary.BigEndian.Uint64(b), Page: binary.BigEndian.Uint32(b[8:])}
}

func (t *tree) encode() []byte {
	b := append([]byte(nil), t.id[:]...)
	b = binary.BigEndian.AppendUint64(b, t.parent)
	b = binary.BigEndian.AppendUint32(b, t.pages)
	b = binary.BigEndian.AppendUint64(b, t.summary.Keys)
	b = binary.BigEndian.AppendUint64(b, t.summary.Bytes)
	b = append(b, t.summary.Top[:]...)
	return append(appendPlace(b, t.top), t.dropped...)
}

// decodeTree reads a commit's record. Its dropped places are a part of b.
func decodeTree(commit uint64, b []byte) (*tree, error) {
	if len(b) < treeBytes || (len(b)-treeBytes)%placeBytes != 0 {
		return nil, errSum
	}
	t := &tree{commit: commit, id: state.ID(b), parent: binary.BigEndian.Uint64(b[32:]), pages: binary.BigEndian.Uint32(b[40:]),
		summary: state.Summary{Keys: binary.BigEndian.Uint64(b[44:]), Bytes: binary.BigEndian.Uint64(b[52:]), Top: state.ID(b[60:])},
		top:     placeOf(b[92:]), dropped: b[treeBytes:]}
	if t.parent >= commit || t.top.Commit > commit {
		return nil, errSum
	}
	return t, nil
}

var _ state.Nodes = (*Store)(nil)

// Page returns a page of a hashed state, a *CorruptError if it is not what was written, or is not there.
func (s *Store) Page(at state.Place) (page []byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		if page, err = get(txn, pageKey(at)); err != nil {
			return corrupt(-1, fmt.Sprintf("page %d of state %d", at.Page, at.Commit), err)
		}
		return nil
	})
	return page, err
}

// Tree returns the hashed state after a block: ErrNotFound if none is stored, or it is pruned, a *CorruptError or state.ErrCorrupt if it
// cannot be read.
func (s *Store) Tree(block state.ID) (*state.Tree, error) {
	s.treesMu.Lock()
	t := s.kept(block)
	s.treesMu.Unlock()
	if t == nil {
		return nil, ErrNotFound
	}
	return state.Load(s, t.summary, t.top)
}

// kept returns the commit of a block's state, nil if there is none or it is being pruned.
func (s *Store) kept(block state.ID) *tree {
	if t := s.trees[block]; t != nil && !t.gone {
		return t
	}
	return nil
}

// PutTree stores the hashed state after a block: b is t's batch over the state after parent, which is stored, or over the empty tree
// where parent is zero. When it returns nil the state is on the disk; after an error, ErrInvalid for a block that has one already or a
// parent that has none, it is not there at all.
func (s *Store) PutTree(ctx context.Context, block, parent state.ID, t *state.Tree, b *state.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(); err != nil {
		return err
	}
	return s.putTree(block, parent, t, b, 0, func(*badger.Txn) error { return nil })
}

// AppendTree is Append with the hashed state after the block: both are on the disk, or neither is. b is t's batch over the state after
// the tip, or over the empty tree if the chain is empty. Errors are those of Append and PutTree.
func (s *Store) AppendTree(ctx context.Context, e Entry, t *state.Tree, b *state.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(); err != nil {
		return err
	}
	tip := *s.tip.Load()
	next, err := follow(tip, e)
	if err != nil {
		return err
	}
	c, err := s.encode(e, next)
	if err != nil {
		return err
	}
	block, err := decodeHash(next.hash)
	if err != nil {
		return err
	}
	var parent state.ID
	if tip.height >= 0 {
		if parent, err = decodeHash(tip.hash); err != nil {
			return err
		}
	}
	err = s.putTree(block, parent, t, b, c.inline(), func(txn *badger.Txn) error {
		return errors.Join(c.put(txn), putHeight(txn, next), putTip(txn, next))
	})
	if err != nil {
		return fmt.Errorf("store: append block %d: %w", next.height, err)
	}
	s.tip.Store(&next)
	s.witness(next)
	return nil
}

// putTree writes pages, as many transactions of them as it takes, and in the last one the commit with what also puts, of size bytes.
func (s *Store) putTree(block, parent state.ID, t *state.Tree, b *state.Batch, size int, also func(*badger.Txn) error) error {
	made := &tree{id: block, commit: s.lastCommit + 1, pages: uint32(len(b.Pages)), summary: b.Summary, top: b.Top}
	switch above := s.kept(parent); {
	case s.trees[block] != nil:
		return fmt.Errorf("%w: block %.12s has a state", ErrInvalid, hex.EncodeToString(block[:]))
	case above != nil:
		made.parent = above.commit
	case parent != state.ID{}:
		return fmt.Errorf("%w: parent %.12s has no state", ErrInvalid, hex.EncodeToString(parent[:]))
	}
	if made.top.Commit == 0 && made.summary.Keys > 0 {
		made.top.Commit = made.commit
	}
	for _, at := range b.Dropped {
		made.dropped = appendPlace(made.dropped, at)
	}
	if err := s.sweepPages(); err != nil {
		return err
	}
	s.unswept = true
	record := made.encode()
	size += len(record) + 200
	var batch []int
	flush := func(also func(*badger.Txn) error) error {
		return s.update(func(txn *badger.Txn) error {
			for _, i := range batch {
				if err := set(txn, pageKey(state.Place{Commit: made.commit, Page: uint32(i)}), b.Pages[i]); err != nil {
					return err
				}
			}
			return also(txn)
		})
	}
	for i, page := range b.Pages {
		if size += len(page) + 100; len(batch) > 0 && size > maxAppendBytes {
			if err := flush(func(*badger.Txn) error { return nil }); err != nil {
				return fmt.Errorf("store: state %d: %w", made.commit, err)
			}
			batch, size = nil, len(record)+200+len(page)
		}
		batch = append(batch, i)
	}
	err := flush(func(txn *badger.Txn) error {
		return errors.Join(set(txn, commitKey(made.commit), record),
			set(txn, lastCommitKey, binary.BigEndian.AppendUint64(nil, made.commit)), also(txn))
	})
	if err != nil {
		return fmt.Errorf("store: state %d: %w", made.commit, err)
	}
	made.dropped = nil
	s.unswept, s.lastCommit = false, made.commit
	s.treesMu.Lock()
	s.trees[block] = made
	s.treesMu.Unlock()
	t.Stored(b, s, made.commit)
	return nil
}
