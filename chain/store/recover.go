package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// recover brings an opened database in order: it finds the highest block up to which
// the chain is whole, cuts what is above it, sweeps the garbage of an interrupted
// reorganisation and compares the result with the witness.
func (s *Store) recover() error {
	s.tip.Store(&mark{height: -1})
	if old, err := filepath.Glob(filepath.Join(s.dir, witnessName+".*")); err == nil {
		for _, name := range old {
			os.Remove(name) // of a crash inside replaceFile
		}
	}
	claimed, whole, err := s.wholeTip()
	if err != nil {
		return err
	}
	s.tip.Store(&claimed)
	if whole != claimed {
		s.damage = &CorruptError{Height: whole.height + 1, What: "block is missing or damaged; the chain is cut before it"}
		if err := s.cut(claimed, whole); err != nil {
			return fmt.Errorf("store: cut the chain at %d: %w", whole.height, err)
		}
	}
	if err := s.sweep(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if s.damage == nil {
		s.damage = s.missing()
	}
	if s.damage != nil {
		s.log.Error("store is damaged", "height", whole.height, "err", s.damage)
	}
	s.witness(whole)
	return nil
}

// wholeTip returns the tip that the database claims and the highest block up to
// which every height has a hash and a block, and whose own block and state can be
// read. Only the last block is read: the others are checked when they are used.
func (s *Store) wholeTip() (claimed, whole mark, err error) {
	err = s.view(func(txn *badger.Txn) error {
		if claimed, err = readTip(txn); err != nil {
			return err
		}
		whole = claimed
		for h := int64(0); h <= claimed.height; h++ {
			if !s.present(txn, h) {
				whole.height = h - 1
				break
			}
		}
		for ; whole.height >= 0; whole.height-- {
			if _, err := s.blockAt(txn, whole.height); err == nil {
				whole.hash, err = s.hashAt(txn, whole.height)
				return err
			}
		}
		whole = mark{height: -1}
		return nil
	})
	return claimed, whole, err
}

// cut makes whole the tip and deletes what is above it as far as it is still
// known. A crash in the middle leaves contents that nothing names.
func (s *Store) cut(claimed, whole mark) error {
	err := s.update(func(txn *badger.Txn) error { return putTip(txn, whole) })
	if err != nil {
		return err
	}
	s.tip.Store(&whole)
	const batch = 1000
	for from := whole.height + 1; from <= claimed.height; from += batch {
		err := s.update(func(txn *badger.Txn) error {
			for h := from; h < from+batch && h <= claimed.height; h++ {
				if sum, err := get(txn, heightKey(h)); err == nil {
					if err := deleteContents(txn, sum); err != nil {
						return err
					}
				}
				if err := txn.Delete(heightKey(h)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// present reports whether a height has a hash and the hash a block.
func (s *Store) present(txn *badger.Txn, height int64) bool {
	hash, err := s.hashAt(txn, height)
	if err != nil {
		return false
	}
	key, err := hashKey(kindBlock, hash)
	if err != nil {
		return false
	}
	ok, err := has(txn, key)
	return ok && err == nil
}

// missing compares the chain with the witness.
func (s *Store) missing() error {
	tips, err := s.readWitness()
	if err != nil {
		if errors.Is(err, ErrCorrupt) {
			return err
		}
		return corrupt(-1, "witness", err)
	}
	first := int64(-1)
	for _, m := range tips {
		if hash, err := s.Hash(m.height); err == nil && hash == m.hash {
			return nil
		}
		first = m.height
	}
	if len(tips) == 0 {
		return nil
	}
	return &CorruptError{
		Height: min(first, s.tip.Load().height+1),
		What:   fmt.Sprintf("acknowledged block %d is missing", first),
	}
}

// Verify reads every block and checks hashes, heights and links. It returns nil, a
// *CorruptError with the lowest height at fault, or ctx's error. A fault is repaired
// by Replace(ctx, height−1, nil) and the peers' blocks.
func (s *Store) Verify(ctx context.Context) error {
	tip, _ := s.Tip()
	previous := ""
	for from := int64(0); from <= tip; from += 64 {
		if err := ctx.Err(); err != nil {
			return err
		}
		blocks, err := s.Blocks(from, min(from+63, tip))
		if err != nil {
			return err
		}
		for _, b := range blocks {
			if b.Header.Index > 0 && b.Header.PreviousHash != previous {
				return corrupt(b.Header.Index, "block", errors.New("does not follow the one before"))
			}
			previous = b.Hash
		}
	}
	return nil
}
