package consensus

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/internal/timestamp"
)

// MaxBlockTasks is how many served inferences a block that Build makes holds: they cost nobody anything. Apply takes more.
const MaxBlockTasks = 4

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
	txs := b.fill(pending, out.Refused)
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
	next := b.seal(blk.Hash)
	blk.Ext = &chain.Ext{StateRoot: next.Root()}
	if err := chain.SignBlock(blk, key, parent.rules.Network); err != nil {
		return nil, fmt.Errorf("sign block %d: %w", blk.Header.Index, err)
	}
	out.Block, out.State, out.Receipts = blk, next, &b.receipts
	return out, nil
}

// Ready reports whether the pending transactions suffice for a block of a generator after parent at time now: what Build would
// say, without the cost of the state after it. Errors as Build.
func Ready(parent *State, pending []*chain.Tx, now int64, generator string) error {
	b := begin(parent, max(now, parent.TipTime+minElapsed), generator)
	b.trusted = true
	b.fill(pending, make(map[string]error))
	_, err := b.finish()
	return err
}

// fill adds what fits and returns it in the order of the block; refused gets the rest. What waits for another transaction is
// tried again once that one is in, so that the order of the pool decides only between rivals. Nothing is tried more than
// twice: what waits, for a base or for the transfer before it, waits for the last thing it lacks.
func (b *block) fill(pending []*chain.Tx, refused map[string]error) (txs []*chain.Tx) {
	waiting := make(map[string][]*chain.Tx)
	tasks := 0
	var try func(tx *chain.Tx)
	try = func(tx *chain.Tx) {
		if len(txs) >= MaxBlockTx || tx.Type == TxTask && tasks >= MaxBlockTasks {
			return
		}
		err := b.add(tx)
		if err != nil {
			refused[tx.ID] = err
			var early *earlyError
			if errors.As(err, &early) {
				waiting[early.after] = append(waiting[early.after], tx)
			}
			return
		}
		delete(refused, tx.ID)
		txs = append(txs, tx)
		if tx.Type == TxTask {
			tasks++
		}
		next := waiting[Key(tx)]
		delete(waiting, Key(tx))
		for _, tx := range next {
			try(tx)
		}
	}
	for _, tx := range pending {
		try(tx)
	}
	return txs
}

// rankHash is the key by which the generator of a block is ranked; see Rank.
func rankHash(b *chain.Block) string {
	return hashText(b.Header.PreviousHash + ":" + b.Header.GeneratorID)
}
