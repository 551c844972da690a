package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/stamp"
	"doin.network/node/olap"
)

// record hands rows to the recorder. A row that it cannot take is logged and counted there; a round never waits.
func (n *Node) record(rows ...olap.Row) {
	if len(rows) == 0 {
		return
	}
	if err := n.recorder.Record(rows...); err != nil {
		n.log.Error("rows not recorded", "rows", len(rows), "err", err)
	}
}

// committed is called by the event loop after blocks were stored: their rows are written by runChainRows.
func (n *Node) committed(c engine.Commit) {
	tip := c.Entries[len(c.Entries)-1]
	n.log.Info("block", "height", tip.State.Height, "hash", tip.State.Tip, "generator", tip.State.Generator,
		"transactions", len(tip.Block.Transactions), "sum", tip.Block.Header.WeightedPerformanceSum, "finalized", tip.State.FinalizedHeight)
	n.metrics.blocks.Add(float64(len(c.Entries)))
	n.earn(c)
	select {
	case n.unrecorded <- c:
	default:
		// catchUpRecords finds them at the next start; nothing is lost.
		n.log.Warn("chain rows fall behind", "height", tip.State.Height)
	}
}

// earn keeps the account of what this node's blocks have paid it since the last round. What a reorganisation undoes is
// taken back, as far as it is remembered.
func (n *Node) earn(c engine.Commit) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for h := range n.earnedAt {
		if h > c.Ancestor {
			n.earned -= n.earnedAt[h]
			delete(n.earnedAt, h)
		} else if h <= c.Ancestor-consensus.Window {
			delete(n.earnedAt, h)
		}
	}
	for _, e := range c.Entries {
		for _, o := range e.Receipts.Outputs {
			if o.Recipient == n.key.PeerID() {
				n.earned += o.Amount
				n.earnedAt[e.State.Height] += o.Amount
			}
		}
	}
}

// takeEarned returns the account and begins a new one.
func (n *Node) takeEarned() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	v := n.earned
	n.earned = 0
	return v
}

// runChainRows turns stored blocks into rows and prunes states that nobody can need any more.
func (n *Node) runChainRows(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-n.unrecorded:
			var rows []olap.Row
			if len(c.Dropped) > 0 {
				rows = append(rows, olap.Row{Rollback: &olap.Rollback{Height: c.Ancestor}})
			}
			for _, e := range c.Entries {
				rows = append(rows, n.chainRows(e.Block, receiptsObject(e.Receipts))...)
			}
			tip := c.Entries[len(c.Entries)-1].State
			if err := n.recordChain(rows, tip.Height); err != nil {
				n.log.Error("chain rows not recorded", "height", tip.Height, "err", err)
			}
			if below := tip.FinalizedHeight - consensus.Window; below > 0 && below%16 == 0 {
				if err := n.store.PruneStates(below); err != nil {
					n.log.Warn("states not pruned", "below", below, "err", err)
				}
			}
		}
	}
}

// recordChain records rows and then notes up to which height that has been done.
func (n *Node) recordChain(rows []olap.Row, height int64) error {
	if len(rows) > 0 {
		if err := n.recorder.Record(rows...); err != nil {
			return err
		}
	}
	return n.store.PutMeta(metaIngested, strconv.AppendInt(nil, height, 10))
}

// catchUpRecords writes the chain rows that a crash kept from being written. Rows are idempotent.
func (n *Node) catchUpRecords(ctx context.Context) error {
	var done int64
	data, err := n.store.Meta(metaIngested)
	if err == nil {
		done, err = strconv.ParseInt(string(data), 10, 64)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	height, _ := n.store.Tip()
	if done > height { // the chain is shorter than it was
		if err := n.recordChain([]olap.Row{{Rollback: &olap.Rollback{Height: height}}}, height); err != nil {
			return err
		}
	}
	for h := done + 1; h <= height; h++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b, err := n.store.Block(h)
		if err != nil {
			return err
		}
		receipts, err := n.store.Receipts(h)
		if err != nil {
			return err
		}
		if err := n.recordChain(n.chainRows(b, receipts), h); err != nil {
			return err
		}
	}
	return nil
}

// chainRows returns the rows of a block's acceptances. The effective increment is in no transaction: it comes from
// the block's receipts.
func (n *Node) chainRows(b *chain.Block, receipts *canon.Object) []olap.Row {
	effective := map[string]float64{}
	if list, err := receipts.List("transactions"); err == nil {
		for _, e := range list {
			if o, ok := e.(*canon.Object); ok {
				id, err1 := o.String("tx_id")
				v, err2 := o.Float("effective_increment")
				if err := errors.Join(err1, err2); err == nil {
					effective[id] = v
				}
			}
		}
	}
	var rows []olap.Row
	for _, tx := range b.Transactions {
		if tx.Type != consensus.TxAccepted {
			continue
		}
		row := olap.ChainOptimaeOf(olap.Acceptance{DomainID: tx.DomainID, PeerID: tx.PeerID, TxID: tx.ID,
			BlockHeight: b.Header.Index, BlockTimestamp: b.Header.Timestamp.ISO(), BlockHash: b.Hash,
			Payload: tx.Payload, IngestedAt: stamp.FromTime(n.now()).ISO()})
		if v, ok := effective[tx.ID]; ok {
			row.EffectiveIncrement = &v
		}
		rows = append(rows, olap.Row{Optimae: &row})
	}
	return rows
}

// writeGenesis stores a genesis file made by this node, so that a restart joins the same network.
func writeGenesis(path string, g *chain.Genesis) error {
	if err := writeFileAtomic(path, append(canon.AppendIndent(nil, g.Object()), '\n')); err != nil {
		return fmt.Errorf("genesis file: %w", err)
	}
	return nil
}
