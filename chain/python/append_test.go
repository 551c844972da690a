package python

import (
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorChainValidation(t *testing.T, c golden.Case) {
	var blocks []*chain.Block
	for _, o := range objects(c.Inputs, "blocks") {
		blocks = append(blocks, must(chain.BlockFromObject(o)))
	}
	sqlite, tip := appendAll(blocks, true)
	json, _ := appendAll(blocks, false)
	same(t, "appended", canon.NewObject("sqlite_appended", sqlite, "json_appended", json, "tip_hash", tip), c.Expected)
}

// appendAll appends blocks to a chain of the genesis block until one is refused.
func appendAll(blocks []*chain.Block, unique bool) (appended int64, tip string) {
	tip = chain.GenesisBlock().Hash
	ids := map[string]bool{}
	var known func(string) bool
	if unique {
		known = func(id string) bool { return ids[id] }
	}
	for _, b := range blocks {
		if CheckAppend(appended+1, tip, b, known) != nil {
			break
		}
		for _, tx := range b.Transactions {
			ids[tx.ID] = true
		}
		tip = b.Hash
		appended++
	}
	return appended, tip
}

func TestCheckAppendErrors(t *testing.T) {
	none := func(string) bool { return false }
	f := func(change func(*chain.Block), blocks int64, known func(string) bool, want error) {
		t.Helper()
		tx := &chain.Tx{ID: "aa"}
		b := &chain.Block{Header: chain.Header{Index: 1, PreviousHash: "tip", MerkleRoot: "aa"}, Transactions: []*chain.Tx{tx}}
		b.Hash = b.ComputeHash()
		change(b)
		if err := CheckAppend(blocks, "tip", b, known); !errors.Is(err, want) {
			t.Errorf("CheckAppend = %v, want %v", err, want)
		}
	}
	keep := func(*chain.Block) {}
	f(keep, 1, none, nil)
	f(keep, 1, nil, nil)
	f(keep, 2, none, ErrIndex)
	f(func(b *chain.Block) { b.Header.PreviousHash = "x" }, 1, none, ErrPrevious)
	f(func(b *chain.Block) { b.Transactions = nil }, 1, none, ErrMerkle)
	f(func(b *chain.Block) { b.Header.Threshold = 1 }, 1, none, ErrBlockHash)
	f(keep, 1, func(id string) bool { return id == "aa" }, ErrTxKnown)
	f(func(b *chain.Block) { // the first block of an SQLite store may link anywhere
		b.Header.Index, b.Header.PreviousHash = 0, "x"
		b.Hash = b.ComputeHash()
	}, 0, none, nil)
}
