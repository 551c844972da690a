package store

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Hash returns the hash of the block at a height: ErrNotFound above the tip and
// below 0.
func (s *Store) Hash(height int64) (hash string, err error) {
	err = s.view(func(txn *badger.Txn) error {
		hash, err = s.hashAt(txn, height)
		return err
	})
	return hash, err
}

// Block returns the block at a height, checked against its hash: ErrNotFound above
// the tip and below 0, a *CorruptError if it is not what was stored. The block is
// the caller's.
func (s *Store) Block(height int64) (b *chain.Block, err error) {
	err = s.view(func(txn *badger.Txn) error {
		b, err = s.blockAt(txn, height)
		return err
	})
	return b, err
}

// BlockByHash returns the block of the chain that has a hash; ErrNotFound if there
// is none, errors as Block.
func (s *Store) BlockByHash(hash string) (b *chain.Block, err error) {
	key, err := hashKey(kindBlock, hash)
	if err != nil {
		return nil, ErrNotFound
	}
	err = s.view(func(txn *badger.Txn) error {
		raw, err := get(txn, key)
		if errors.Is(err, ErrNotFound) {
			return ErrNotFound
		}
		if err != nil {
			return corrupt(-1, "block "+hash[:12], err)
		}
		if b, err = parseBlock(raw, -1, hash); err != nil {
			return err
		}
		// Contents of a branch that is being put or dropped are not the chain's.
		if at, err := s.hashAt(txn, b.Header.Index); err != nil || at != hash {
			b = nil
			return ErrNotFound
		}
		return nil
	})
	return b, err
}

// Blocks returns the blocks from one height to another, both included, all of one
// moment: none if the range is empty or outside the chain, at most MaxBlocks.
// Errors as Block.
func (s *Store) Blocks(from, to int64) (out []*chain.Block, err error) {
	from = max(from, 0)
	err = s.view(func(txn *badger.Txn) error {
		tip, err := readTip(txn)
		if err != nil {
			return err
		}
		to = min(to, tip.height, from+MaxBlocks-1)
		for h := from; h <= to; h++ {
			b, err := s.blockAt(txn, h)
			if err != nil {
				return err
			}
			out = append(out, b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Receipts returns the receipts of the block at a height, empty if it has none.
// Errors as Block.
func (s *Store) Receipts(height int64) (o *canon.Object, err error) {
	err = s.view(func(txn *badger.Txn) error {
		raw, err := s.contentAt(txn, kindReceipts, height)
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			o = canon.NewObject()
			return nil
		}
		if o, err = canon.ParseObject(raw); err != nil {
			return corrupt(height, "receipts", err)
		}
		return nil
	})
	return o, err
}

// State returns the state after the block at a height: ErrPruned below the height
// given to PruneStates, other errors as Block. The slice is the caller's.
func (s *Store) State(height int64) (state []byte, err error) {
	err = s.view(func(txn *badger.Txn) error {
		pruned, err := prunedBelow(txn)
		if err != nil {
			return err
		}
		if height >= 0 && height < pruned {
			return ErrPruned
		}
		state, err = s.contentAt(txn, kindState, height)
		return err
	})
	return state, err
}

// view reads one moment of the store.
func (s *Store) view(f func(*badger.Txn) error) error {
	if s.db.IsClosed() {
		return errors.New("store: closed")
	}
	return s.db.View(f)
}

// hashAt returns the hash at a height. Heights above the tip are not the chain's
// even where a cut left their hash behind.
func (s *Store) hashAt(txn *badger.Txn, height int64) (string, error) {
	tip, err := readTip(txn)
	if err != nil {
		return "", err
	}
	if height < 0 || height > tip.height {
		return "", ErrNotFound
	}
	sum, err := get(txn, heightKey(height))
	if err != nil || len(sum) != 32 {
		return "", corrupt(height, "hash", err)
	}
	return hex.EncodeToString(sum), nil
}

// contentAt returns one kind of content of the block at a height.
func (s *Store) contentAt(txn *badger.Txn, kind byte, height int64) ([]byte, error) {
	hash, err := s.hashAt(txn, height)
	if err != nil {
		return nil, err
	}
	key, err := hashKey(kind, hash)
	if err != nil {
		return nil, err
	}
	raw, err := get(txn, key)
	if err != nil { // missing too: the height names it
		return nil, corrupt(height, map[byte]string{
			kindBlock: "block", kindReceipts: "receipts", kindState: "state"}[kind], err)
	}
	return raw, nil
}

func (s *Store) blockAt(txn *badger.Txn, height int64) (*chain.Block, error) {
	hash, err := s.hashAt(txn, height)
	if err != nil {
		return nil, err
	}
	raw, err := s.contentAt(txn, kindBlock, height)
	if err != nil {
		return nil, err
	}
	return parseBlock(raw, height, hash)
}

// parseBlock reads a block and compares its header's hash with the one it is
// stored under. A height of −1 is not compared.
func parseBlock(raw []byte, height int64, hash string) (*chain.Block, error) {
	o, err := canon.ParseObject(raw)
	if err != nil {
		return nil, corrupt(height, "block", err)
	}
	b, err := chain.BlockFromObject(o)
	if err != nil {
		return nil, corrupt(height, "block", err)
	}
	if got := b.ComputeHash(); got != hash || b.Hash != hash {
		return nil, corrupt(height, "block", fmt.Errorf("hash is %.12s, stored under %.12s", got, hash))
	}
	if height >= 0 && b.Header.Index != height {
		return nil, corrupt(height, "block", fmt.Errorf("index is %d", b.Header.Index))
	}
	return b, nil
}

// readTip returns the tip of the transaction's moment.
func readTip(txn *badger.Txn) (mark, error) {
	b, err := get(txn, tipKey)
	if errors.Is(err, ErrNotFound) {
		return mark{height: -1}, nil
	}
	if err != nil {
		return mark{}, corrupt(-1, "tip", err)
	}
	m, err := decodeMark(b)
	if err != nil {
		return mark{}, corrupt(-1, "tip", err)
	}
	return m, nil
}

func corrupt(height int64, what string, err error) error {
	if err == nil {
		return &CorruptError{Height: height, What: what}
	}
	return &CorruptError{Height: height, What: what + ": " + err.Error()}
}
