package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

// maxGaps is how many transfers of one sender may wait for an earlier one that is not here, maxGapsAll how many of all.
const (
	maxGaps    = 8
	maxGapsAll = 512
)

// maxPlain bounds what a transaction takes that says little: a transfer, a registration, a report. What a recipe is in, or a
// domain, may be larger.
const maxPlain = 8 << 10

// crowds says why a transaction that could stand in a block one day would only take room now: one that is padded, a transfer of
// money that its sender's others have spent, or behind too many gaps, and a report of a forecast behind more than the next blocks take.
func (e *Engine) crowds(tx *chain.Tx) error {
	switch tx.Type {
	case consensus.TxAccepted, consensus.TxRejected, consensus.TxAdded:
	default:
		if n := canon.Memory(tx.Payload); n > maxPlain {
			return late("a %s whose payload takes %d bytes, most is %d", tx.Type, n, maxPlain)
		}
	}
	switch tx.Type {
	case consensus.TxTask:
		if e.pool.Count(tx.Type) >= maxTasks {
			return late("%d reports of forecasts are waiting", maxTasks)
		}
		of := 0
		for _, o := range e.pool.Of(tx.PeerID) {
			if o.Type == tx.Type {
				of++
			}
		}
		if of >= maxTasksOf {
			return late("%d reports of forecasts of their author are waiting", of)
		}
	case consensus.TxTransfer:
		spent, gaps := e.sender(tx.PeerID, tx)
		if spent > e.tip.Ledger.Balance(tx.PeerID) {
			return late("waiting transfers of %.12s spend more than it has", tx.PeerID)
		}
		before := e.gaps[tx.PeerID]
		if gaps > before && (gaps > maxGaps || e.gapsAll+gaps-before > maxGapsAll) {
			return late("too many transfers wait for earlier ones")
		}
		e.setGaps(tx.PeerID, gaps)
	}
	return nil
}

// sender adds up what the waiting transfers of a peer, with one more, spend, and how many of them wait for an earlier one that
// is not here.
func (e *Engine) sender(peer string, more *chain.Tx) (spent int64, gaps int) {
	nonces := map[int64]bool{}
	for _, tx := range append(e.pool.Of(peer), more) {
		if tx == nil {
			continue
		}
		t, ok := consensus.Transfer(tx)
		if !ok || nonces[t.Nonce] {
			continue
		}
		nonces[t.Nonce] = true
		if spent += t.Amount + t.Fee; spent < 0 { // beyond all money
			spent = 1 << 62
		}
	}
	here := 0
	for n := e.tip.Ledger.Nonce(peer) + 1; nonces[n]; n++ {
		here++
	}
	return spent, len(nonces) - here
}

func (e *Engine) setGaps(peer string, gaps int) {
	e.gapsAll += gaps - e.gaps[peer]
	if e.gaps[peer] = gaps; gaps == 0 {
		delete(e.gaps, peer)
	}
}

// touched are the peers whose accounts or registrations blocks may have changed.
type touched map[string]bool

func (t touched) add(s step) {
	for i, tx := range s.block.Transactions {
		t[tx.PeerID] = true
		t[s.receipts.Tx[i].OptimizerID] = true // a rejection burns
		if transfer, ok := consensus.Transfer(tx); ok {
			t[transfer.Recipient] = true
		}
	}
	for _, o := range s.receipts.Outputs {
		t[o.Recipient] = true
	}
}

// stale reports whether the new tip can have made a waiting transaction impossible: money and nonces change with their
// peer's account, a fee with the price; the rest, of which there is little, may depend on anything.
func (e *Engine) stale(tx *chain.Tx, changed touched) bool {
	switch tx.Type {
	case consensus.TxTransfer:
		return changed == nil || changed[tx.PeerID] || consensus.Fee(tx) < e.tip.BaseFee
	}
	return true
}
