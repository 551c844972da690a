package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// Replace drops every block above ancestor and puts the branch, lowest block first,
// in their place; an empty branch only drops. It is atomic for any branch up to
// MaxBranch blocks on either side. The errors are Append's. An ancestor of −1
// replaces the whole chain.
func (s *Store) Replace(ctx context.Context, ancestor int64, branch []Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tip := *s.tip.Load()
	if ancestor < -1 || ancestor > tip.height {
		return fmt.Errorf("%w: ancestor %d, tip is %d", ErrInvalid, ancestor, tip.height)
	}
	if dropped := tip.height - ancestor; dropped > MaxBranch || len(branch) > MaxBranch {
		return fmt.Errorf("%w: %d blocks to drop, %d to put, at most %d are possible",
			ErrInvalid, dropped, len(branch), MaxBranch)
	}
	base := mark{height: -1}
	if ancestor >= 0 {
		hash, err := s.Hash(ancestor)
		if err != nil {
			return err
		}
		base = mark{height: ancestor, hash: hash}
	}
	marks, last := make([]mark, len(branch)), base
	for i, e := range branch {
		var err error
		if last, err = follow(last, e); err != nil {
			return err
		}
		marks[i] = last
	}
	if err := s.room(); err != nil {
		return err
	}
	old, err := s.hashesAbove(ancestor)
	if err != nil {
		return err
	}
	if err := s.replace(tip, last, marks, branch, old); err != nil {
		return fmt.Errorf("store: replace blocks above %d: %w", ancestor, err)
	}
	return nil
}

// replace does what Replace has checked, in the three steps of the package doc.
// old are the hashes of the blocks to drop.
func (s *Store) replace(tip, last mark, marks []mark, branch []Entry, old [][]byte) error {
	// 1. Contents, while nothing points to them. Should this be interrupted, the
	// list of garbage written first leads the next Open to them.
	fresh := make([][]byte, 0, len(marks))
	for _, m := range marks {
		sum, err := decodeHash(m.hash)
		if err != nil {
			return err
		}
		fresh = append(fresh, sum[:])
	}
	err := s.update(func(txn *badger.Txn) error {
		return set(txn, garbageKey, bytes.Join(fresh, nil))
	})
	for i := 0; i < len(branch) && err == nil; i++ {
		var c contentsOf
		if c, err = s.encode(branch[i], marks[i]); err == nil {
			err = s.update(c.put)
		}
	}
	// From here on either tip may be the last acknowledged one.
	if err == nil {
		err = s.writeWitness(tip, last)
	}
	if err != nil {
		return errors.Join(err, s.sweep())
	}

	// 2. The switch.
	err = s.update(func(txn *badger.Txn) error {
		for h := last.height + 1; h <= tip.height; h++ {
			if err := txn.Delete(heightKey(h)); err != nil {
				return err
			}
		}
		for _, m := range marks {
			if err := putHeight(txn, m); err != nil {
				return err
			}
		}
		if err := putTip(txn, last); err != nil {
			return err
		}
		pruned, err := prunedBelow(txn)
		if err != nil {
			return err
		}
		if first := last.height - int64(len(marks)) + 1; pruned > first { // states from first on are there again
			if err := putPruned(txn, first); err != nil {
				return err
			}
		}
		return set(txn, garbageKey, bytes.Join(old, nil))
	})
	if err != nil {
		s.witness(tip)
		return errors.Join(err, s.sweep())
	}
	s.tip.Store(&last)
	s.witness(last)

	// 3. The old contents. A failure leaves garbage, which the next Open sweeps.
	if err := s.sweep(); err != nil {
		s.log.Warn("old branch is not deleted", "err", err)
	}
	return nil
}

// hashesAbove returns the hashes of the blocks above ancestor, as far as they can
// be read: a damaged chain can still be replaced.
func (s *Store) hashesAbove(ancestor int64) (out [][]byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		for h := ancestor + 1; h <= s.tip.Load().height; h++ {
			sum, err := get(txn, heightKey(h))
			if err != nil {
				s.log.Warn("height has no hash", "height", h, "err", err)
				continue
			}
			out = append(out, sum)
		}
		return nil
	})
	return out, err
}

// sweep deletes the contents that the list of garbage names and no height does,
// then the list.
func (s *Store) sweep() error {
	var doomed [][]byte
	err := s.db.View(func(txn *badger.Txn) error {
		list, err := get(txn, garbageKey)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		used := map[string]bool{}
		for h := max(0, s.tip.Load().height-MaxBranch); h <= s.tip.Load().height; h++ {
			if sum, err := get(txn, heightKey(h)); err == nil {
				used[string(sum)] = true
			}
		}
		for ; len(list) >= 32; list = list[32:] {
			if !used[string(list[:32])] {
				doomed = append(doomed, list[:32])
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("garbage: %w", err)
	}
	const batch = 1000
	for len(doomed) > 0 {
		n := min(batch, len(doomed))
		err := s.update(func(txn *badger.Txn) error {
			for _, sum := range doomed[:n] {
				if err := deleteContents(txn, sum); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("garbage: %w", err)
		}
		doomed = doomed[n:]
	}
	return s.update(func(txn *badger.Txn) error { return txn.Delete(garbageKey) })
}
