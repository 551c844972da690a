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
	_, err := s.AppendAll(ctx, []Entry{e})
	return err
}

// Bounds of one transaction of AppendAll: blocks, and bytes of what Badger keeps in
// its tree, whose limit is 15 % of tableBytes.
const (
	maxAppendBlocks = 256
	maxAppendBytes  = 900 << 10
)

// AppendAll puts blocks on the tip in their order, up to 256 in one transaction,
// and returns how many are on the disk. The others would be tried from the first
// one on: errors as Append. A crash leaves the chain with whole transactions.
func (s *Store) AppendAll(ctx context.Context, entries []Entry) (stored int, err error) {
	for stored < len(entries) {
		if err := ctx.Err(); err != nil {
			return stored, err
		}
		n, err := s.appendSome(entries[stored:])
		if stored += n; err != nil {
			return stored, err
		}
	}
	return stored, nil
}

// appendSome puts as many blocks as fit one transaction, at least one. A block that
// is at fault ends the transaction before it.
func (s *Store) appendSome(entries []Entry) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.room(); err != nil {
		return 0, err
	}
	var batch []contentsOf
	last, bytes := *s.tip.Load(), 0
	for _, e := range entries[:min(len(entries), maxAppendBlocks)] {
		next, err := follow(last, e)
		var c contentsOf
		if err == nil {
			c, err = s.encode(e, next)
		}
		if err != nil {
			if len(batch) > 0 {
				break
			}
			return 0, err
		}
		if bytes += c.inline(); len(batch) > 0 && bytes > maxAppendBytes {
			break
		}
		batch, last = append(batch, c), next
	}
	err := s.update(func(txn *badger.Txn) error {
		for _, c := range batch {
			if err := c.put(txn); err != nil {
				return err
			}
			if err := putHeight(txn, c.mark); err != nil {
				return err
			}
		}
		return putTip(txn, last)
	})
	if err != nil {
		return 0, fmt.Errorf("store: append blocks %d to %d: %w", batch[0].mark.height, last.height, err)
	}
	s.tip.Store(&last)
	s.witness(last)
	return len(batch), nil
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

// contentsOf is an entry as it is stored.
type contentsOf struct {
	mark   mark
	values [len(contents)][]byte
}

// encode returns what is stored of an entry with a mark.
func (s *Store) encode(e Entry, m mark) (contentsOf, error) {
	block := canon.Default(e.Block.Object())
	if len(block) > s.maxBlock {
		return contentsOf{}, fmt.Errorf("%w: block %d has %d bytes, at most %d are possible",
			ErrInvalid, e.Block.Header.Index, len(block), s.maxBlock)
	}
	return contentsOf{m, [...][]byte{block, e.Receipts, e.State}}, nil
}

// inline is what the entry takes of a transaction's limit.
func (c *contentsOf) inline() int {
	n := 0
	for _, v := range c.values {
		if n += 100; len(v) < inlineBytes {
			n += len(v)
		}
	}
	return n
}

// put stores block, receipts and state under the block's hash.
func (c *contentsOf) put(txn *badger.Txn) error {
	for i, value := range c.values {
		key, err := hashKey(contents[i], c.mark.hash)
		if err != nil {
			return err
		}
		if err := set(txn, key, value); err != nil {
			return err
		}
	}
	return nil
}

// deleteContents removes what contentsOf.put stored, by the hash's bytes.
func deleteContents(txn *badger.Txn, sum []byte) error {
	for _, kind := range contents {
		if err := txn.Delete(append([]byte{kind}, sum...)); err != nil {
			return err
		}
	}
	return nil
}

// putHeight makes m the block of its height.
func putHeight(txn *badger.Txn, m mark) error {
	sum, err := decodeHash(m.hash)
	if err != nil {
		return err
	}
	return set(txn, heightKey(m.height), sum[:])
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
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	return s.db.Update(f)
}
