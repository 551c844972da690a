package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/mempool"
	"doin.network/node/chain/protocol"
)

// offerTx takes a transaction that came by no message; it is verified unless Verify has done that.
func (e *Engine) offerTx(ev protocol.Submit) error {
	if e.pool.Has(ev.Tx.ID) {
		return late("transaction is pending")
	}
	stx, ok := ev.Payload.(*signedTx)
	if !ok || stx.tx != ev.Tx {
		var err error
		if stx, err = verifiedTx(ev.Tx, e.rules.Network); err != nil {
			return err
		}
	}
	return e.submit(stx, true)
}

// submit checks a verified transaction against the tip and pools it; broadcast tells the others.
func (e *Engine) submit(stx *signedTx, broadcast bool) error {
	tx := stx.tx
	if e.pool.Has(tx.ID) {
		return late("transaction is pending")
	}
	if err := consensus.RecheckTx(e.tip, tx, e.now); err != nil && !errors.Is(err, consensus.ErrEarly) {
		return err
	}
	if st := stx.st; st != nil && e.isPassed(st.Base) { // the chain says only that it does not know the base
		return fmt.Errorf("%w: %w: base %.12s is itself", consensus.ErrTx, consensus.ErrSuperseded, st.Base)
	}
	if err := e.crowds(tx); err != nil {
		return err
	}
	if err := e.pool.Add(tx, consensus.Key(tx), consensus.Fee(tx), e.now); err != nil {
		if errors.Is(err, mempool.ErrKnown) || errors.Is(err, mempool.ErrDuplicateKey) ||
			errors.Is(err, mempool.ErrFull) || errors.Is(err, mempool.ErrRateLimited) {
			return late("%v", err)
		}
		return err
	}
	if stx.st != nil {
		e.dirty = true
	}
	if broadcast {
		e.message(chain.MsgTransaction, transactionPayload(tx))
	}
	e.pooled(stx)
	return nil
}

// pooled notes what a transaction that waits now decides.
func (e *Engine) pooled(stx *signedTx) {
	id := consensus.Optimae(stx.tx)
	if id == "" {
		return
	}
	if c := e.claims[id]; c != nil {
		e.setRecorded(c, true)
	}
	if stx.st == nil {
		e.decide(stx.tx, false)
		return
	}
	e.decide(stx.tx, len(stx.st.Votes) == 1 && stx.st.Votes[0].EvaluatorID == stx.st.OptimizerID)
	e.record(stx.tx, stx.st)
	e.unpark()
}

// receiveTransaction pools a transaction of the network. A peer on another branch, or one block ahead, may honestly hold what
// we must refuse: it is not pooled, and nobody is punished.
func (e *Engine) receiveTransaction(stx *signedTx) error {
	if e.tip.Included(stx.tx.ID) {
		return late("transaction is in the chain")
	}
	err := e.submit(stx, false)
	if errors.Is(err, consensus.ErrTx) {
		return late("%v", err)
	}
	return err
}

// improvements lists the acceptances that wait, in the order in which a block takes them.
func (e *Engine) improvements() []*chain.Tx {
	return e.pending()[:e.pool.Count(consensus.TxAccepted)] // they come first
}

// pending lists the pool in its order, but of acceptances of one domain the best first: what improves on the same base
// excludes each other, and every node expects the best of them to win.
func (e *Engine) pending() []*chain.Tx {
	txs := e.pool.Pending()
	var places []int
	var accepted []*chain.Tx
	for i, tx := range txs {
		if tx.Type == consensus.TxAccepted {
			places, accepted = append(places, i), append(accepted, tx)
		}
	}
	performance := func(tx *chain.Tx) float64 {
		v, _ := tx.Payload.Float("verified_performance")
		return v
	}
	slices.SortFunc(accepted, func(a, b *chain.Tx) int {
		return cmp.Or(cmp.Compare(a.DomainID, b.DomainID), cmp.Compare(performance(b), performance(a)), cmp.Compare(consensus.Key(a), consensus.Key(b)))
	})
	for i, place := range places {
		txs[place] = accepted[i]
	}
	return txs
}

// build makes a block when the pending increments suffice and this node's turn has come: a generator of rank r
// gives the r before it RankDelay each. A lone generator makes blocks only if the genesis file says solo.
func (e *Engine) build() {
	if e.syncing {
		return
	}
	generators := e.tip.Generators()
	if len(generators) < 2 && !e.rules.Solo || !slices.Contains(generators, e.key.PeerID()) {
		return
	}
	if !e.dirty && e.readySince == 0 && e.now < e.dryUntil {
		return
	}
	rank := int64(slices.Index(consensus.Rank(e.tip.Tip, generators), e.key.PeerID()))
	if e.readySince != 0 && e.now < e.readySince+rank*e.cfg.RankDelay {
		return
	}
	// Whether it suffices is the acceptances' to say; the others are looked at once, when this node's turn has come.
	var built *consensus.Built
	err := consensus.Ready(e.tip, e.improvements(), e.now, e.key.PeerID())
	if e.dirty = false; err == nil && (rank == 0 || e.readySince != 0) {
		built, err = consensus.Build(e.tip, e.pending(), e.now, e.key)
	}
	if err != nil {
		if !errors.Is(err, consensus.ErrBelowThreshold) {
			e.notice(true, "block not built", "height", e.tip.Height+1, "err", err)
		}
		// The requirement falls with every target time; nothing else changes by waiting.
		target := e.rules.TargetBlockTime
		e.dryUntil = e.tip.TipTime + ((e.now-e.tip.TipTime)/target+1)*target
		e.readySince = 0
		return
	}
	if built == nil {
		e.readySince = e.now
		return
	}
	if err := e.adopt(e.tip.Height, []step{{built.Block, built.State, built.Receipts}}); err != nil {
		e.notice(true, "own block not adopted", "err", err)
		return
	}
	e.announce(built.Block)
}
