package rows

import (
	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// blockRow is the row of a block with what the chain's other tables hold of it: decisions with their votes, and money. What a
// payload does not have in the form of the strict rules is left out.
func blockRow(b *chain.Block, receipts *canon.Object, ingested string) *olap.Block {
	h, at := &b.Header, b.Header.Timestamp.ISO()
	row := &olap.Block{Height: h.Index, Hash: b.Hash, Previous: h.PreviousHash, Timestamp: at, Generator: h.GeneratorID,
		Transactions: int64(len(b.Transactions)), Weight: h.WeightedPerformanceSum, Threshold: h.Threshold,
		Reward: amount(receipts, "block_reward"), Fees: amount(receipts, "fees"), Supply: amount(receipts, "supply"), IngestedAt: ingested}
	seen := map[string]bool{}
	name := func(peer string) {
		if peer != "" && !seen[peer] {
			seen[peer] = true
			row.Nodes = append(row.Nodes, olap.NodeInfo{ID: peer, FirstSeen: at})
		}
	}
	if h.Index > 0 {
		name(h.GeneratorID)
	}
	for _, tx := range b.Transactions {
		name(tx.PeerID)
		switch tx.Type {
		case chain.TxOptimaeAccepted, chain.TxOptimaeRejected:
			decide(row, tx, at)
		case chain.TxTransfer:
			transfer(row, tx, at)
		}
	}
	outputs, _ := receipts.ListOr("outputs", nil) // none where there are no receipts
	for _, e := range outputs {
		o, ok := e.(*canon.Object)
		if !ok {
			continue
		}
		to, kind := text(o, "recipient"), text(o, "reason")
		if n := amount(o, "amount"); n != nil && to != "" {
			row.Money = append(row.Money, olap.Money{PeerID: to, Kind: kind, Amount: *n})
		}
	}
	for i := range row.Money {
		m := &row.Money[i]
		m.BlockHeight, m.Index, m.BlockTime = h.Index, int64(i), at
	}
	for i := range row.Votes {
		name(row.Votes[i].EvaluatorID)
	}
	return row
}

// decide adds the row of a decision and those of the votes on it.
func decide(row *olap.Block, tx *chain.Tx, at string) {
	d := olap.Decision{OptimaeID: text(tx.Payload, "optimae_id"), DomainID: tx.DomainID, OptimizerID: tx.PeerID,
		Accepted: tx.Type == chain.TxOptimaeAccepted, TxID: tx.ID, BlockHeight: row.Height, BlockTime: at}
	claim := tx.Payload
	if reveal, err := tx.Payload.Object("reveal"); err == nil { // a rejection holds the claim as its author signed it
		d.OptimizerID = text(reveal, "sender_id")
		if p, err := reveal.Object("payload"); err == nil {
			claim = p
		}
	}
	d.Digest, d.Base, d.Reason = text(claim, "digest"), text(claim, "base"), text(tx.Payload, "reason")
	d.Reported, d.Verified = number(claim, "reported_performance"), number(claim, "verified_performance")
	if d.Reported == nil {
		d.Reported = number(claim, "performance")
	}
	votes, _ := tx.Payload.ListOr("votes", nil) // none in the reference's form
	for _, e := range votes {
		o, ok := e.(*canon.Object)
		if !ok {
			continue
		}
		v := olap.Vote{OptimaeID: d.OptimaeID, EvaluatorID: text(o, "evaluator_id"), DomainID: tx.DomainID, Performance: number(o, "verified_performance"),
			Digest: text(o, "digest"), TxID: tx.ID, BlockHeight: row.Height, BlockTime: at}
		v.Agree = d.Digest != "" && v.Digest == d.Digest
		if v.Agree {
			d.Agree++
		}
		if d.Votes++; v.EvaluatorID != "" && d.OptimaeID != "" {
			row.Votes = append(row.Votes, v)
		}
	}
	if !d.Accepted && d.Reason == "" {
		d.Reason = "no quorum found what was claimed"
	}
	if d.OptimaeID != "" {
		row.Decisions = append(row.Decisions, d)
	}
}

// transfer adds what a transfer took and gave.
func transfer(row *olap.Block, tx *chain.Tx, at string) {
	n := amount(tx.Payload, "amount")
	if n == nil {
		return
	}
	row.Money = append(row.Money,
		olap.Money{PeerID: text(tx.Payload, "sender"), Kind: "transfer", Amount: -*n, TxID: tx.ID},
		olap.Money{PeerID: text(tx.Payload, "recipient"), Kind: "transfer", Amount: *n, TxID: tx.ID})
	if fee := amount(tx.Payload, "fee"); fee != nil && *fee != 0 {
		row.Money = append(row.Money, olap.Money{PeerID: text(tx.Payload, "sender"), Kind: "fee", Amount: -*fee, TxID: tx.ID})
	}
}

func text(o *canon.Object, key string) string {
	s, _ := o.StringOr(key, "") // another type is as good as none
	return s
}

func number(o *canon.Object, key string) *float64 {
	x, err := o.Float(key)
	if err != nil || x-x != 0 {
		return nil
	}
	return &x
}

func amount(o *canon.Object, key string) *int64 {
	n, err := o.Int(key)
	if err != nil {
		return nil
	}
	return &n
}
