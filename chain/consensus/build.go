package consensus

import (
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/internal/timestamp"
)

// Built is a block that Build made, with the state after it.
type Built struct {
	Block    *chain.Block
	State    *State
	Receipts *Receipts
	// Refused are the transactions that cannot stand in this block, and why.
	Refused map[string]error
}

// Build makes the block after parent at time now (µs; moved behind the parent's if the clock lags) out of
// pending transactions, in their order, and signs it. ErrBelowThreshold if they do not suffice; Refused is
// filled all the same. Each transaction must have passed CheckTx once, in whatever state: signatures do not depend
// on it, and verifying a whole pool at every attempt is most of a node's work.
func Build(parent *State, pending []*chain.Tx, now int64, key chain.Signer) (*Built, error) {
	b := begin(parent, max(now, parent.TipTime+minElapsed), key.PeerID())
	out := &Built{Refused: make(map[string]error)}
	b.trusted = true
	var txs []*chain.Tx
	for _, tx := range pending {
		if len(txs) >= MaxBlockTx {
			break
		}
		if err := b.add(tx); err != nil {
			out.Refused[tx.ID] = err
			continue
		}
		txs = append(txs, tx)
	}
	required, err := b.finish()
	if err != nil {
		return out, err
	}
	ids := make([]string, len(txs))
	for i, tx := range txs {
		ids[i] = tx.ID
	}
	blk := &chain.Block{
		Header: chain.Header{
			Index:                  parent.Height + 1,
			PreviousHash:           parent.Tip,
			Timestamp:              timestamp.FromMicro(b.time),
			MerkleRoot:             chain.MerkleRoot(ids),
			GeneratorID:            key.PeerID(),
			WeightedPerformanceSum: chain.MicroToFloat(b.receipts.Sum),
			Threshold:              chain.MicroToFloat(required),
		},
		Transactions: txs,
	}
	blk.Hash = blk.Header.ComputeHash()
	b.seal(blk.Hash)
	blk.Ext = &chain.Ext{StateRoot: b.s.Root()}
	if err := chain.SignBlock(blk, key, parent.rules.Network); err != nil {
		return nil, fmt.Errorf("sign block %d: %w", blk.Header.Index, err)
	}
	out.Block, out.State, out.Receipts = blk, b.s, &b.receipts
	return out, nil
}

// rankHash is the key by which the generator of a block is ranked; see Rank.
func rankHash(b *chain.Block) string {
	return hashText(b.Header.PreviousHash + ":" + b.Header.GeneratorID)
}
