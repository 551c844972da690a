package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// Reasons why a branch is not adopted.
var (
	// ErrOrphan: the branch does not begin in our chain.
	ErrOrphan = errors.New("engine: branch does not link to our chain")
	// ErrFinalized: the branch leaves our chain below the finalized block.
	ErrFinalized = errors.New("engine: branch would undo a finalized block")
	// ErrFuture: a block's timestamp is too far ahead of our clock; it may be offered again.
	ErrFuture = errors.New("engine: block from the future")
)

// addBlocks validates a branch completely before anything changes, and adopts it if it is our chain's
// continuation or the better one.
func (e *Engine) addBlocks(from string, branch []*chain.Block) (bool, error) {
	for len(branch) > 0 && e.holds(branch[0]) {
		branch = branch[1:]
	}
	if len(branch) == 0 {
		return false, nil
	}
	ancestor := branch[0].Header.Index - 1
	if h, ok := e.hash(ancestor); !ok || h != branch[0].Header.PreviousHash {
		return false, fmt.Errorf("%w: block %d", ErrOrphan, branch[0].Header.Index)
	}
	if ancestor < e.tip.FinalizedHeight {
		return false, fmt.Errorf("%w: fork at %d, finalized %d", ErrFinalized, ancestor, e.tip.FinalizedHeight)
	}
	state, err := e.state(ancestor)
	if err != nil {
		return false, err
	}
	steps := make([]step, 0, len(branch))
	for _, b := range branch {
		if b.Header.Timestamp.Micro() > e.now+e.cfg.MaxDrift {
			return false, fmt.Errorf("%w: block %d of %s", ErrFuture, b.Header.Index, b.Header.Timestamp.ISO())
		}
		next, receipts, err := consensus.Apply(state, b)
		if err != nil {
			e.penalize(from, err)
			return false, fmt.Errorf("%w: %w", protocol.ErrBlock, err)
		}
		steps = append(steps, step{b, next, receipts})
		state = next
	}
	if ancestor < e.tip.Height {
		ours, err := e.block(ancestor + 1)
		if err != nil {
			return false, err
		}
		if !consensus.Better(state, e.tip, branch[0], ours) {
			return false, nil
		}
	}
	return true, e.adopt(ancestor, steps)
}

// step is a block with what Apply or Build made of it.
type step struct {
	block    *chain.Block
	state    *consensus.State
	receipts *consensus.Receipts
}

// stateEvery: of a long branch, as a node gets it that comes late, the state is stored after every so many blocks and after the
// last one. The others are made again where they are needed.
const stateEvery = 32

// entry is the stored form of a step, with or without the state after it.
func (e *Engine) entry(s step, keep bool) protocol.Entry {
	var earned int64
	for _, o := range s.receipts.Outputs {
		if o.Recipient == e.key.PeerID() {
			earned += o.Amount
		}
	}
	out := protocol.Entry{Block: s.block, Receipts: s.receipts.AppendCanonical(nil), Earned: earned}
	if keep {
		out.State = s.state.AppendCanonical(nil)
	}
	return out
}

// adopt makes steps the chain above ancestor.
func (e *Engine) adopt(ancestor int64, steps []step) error {
	var dropped []*chain.Block
	for h := ancestor + 1; h <= e.tip.Height; h++ {
		b, err := e.block(h)
		if err != nil {
			return err
		}
		dropped = append(dropped, b)
	}
	for _, b := range dropped {
		delete(e.states, b.Header.Index)
		delete(e.blocks, b.Header.Index)
	}
	final := e.tip.FinalizedHeight
	entries := make([]protocol.Entry, len(steps))
	for i, s := range steps {
		entries[i] = e.entry(s, len(steps) <= stateEvery || i == len(steps)-1 || s.state.Height%stateEvery == 0)
	}
	e.emit(protocol.Commit{Ancestor: ancestor, Entries: entries, Dropped: dropped})
	if len(dropped) > 0 {
		e.notice(true, "chain reorganised", "ancestor", ancestor, "dropped", len(dropped), "adopted", len(entries))
	}
	for _, s := range steps {
		e.tip = s.state
		e.states[s.state.Height] = s.state
		e.blocks[s.state.Height] = s.block
		e.settled(s)
		e.anchor(final, s.state)
		final = s.state.FinalizedHeight
	}
	for h := range e.states {
		if h <= e.tip.Height-keepStates {
			delete(e.states, h)
			delete(e.blocks, h)
		}
	}
	e.alone = e.nobodyElse()
	e.move()
	e.dirty, e.readySince, e.dryUntil = true, 0, 0
	e.readd(dropped)
	var changed touched // by a reorganisation everything: whom the dropped blocks paid nobody says
	if len(dropped) == 0 {
		changed = touched{}
		for _, s := range steps {
			changed.add(s)
		}
	}
	e.prunePool(changed)
	e.passClaims()
	e.unpark()
	return nil
}

// settled ends the claims that a block of the chain decides.
func (e *Engine) settled(s step) {
	for i, tx := range s.block.Transactions {
		e.pool.Remove(tx.ID)
		r := s.receipts.Tx[i]
		if r.OptimaeID == "" {
			continue
		}
		e.decide(tx, r.Solo)
		stage, reason := protocol.Accepted, ""
		if tx.Type == consensus.TxRejected {
			stage = protocol.Rejected
			reason, _ = tx.Payload.StringOr("reason", "")
		}
		e.pool.RemoveKey(consensus.OptimaeKey(r.OptimaeID))
		e.unrecord(r.OptimaeID)
		delete(e.passed, r.OptimaeID)
		e.drop(r.OptimaeID, stage, reason)
		if p := e.ownProposal(r.OptimaeID); p != nil { // an earlier life of this node revealed it
			e.end(p, stage, reason)
		}
	}
}

// readd lets wait again what the new chain does not hold. Its signatures have been verified with its block.
func (e *Engine) readd(dropped []*chain.Block) {
	for _, b := range dropped {
		for _, tx := range b.Transactions {
			if err := consensus.RecheckTx(e.tip, tx, e.now); err != nil && !errors.Is(err, consensus.ErrEarly) {
				continue
			}
			if err := e.pool.Readd(tx, consensus.Key(tx), consensus.Fee(tx), e.now); err != nil {
				e.notice(true, "dropped transaction not pooled again", "tx", short(tx.ID), "err", err)
				continue
			}
			if tx.Type == consensus.TxAccepted {
				if st, err := consensus.ParseAcceptance(tx); err == nil {
					e.record(tx, st)
				}
			}
		}
	}
}

// anchor asks for anchors of the blocks that s finalizes above height final. A block that can still be
// reorganised away must not be anchored: the record could never be taken back.
func (e *Engine) anchor(final int64, s *consensus.State) {
	n := e.cfg.AnchorInterval
	for _, r := range s.Recent {
		if n > 0 && r.Height > max(0, final) && r.Height <= s.FinalizedHeight && r.Height%n == 0 {
			e.emit(protocol.AnchorDue{Height: r.Height, Hash: r.Hash})
		}
	}
}

// holds reports whether a block is part of our chain.
func (e *Engine) holds(b *chain.Block) bool {
	h, ok := e.hash(b.Header.Index)
	return ok && h == b.Hash
}

func (e *Engine) hash(height int64) (string, bool) {
	if height == e.tip.Height {
		return e.tip.Tip, true
	}
	if height < 0 || height > e.tip.Height {
		return "", false
	}
	if s := e.states[height]; s != nil {
		return s.Tip, true
	}
	return e.history.Hash(height)
}

func (e *Engine) block(height int64) (*chain.Block, error) {
	if b := e.blocks[height]; b != nil {
		return b, nil
	}
	return e.history.Block(height)
}

// state returns the state after a block of our chain: held, stored, or made again from the newest one before it that is.
func (e *Engine) state(height int64) (*consensus.State, error) {
	var state *consensus.State
	at := height
	for ; ; at-- {
		if state = e.states[at]; state != nil {
			break
		}
		data, err := e.history.State(at)
		if err == nil {
			state, err = consensus.ParseState(data, e.rules)
		}
		if err == nil {
			break
		}
		if at == 0 || height-at > 2*stateEvery {
			return nil, fmt.Errorf("state at %d: %w", height, err)
		}
	}
	for at < height {
		at++
		b, err := e.block(at)
		if err != nil {
			return nil, fmt.Errorf("state at %d: %w", height, err)
		}
		if state, _, err = consensus.Apply(state, b); err != nil {
			return nil, fmt.Errorf("state at %d: block %d: %w", height, at, err)
		}
	}
	return state, nil
}

// receiveAnnouncement asks for a block that this node lacks.
func (e *Engine) receiveAnnouncement(sender string, a *announcedBlock) error {
	if a.index <= e.tip.FinalizedHeight {
		return late("announcement below the finalized block")
	}
	if h, ok := e.hash(a.index); ok && h == a.hash {
		return nil
	}
	e.emit(protocol.Fetch{Peer: sender, Height: a.index, Hash: a.hash})
	return nil
}

// announce tells everybody about a block of ours.
func (e *Engine) announce(b *chain.Block) {
	e.message(chain.MsgBlockAnnouncement, canon.NewObject(
		"block_index", b.Header.Index, "block_hash", b.Hash, "previous_hash", b.Header.PreviousHash,
		"generator_id", b.Header.GeneratorID, "transaction_count", int64(len(b.Transactions)),
		"weighted_performance_sum", b.Header.WeightedPerformanceSum, "threshold", b.Header.Threshold))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
