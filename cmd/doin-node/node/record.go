package node

import (
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/internal/canon"
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

// committed is called by the event loop after blocks were stored: runChainRows writes their rows.
func (n *Node) committed(c engine.Commit) {
	tip := c.Entries[len(c.Entries)-1]
	n.log.Info("block", "height", tip.State.Height, "hash", tip.State.Tip, "generator", tip.State.Generator,
		"transactions", len(tip.Block.Transactions), "sum", tip.Block.Header.WeightedPerformanceSum, "finalized", tip.State.FinalizedHeight)
	n.metrics.blocks.Add(float64(len(c.Entries)))
	n.earn(c)
	n.stored.add(c.Ancestor)
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

// writeGenesis stores a genesis file made by this node, so that a restart joins the same network.
func writeGenesis(path string, g *chain.Genesis) error {
	if err := writeFileAtomic(path, append(canon.AppendIndent(nil, g.Object()), '\n')); err != nil {
		return fmt.Errorf("genesis file: %w", err)
	}
	return nil
}
