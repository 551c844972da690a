package python

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
)

// Errors of CheckAppend, in the order in which it checks.
var (
	ErrIndex     = errors.New("reference: block index out of order")
	ErrPrevious  = errors.New("reference: block does not link to the tip")
	ErrMerkle    = errors.New("reference: merkle root mismatch")
	ErrBlockHash = errors.New("reference: block hash mismatch")
	ErrTxKnown   = errors.New("reference: transaction already in the chain")
)

// CheckAppend says whether the reference's stores append b to a chain of the given number of
// blocks whose tip has the given hash. That is all they check: no threshold, time, generator,
// content or signature, and the ids of transactions are believed. known reports whether the
// chain has a transaction id; with it the check is that of the SQLite store, which also refuses a
// repeated id, and with nil that of the JSON store.
func CheckAppend(blocks int64, tip string, b *chain.Block, known func(id string) bool) error {
	h := &b.Header
	if h.Index != blocks {
		return fmt.Errorf("%w: want %d, got %d", ErrIndex, blocks, h.Index)
	}
	if h.PreviousHash != tip && (blocks > 0 || known == nil) {
		return fmt.Errorf("%w %q", ErrPrevious, tip)
	}
	ids := make([]string, len(b.Transactions))
	for i, tx := range b.Transactions {
		ids[i] = tx.ID
	}
	if chain.MerkleRoot(ids) != h.MerkleRoot {
		return ErrMerkle
	}
	if b.ComputeHash() != b.Hash {
		return ErrBlockHash
	}
	if known == nil {
		return nil
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if seen[id] || known(id) {
			return fmt.Errorf("%w: %q", ErrTxKnown, id)
		}
		seen[id] = true
	}
	return nil
}
