package store

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Entry is a block with what its application produced. The store copies what it
// keeps.
type Entry struct {
	Block *chain.Block
	// Receipts is a JSON object, or empty.
	Receipts []byte
	// State is the state after the block, in a form of the caller's, or empty.
	State []byte
}

// Append puts one block on the tip. When it returns nil the block is on the disk.
// Its errors are a *LinkError for a block that does not follow the tip (block 0 on
// an empty store), ErrInvalid, ErrDiskFull, and Badger's; after each of them the
// chain is as it was. ctx is looked at before the write, which is not interrupted.
func (s *Store) Append(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tip := *s.tip.Load()
	next, err := follow(tip, e)
	if err != nil {
		return err
	}
	if err := s.room(); err != nil {
		return err
	}
	err = s.update(func(txn *badger.Txn) error {
		if err := putContents(txn, e); err != nil {
			return err
		}
		return putMark(txn, next)
	})
	if err != nil {
		return fmt.Errorf("store: append block %d: %w", next.height, err)
	}
	s.tip.Store(&next)
	s.witness(next)
	return nil
}

// follow checks that e can stand upon tip and returns its mark.
func follow(tip mark, e Entry) (mark, error) {
	b := e.Block
	if b == nil {
		return mark{}, fmt.Errorf("%w: no block", ErrInvalid)
	}
	if hash := b.ComputeHash(); hash != b.Hash {
		return mark{}, fmt.Errorf("%w: block %d has hash %.70q, its header has %q", ErrInvalid, b.Header.Index, b.Hash, hash)
	}
	if b.Header.Index != tip.height+1 || tip.height >= 0 && b.Header.PreviousHash != tip.hash {
		return mark{}, &LinkError{
			Height: b.Header.Index, Previous: b.Header.PreviousHash,
			WantHeight: tip.height + 1, WantPrevious: tip.hash,
		}
	}
	if len(e.Receipts) > MaxValueBytes || len(e.State) > MaxValueBytes {
		return mark{}, fmt.Errorf("%w: block %d has receipts of %d and a state of %d bytes, at most %d are possible",
			ErrInvalid, b.Header.Index, len(e.Receipts), len(e.State), MaxValueBytes)
	}
	return mark{height: b.Header.Index, hash: b.Hash}, nil
}

// putContents stores block, receipts and state under the block's hash.
func putContents(txn *badger.Txn, e Entry) error {
	block := canon.Default(e.Block.Object())
	if len(block) > MaxValueBytes {
		return fmt.Errorf("%w: block %d has %d bytes, at most %d are possible",
			ErrInvalid, e.Block.Header.Index, len(block), MaxValueBytes)
	}
	for i, value := range [...][]byte{block, e.Receipts, e.State} {
		key, err := hashKey(contents[i], e.Block.Hash)
		if err != nil {
			return err
		}
		if err := set(txn, key, value); err != nil {
			return err
		}
	}
	return nil
}

// deleteContents removes what putContents stored, by the hash's bytes.
func deleteContents(txn *badger.Txn, sum []byte) error {
	for _, kind := range contents {
		if err := txn.Delete(append([]byte{kind}, sum...)); err != nil {
			return err
		}
	}
	return nil
}

// putMark makes m the block of its height and the tip.
func putMark(txn *badger.Txn, m mark) error {
	sum, err := decodeHash(m.hash)
	if err != nil {
		return err
	}
	if err := set(txn, heightKey(m.height), sum[:]); err != nil {
		return err
	}
	return putTip(txn, m)
}

// putTip makes m the tip; the empty chain has none.
func putTip(txn *badger.Txn, m mark) error {
	if m.height < 0 {
		return txn.Delete(tipKey)
	}
	b, err := encodeMark(m)
	if err != nil {
		return err
	}
	return set(txn, tipKey, b)
}

// update is one transaction, synced.
func (s *Store) update(f func(*badger.Txn) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("write: %v", r)
		}
	}()
	return s.db.Update(f)
}
