package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain/state"
)

// FinalTree prunes the hashed states that do not descend from the one after a block, which is final: they are gone when it begins, their
// pages when it ends. Trees of them that are in memory can fail to read from then on. It may be interrupted at any moment: Open goes on.
// A block without a state is ErrNotFound.
func (s *Store) FinalTree(block state.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	final := s.kept(block)
	if final == nil {
		return fmt.Errorf("%w: no state of block %.12s", ErrNotFound, hex.EncodeToString(block[:]))
	}
	err := s.update(func(txn *badger.Txn) error {
		return set(txn, oldestKey, binary.BigEndian.AppendUint64(nil, final.commit))
	})
	if err == nil {
		err = s.pruneTrees(final.commit)
	}
	if err == nil {
		err = s.collect()
	}
	if err != nil {
		return fmt.Errorf("store: prune states before %d: %w", final.commit, err)
	}
	return nil
}

// pruneTrees leaves the commit final and what descends from it.
func (s *Store) pruneTrees(final uint64) error {
	all := map[uint64]*tree{}
	for _, t := range s.trees {
		all[t.commit] = t
	}
	if all[final] == nil {
		return &CorruptError{Height: -1, What: fmt.Sprintf("state %d is final and is not there", final)}
	}
	var path, rivals []*tree // path: the final one and its ancestors, the youngest first
	onPath := map[uint64]bool{}
	for t := all[final]; t != nil; t = all[t.parent] {
		path = append(path, t)
		onPath[t.commit] = true
	}
	keep := map[uint64]bool{final: true}
	commits := sortedCommits(all)
	for _, c := range commits { // parents come before children
		switch t := all[c]; {
		case keep[t.parent]:
			keep[c] = true
		case !onPath[c]:
			rivals = append(rivals, t)
		}
	}
	s.treesMu.Lock()
	for _, t := range s.trees {
		t.gone = !keep[t.commit]
	}
	s.treesMu.Unlock()

	slices.Reverse(rivals) // children before parents
	for _, t := range rivals {
		var pages []state.Place
		for i := range t.pages {
			pages = append(pages, state.Place{Commit: t.commit, Page: i})
		}
		if err := s.dropPages(pages, func(txn *badger.Txn) error { return txn.Delete(commitKey(t.commit)) }); err != nil {
			return err
		}
		s.forget(t)
	}
	for i := len(path) - 1; i >= 0; i-- {
		if err := s.makeOldest(path[i]); err != nil {
			return err
		}
		if i+1 < len(path) {
			s.forget(path[i+1])
		}
	}
	return s.update(func(txn *badger.Txn) error { return txn.Delete(oldestKey) })
}

func (s *Store) forget(t *tree) {
	s.treesMu.Lock()
	delete(s.trees, t.id)
	s.treesMu.Unlock()
}

// makeOldest deletes what a commit has dropped, and then its parent.
func (s *Store) makeOldest(t *tree) error {
	full, err := s.readTree(t.commit)
	if err != nil {
		return err
	}
	var pages []state.Place
	for b := full.dropped; len(b) > 0; b = b[placeBytes:] {
		pages = append(pages, placeOf(b))
	}
	parent := t.parent
	if parent == 0 && len(pages) == 0 {
		return nil
	}
	full.parent, full.dropped = 0, nil
	err = s.dropPages(pages, func(txn *badger.Txn) error {
		if parent > 0 {
			if err := txn.Delete(commitKey(parent)); err != nil {
				return err
			}
		}
		return set(txn, commitKey(t.commit), full.encode())
	})
	if err == nil {
		t.parent = 0
	}
	return err
}

// dropPages deletes pages, and in the transaction with the last of them does what last does.
func (s *Store) dropPages(pages []state.Place, last func(*badger.Txn) error) error {
	const most = 2000
	for {
		n := min(most, len(pages))
		err := s.update(func(txn *badger.Txn) error {
			for _, at := range pages[:n] {
				if err := txn.Delete(pageKey(at)); err != nil {
					return err
				}
			}
			if n == len(pages) {
				return last(txn)
			}
			return nil
		})
		if err != nil || n == len(pages) {
			return err
		}
		pages = pages[n:]
	}
}

func (s *Store) readTree(commit uint64) (t *tree, err error) {
	err = s.view(func(txn *badger.Txn) error {
		b, err := get(txn, commitKey(commit))
		if err == nil {
			t, err = decodeTree(commit, b)
		}
		if err != nil {
			return corrupt(-1, fmt.Sprintf("state %d", commit), err)
		}
		return nil
	})
	return t, err
}

// loadTrees reads which states are stored.
func (s *Store) loadTrees() error {
	s.trees = map[state.ID]*tree{}
	return s.view(func(txn *badger.Txn) error {
		var err error
		if s.lastCommit, err = number(txn, lastCommitKey); err != nil {
			return err
		}
		return eachKey(txn, []byte{kindCommit}, func(key []byte) error {
			commit := binary.BigEndian.Uint64(key[1:])
			b, err := get(txn, key)
			var t *tree
			if err == nil {
				t, err = decodeTree(commit, b)
			}
			if err != nil || commit > s.lastCommit {
				return corrupt(-1, fmt.Sprintf("state %d", commit), err)
			}
			t.dropped = nil
			s.trees[t.id] = t
			return nil
		})
	})
}

// recoverTrees reads which states are stored and ends what was interrupted.
func (s *Store) recoverTrees() error {
	if err := s.loadTrees(); err != nil {
		return err
	}
	s.unswept = true
	if err := s.sweepPages(); err != nil {
		return err
	}
	var final uint64
	err := s.view(func(txn *badger.Txn) (err error) {
		final, err = number(txn, oldestKey)
		return err
	})
	if err == nil && final > 0 {
		err = s.pruneTrees(final)
	}
	return err
}

// sweepPages deletes the pages of commits that have no record because they were interrupted.
func (s *Store) sweepPages() error {
	if !s.unswept {
		return nil
	}
	var stray []state.Place
	err := s.view(func(txn *badger.Txn) error {
		return eachKeyFrom(txn, []byte{kindPage}, pageKey(state.Place{Commit: s.lastCommit + 1}), func(key []byte) error {
			stray = append(stray, placeOf(key[1:]))
			return nil
		})
	})
	if err == nil && len(stray) > 0 {
		err = s.dropPages(stray, func(*badger.Txn) error { return nil })
	}
	if err != nil {
		return fmt.Errorf("store: pages of an interrupted write: %w", err)
	}
	s.unswept = false
	return nil
}

// number returns a number that is stored under a key, 0 if there is none.
func number(txn *badger.Txn, key []byte) (uint64, error) {
	b, err := get(txn, key)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil || len(b) != 8 {
		return 0, corrupt(-1, fmt.Sprintf("number %q", key), err)
	}
	return binary.BigEndian.Uint64(b), nil
}

func eachKey(txn *badger.Txn, prefix []byte, f func(key []byte) error) error {
	return eachKeyFrom(txn, prefix, prefix, f)
}

// eachKeyFrom calls f for the keys with a prefix from one on, ascending. Keys of another length than ours are left out.
func eachKeyFrom(txn *badger.Txn, prefix, from []byte, f func(key []byte) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read: %v", r)
		}
	}()
	o := badger.DefaultIteratorOptions
	o.PrefetchValues, o.Prefix = false, prefix
	it := txn.NewIterator(o)
	defer it.Close()
	want := 1 + 8
	if prefix[0] == kindPage {
		want += 4
	}
	for it.Seek(from); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		if len(key) != want {
			continue
		}
		if err := f(key); err != nil {
			return err
		}
	}
	return nil
}

func sortedCommits(m map[uint64]*tree) []uint64 {
	out := make([]uint64, 0, len(m))
	for c := range m {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}
