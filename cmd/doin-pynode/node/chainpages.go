package node

import (
	"context"

	"doin.network/node/chain"
	"doin.network/node/chain/python/engine"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// maxPageBlocks is how many blocks below the tip the pages look at: what a browser asks every few seconds must not read a long
// chain.
const maxPageBlocks = 2000

// chain is the last blocks, in ascending order.
func (p *pages) chain(ctx context.Context, limit int) (any, error) {
	height, _ := p.n.store.Tip()
	list := []any{}
	err := p.blocks(ctx, height+1-int64(min(limit, maxPageBlocks)), func(b *chain.Block) {
		txs := []any{}
		for _, tx := range b.Transactions {
			txs = append(txs, canon.NewObject("id", clip(tx.ID, shortHash), "tx_type", tx.Type, "domain_id", tx.DomainID,
				"peer_id", clip(tx.PeerID, shortID), "timestamp", tx.Timestamp.ISO(), "payload", withoutModel(tx.Payload)))
		}
		h := &b.Header
		list = append(list, canon.NewObject("index", h.Index, "hash", clip(b.Hash, shortHash), "previous_hash", clip(h.PreviousHash, shortHash),
			"timestamp", h.Timestamp.ISO(), "generator_id", clip(h.GeneratorID, shortID), "weighted_sum", h.WeightedPerformanceSum,
			"threshold", h.Threshold, "tx_count", int64(len(b.Transactions)), "transactions", txs))
	})
	return canon.NewObject("height", height+1, "blocks", list), err
}

// blocks calls f for the blocks from a height to the tip. A reorganisation meanwhile may end it early.
func (p *pages) blocks(ctx context.Context, from int64, f func(*chain.Block)) error {
	const step = 50
	for from = max(from, 0); ; from += step {
		list, err := p.n.store.Blocks(from, from+step-1)
		if err != nil {
			return err
		}
		for _, b := range list {
			f(b)
		}
		if len(list) < step || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// withoutModel is a payload without the model inside its parameters.
func withoutModel(payload *canon.Object) *canon.Object {
	out := canon.NewObject()
	for key, v := range payload.All() {
		if o, ok := v.(*canon.Object); ok && o.Has(engine.ModelMember) {
			o = o.Clone()
			o.Delete(engine.ModelMember)
			v = o
		}
		if key != engine.ModelMember {
			out.Set(key, v)
		}
	}
	return out
}

// errors are the six mean absolute errors of a full record.
var errorKeys = []string{"val_mae", "train_mae", "val_naive_mae", "train_naive_mae", "test_mae", "test_naive_mae"}

// better reports whether a is strictly better than b in the domain.
func (p *pages) better(domain string, a, b float64) bool {
	if p.n.domain(domain).HigherIsBetter {
		return a > b
	}
	return a < b
}

// champion is the best full record of a domain among the last blocks.
type champion struct {
	block   int64
	value   float64
	payload *canon.Object
}

func (p *pages) champions(ctx context.Context) (map[string]champion, error) {
	best := map[string]champion{}
	height, _ := p.n.store.Tip()
	err := p.blocks(ctx, height+1-maxPageBlocks, func(b *chain.Block) {
		for _, tx := range b.Transactions {
			value, err := tx.Payload.Float("verified_performance")
			if tx.Type != chain.TxOptimaeAccepted || err != nil {
				continue
			}
			if was, known := best[tx.DomainID]; !known || p.better(tx.DomainID, value, was.value) {
				best[tx.DomainID] = champion{b.Header.Index, value, tx.Payload}
			}
		}
	})
	return best, err
}

// metrics are the full records of the chain, each beside the best of its domain before it.
func (p *pages) metrics(ctx context.Context, limit int) (any, error) {
	list, by := []any{}, canon.NewObject()
	best, accepted, improved, total := map[string]float64{}, map[string]int64{}, map[string]int64{}, int64(0)
	improvements := int64(0)
	height, _ := p.n.store.Tip()
	err := p.blocks(ctx, height+1-maxPageBlocks, func(b *chain.Block) {
		for _, tx := range b.Transactions {
			value, err := tx.Payload.Float("verified_performance")
			if tx.Type != chain.TxOptimaeAccepted || err != nil {
				continue
			}
			var previous any
			before, known := best[tx.DomainID]
			if known {
				previous = before
			}
			better := !known || p.better(tx.DomainID, value, before)
			if better {
				best[tx.DomainID] = value
				improved[tx.DomainID]++
				improvements++
			}
			accepted[tx.DomainID]++
			total++
			peer := clip(tx.PeerID, shortID)
			count, _ := by.IntOr(peer, 0)
			by.Set(peer, count+1)
			o := canon.NewObject("champion_num", improved[tx.DomainID], "acceptance_num", accepted[tx.DomainID], "improvement_num", improved[tx.DomainID],
				"block_index", b.Header.Index, "transaction_id", clip(tx.ID, shortHash), "domain_id", tx.DomainID, "performance", value,
				"best_performance", best[tx.DomainID], "previous_best_performance", previous, "is_improvement", better, "peer_id", peer,
				"generator_id", clip(b.Header.GeneratorID, shortID), "timestamp", b.Header.Timestamp.ISO())
			for _, key := range append(errorKeys[:len(errorKeys):len(errorKeys)], "metric_evidence") {
				v, _ := tx.Payload.Get(key)
				o.Set(key, v)
			}
			list = append(list, o)
		}
	})
	list = last(list, limit)
	return canon.NewObject("metrics", list, "count", int64(len(list)),
		"candidate_evaluations", canon.NewObject("total_committed", total, "by_peer", by), "champion_improvements", improvements), err
}

// evaluations are the tasks of the queue, those that wait and those that were completed last.
func (p *pages) evaluations(ctx context.Context, limit int) (any, error) {
	tasks, pending, err := stack.Tasks{S: p.n.stack}.Pending(ctx, nil, limit)
	if err != nil {
		return nil, err
	}
	waiting, done := []any{}, []any{}
	for _, t := range tasks {
		waiting = append(waiting, evaluation(t, "reported_performance"))
	}
	view := p.n.loop.View()
	for i := range view.Done[:min(len(view.Done), max(limit, 0))] {
		done = append(done, evaluation(view.Done[i].Object(), "verified_performance"))
	}
	return canon.NewObject("pending_count", int64(pending), "completed_count", int64(view.Tasks.Completed), "pending", waiting, "completed", done), nil
}

// evaluation is a task's line, with one of its two performances.
func evaluation(t *canon.Object, performance string) *canon.Object {
	id, _ := t.StringOr("id", "")
	created, _ := t.Get("created_at")
	if at, err := timestamp.Parse(created); err == nil {
		created = at.ISO()
	}
	domain, _ := t.Get("domain_id")
	status, _ := t.Get("status")
	value, _ := t.Get(performance)
	return canon.NewObject("task_id", clip(id, shortID), "domain_id", domain, "status", status, "submitter", "", "created_at", created,
		"claimed_by", "", "performance", value)
}
