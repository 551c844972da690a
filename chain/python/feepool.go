package python

import (
	"cmp"
	"slices"
)

// PooledTx is a transaction that waits for a block.
type PooledTx struct {
	ID, Type string
	Fee      float64
	Arrival  float64 // Unix seconds
}

// isOptimae reports whether a pooled transaction needs a stake instead of a fee.
func isOptimae(txType string) bool { return txType == "optimae_commit" || txType == "optimae_reveal" }

// compare orders the pool: the highest fee first, then by arrival and id.
func (t PooledTx) compare(o PooledTx) int {
	return cmp.Or(cmp.Compare(o.Fee, t.Fee), cmp.Compare(t.Arrival, o.Arrival), cmp.Compare(t.ID, o.ID))
}

// PoolSize returns the number of waiting transactions.
func (m *FeeMarket) PoolSize() int { return len(m.pool) }

// AddToPool lets a transaction wait if its fee suffices, its peer (unless empty) is within
// its rate, and there is room. A full pool drops its lowest fee for a higher one; the
// reference means to, but compares the wrong way round.
func (m *FeeMarket) AddToPool(t PooledTx, peer string) (ok bool, reason string) {
	optimae := isOptimae(t.Type)
	if ok, reason = m.Validate(t.Fee, optimae); !ok {
		return false, reason
	}
	if peer != "" {
		if ok, reason = m.CheckRate(peer, optimae, t.Arrival); !ok {
			return false, reason
		}
	}
	if n := len(m.pool); n >= MempoolLimit {
		if t.Fee <= m.pool[n-1].Fee {
			return false, "Mempool full and fee too low"
		}
		m.pool = m.pool[:n-1]
	}
	m.insert(t)
	return true, ""
}

func (m *FeeMarket) insert(t PooledTx) {
	i, _ := slices.BinarySearchFunc(m.pool, t, PooledTx.compare)
	m.pool = slices.Insert(m.pool, i, t)
}

// TakeBlock removes and returns the first transactions, at most limit, or the maximum block
// size if limit is 0.
func (m *FeeMarket) TakeBlock(limit int) []PooledTx {
	if limit <= 0 {
		limit = int(m.cfg.MaxBlockSize)
	}
	n := min(limit, len(m.pool))
	taken := slices.Clone(m.pool[:n])
	m.pool = slices.Delete(m.pool, 0, n)
	return taken
}

// ReturnToPool lets transactions wait again, as arrived at now, without any check.
func (m *FeeMarket) ReturnToPool(txs []PooledTx, now float64) {
	for _, t := range txs {
		t.Arrival = now
		m.insert(t)
	}
}
