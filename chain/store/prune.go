package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// PruneStates deletes the states of the blocks below a height; the tip's state is
// always kept. Blocks and receipts stay. It may be interrupted at any moment: the
// states it has not reached are then deleted by the next call.
func (s *Store) PruneStates(below int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	below = min(below, s.tip.Load().height)
	var from int64
	err := s.view(func(txn *badger.Txn) (err error) {
		from, err = prunedBelow(txn)
		return err
	})
	const batch = 1000
	for err == nil && from < below {
		to := min(from+batch, below)
		err = s.update(func(txn *badger.Txn) error {
			for h := from; h < to; h++ {
				hash, err := s.hashAt(txn, h)
				if err != nil {
					return err
				}
				key, err := hashKey(kindState, hash)
				if err != nil {
					return err
				}
				if err := txn.Delete(key); err != nil {
					return err
				}
			}
			return putPruned(txn, to)
		})
		from = to
	}
	if err != nil {
		return fmt.Errorf("store: prune states: %w", err)
	}
	return s.collect()
}

// collect lets Badger rewrite a log file of large values that is mostly garbage.
func (s *Store) collect() error {
	if _, logs := s.db.Size(); logs < 4*logBytes {
		return nil
	}
	err := s.db.RunValueLogGC(0.5)
	if err != nil && !errors.Is(err, badger.ErrNoRewrite) && !errors.Is(err, badger.ErrRejected) {
		return fmt.Errorf("store: collect values: %w", err)
	}
	return nil
}

// prunedBelow returns the height below which states are deleted, 0 for none.
func prunedBelow(txn *badger.Txn) (int64, error) {
	b, err := get(txn, prunedKey)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil || len(b) != 8 || b[0] > 0x7f {
		return 0, corrupt(-1, "pruned height", err)
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func putPruned(txn *badger.Txn, below int64) error {
	return set(txn, prunedKey, binary.BigEndian.AppendUint64(nil, uint64(max(below, 0))))
}
