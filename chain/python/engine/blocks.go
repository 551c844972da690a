package engine

import (
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/internal/canon"
)

// receiveAnnouncement asks for a chain that is taller than ours, or as tall with another tip.
func (e *Engine) receiveAnnouncement(m *chain.Message) error {
	index, err1 := m.Payload.Int("block_index")
	hash, err2 := m.Payload.String("block_hash")
	if err1 != nil || err2 != nil || index < 0 || !chain.IsHash(hash) {
		return fmt.Errorf("%w: announcement without index or hash", protocol.ErrBlock)
	}
	if e.links.at(index) == hash {
		e.shared.received(index)
		e.finalize()
		return nil
	}
	if index <= e.finality.Height() || index < e.links.height() {
		return nil
	}
	e.hold()
	e.emit(protocol.Fetch{Peer: m.SenderID, Height: index, Hash: hash})
	return nil
}

// CheckBlock says whether b may stand upon a chain of the given number of blocks with the given tip: the reference's
// append check with every id and hash recomputed, finite numbers, and a sum that reaches the block's own threshold. known
// reports whether the chain has a transaction. Errors match ErrBlock.
func CheckBlock(blocks int64, tip string, b *chain.Block, known func(id string) bool) error {
	if err := b.ValidateBasic(); err != nil {
		return fmt.Errorf("%w: block %d: %w", protocol.ErrBlock, b.Header.Index, err)
	}
	if err := python.CheckAppend(blocks, tip, b, known); err != nil {
		return fmt.Errorf("%w: block %d: %w", protocol.ErrBlock, b.Header.Index, err)
	}
	if h := &b.Header; h.Index > 0 && h.WeightedPerformanceSum < h.Threshold {
		return fmt.Errorf("%w: block %d: sum %v is below its threshold %v", protocol.ErrBlock, h.Index, h.WeightedPerformanceSum, h.Threshold)
	}
	return nil
}

// addBlocks adopts a branch if it is valid and wins: ErrBlock, ErrNotBetter, or a fault of the store.
func (e *Engine) addBlocks(branch []*chain.Block) error {
	if len(branch) == 0 {
		return nil
	}
	ancestor := branch[0].Header.Index - 1
	top := branch[len(branch)-1]
	switch {
	case ancestor < 0 || e.links.at(ancestor) != branch[0].Header.PreviousHash:
		return fmt.Errorf("%w: block %d follows none of ours", protocol.ErrNotBetter, branch[0].Header.Index)
	case top.Header.Index < e.links.height():
		return fmt.Errorf("%w: it is shorter", protocol.ErrNotBetter)
	case !e.finality.AllowsReorg(e.links.height()-ancestor, e.links.height()+1):
		return fmt.Errorf("%w: it leaves a finalized block", protocol.ErrNotBetter)
	}
	ours, err := e.above(ancestor)
	if err != nil {
		return err
	}
	if err := e.checkBranch(ancestor, branch, ours); err != nil {
		return err
	}
	if len(ours) > 0 && top.Header.Index == e.links.height() {
		if !e.score(ours).Less(e.score(branch)) {
			e.announceTip()
			return fmt.Errorf("%w: the score of ours is not lower", protocol.ErrNotBetter)
		}
	}
	e.shared.undone(ancestor)
	e.shared.received(top.Header.Index)
	return e.adopt(ancestor, branch, ours)
}

// above returns our blocks above a height.
func (e *Engine) above(height int64) (out []*chain.Block, err error) {
	for h := height + 1; h <= e.links.height(); h++ {
		b := e.links.tip
		if h < e.links.height() {
			if b, err = e.history.Block(h); err != nil {
				return nil, fmt.Errorf("read block %d: %w", h, err)
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// checkBranch validates a branch beside ours.
func (e *Engine) checkBranch(ancestor int64, branch, ours []*chain.Block) error {
	replaced := map[string]bool{}
	for _, b := range ours {
		for _, tx := range b.Transactions {
			replaced[tx.ID] = true
		}
	}
	seen := map[string]bool{}
	known := func(id string) bool { return seen[id] || e.links.knows(id) && !replaced[id] }
	tip := e.links.at(ancestor)
	for i, b := range branch {
		if err := CheckBlock(ancestor+1+int64(i), tip, b, known); err != nil {
			return err
		}
		if b.Header.Timestamp.Micro() > e.now+e.cfg.MaxDrift {
			return fmt.Errorf("%w: block %d is from the future", protocol.ErrBlock, b.Header.Index)
		}
		for _, tx := range b.Transactions {
			seen[tx.ID] = true
		}
		tip = b.Hash
	}
	return nil
}

// score is the reference's, of a branch: what both chains share decides nothing.
func (e *Engine) score(branch []*chain.Block) python.Score {
	var finalized *python.Checkpoint
	if c, ok := e.finality.Latest(); ok {
		finalized = &c
	}
	top := branch[len(branch)-1]
	return python.ScoreChain(top.Hash, top.Header.Index, branch, finalized)
}

// adopt makes a checked branch our chain.
func (e *Engine) adopt(ancestor int64, branch, ours []*chain.Block) error {
	parents := ours
	if len(ours) > 0 {
		b, err := e.history.Block(ancestor)
		if err != nil {
			return fmt.Errorf("read block %d: %w", ancestor, err)
		}
		parents = append([]*chain.Block{b}, ours...)
	}
	entries := make([]protocol.Entry, len(branch))
	for i, b := range branch {
		entries[i].Block = b
	}
	e.emit(protocol.Commit{Ancestor: ancestor, Entries: entries, Dropped: ours})
	for i := len(ours) - 1; i >= 0; i-- {
		e.links.pop(ours[i], parents[i])
	}
	for _, b := range branch {
		e.links.push(b)
		e.noteChampions(b)
	}
	e.finalize()
	for _, b := range ours {
		e.pending.restore(b.Hash)
	}
	e.settlePending()
	e.adoptNoted()
	return nil
}

// tell tells one peer our tip: who has just come and is lower would hear of it with the next block alone.
func (e *Engine) tell(peer string) {
	if e.links.height() < 1 {
		return
	}
	if m := e.message(chain.MsgBlockAnnouncement, e.announcement()); m != nil {
		e.emit(protocol.Send{Peer: peer, Message: m})
	}
}

// announceTip tells everybody our tip, at most once a second.
func (e *Engine) announceTip() {
	if e.links.height() < 1 || e.now < e.announced+Second {
		return
	}
	e.announced = e.now
	e.broadcast(chain.MsgBlockAnnouncement, e.announcement())
}

// announcement is the payload that names our tip.
func (e *Engine) announcement() *canon.Object {
	h := &e.links.tip.Header
	return canon.NewObject("block_index", h.Index, "block_hash", e.links.tip.Hash,
		"previous_hash", h.PreviousHash, "generator_id", h.GeneratorID, "transaction_count", int64(len(e.links.tip.Transactions)),
		"weighted_performance_sum", h.WeightedPerformanceSum, "threshold", h.Threshold)
}
