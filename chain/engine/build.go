package engine

import (
	"errors"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/mempool"
)

// submit checks a transaction against the tip and pools it; broadcast tells the others.
func (e *Engine) submit(tx *chain.Tx, broadcast bool) error {
	if e.pool.Has(tx.ID) {
		return late("transaction is pending")
	}
	if err := consensus.CheckTx(e.tip, tx, e.now); err != nil && !errors.Is(err, consensus.ErrEarly) {
		return err
	}
	if err := e.pool.Add(tx, consensus.Key(tx), consensus.Fee(tx), e.now); err != nil {
		if errors.Is(err, mempool.ErrKnown) || errors.Is(err, mempool.ErrDuplicateKey) ||
			errors.Is(err, mempool.ErrFull) || errors.Is(err, mempool.ErrRateLimited) {
			return late("%v", err)
		}
		return err
	}
	e.dirty = true
	if id, _ := tx.Payload.StringOr("optimae_id", ""); id != "" {
		if c := e.claims[id]; c != nil {
			c.accepted, c.rejected = tx.Type == consensus.TxAccepted, tx.Type == consensus.TxRejected
		}
	}
	if broadcast {
		e.message(chain.MsgTransaction, transactionPayload(tx))
	}
	return nil
}

func (e *Engine) receiveTransaction(m *chain.Message) error {
	tx, err := parseTransaction(m)
	if err != nil {
		return err
	}
	if e.tip.Included(tx.ID) {
		return late("transaction is in the chain")
	}
	err = e.submit(tx, false)
	// A peer on another branch, or one block ahead, may honestly hold what we must refuse: not pooled, and
	// punished only if the transaction could never be valid.
	if errors.Is(err, consensus.ErrTx) && tx.ValidateBasic() == nil && chain.VerifyTx(tx, e.rules.Network) == nil {
		return late("%v", err)
	}
	return err
}

// build makes a block when the pending increments suffice and this node's turn has come: a generator of rank r
// gives the r before it RankDelay each.
func (e *Engine) build() {
	generators := e.tip.Generators()
	if len(generators) < 2 || !slices.Contains(generators, e.key.PeerID()) {
		return
	}
	if !e.dirty && e.readySince == 0 && e.now < e.dryUntil {
		return
	}
	rank := int64(slices.Index(consensus.Rank(e.tip.Tip, generators), e.key.PeerID()))
	if e.readySince != 0 && e.now < e.readySince+rank*e.cfg.RankDelay {
		return
	}
	built, err := consensus.Build(e.tip, e.pool.Pending(), e.now, e.key)
	e.dirty = false
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
	if e.readySince == 0 {
		e.readySince = e.now
		if rank > 0 {
			return
		}
	}
	entry := Entry{Block: built.Block, State: built.State, Receipts: built.Receipts}
	if err := e.adopt(e.tip.Height, []Entry{entry}); err != nil {
		e.notice(true, "own block not adopted", "err", err)
		return
	}
	e.announce(built.Block)
}
