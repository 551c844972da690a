package engine

import (
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/python"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// item is what waits for the next block: an acceptance with its short and full record, or one other transaction.
type item struct {
	acceptance *python.Acceptance // nil for another transaction
	at         timestamp.Time     // of the acceptance's records
	tx         *chain.Tx          // the full record, or the other transaction
	bytes      int64              // of its transactions, set by add
}

// txBytes is what a transaction takes beside its payload.
const txBytes = 512

// size is the number of its transactions.
func (i *item) size() int {
	if i.acceptance != nil {
		return 2
	}
	return 1
}

// maxMinted is how many own blocks are remembered with their items, for a reorganisation that drops them.
const maxMinted = 64

// pending is what waits for the next block. proof holds the same, as the reference computes with it.
type pending struct {
	maxBytes int64 // of a block
	items    []item
	size     int   // transactions
	bytes    int64 // of them
	proof    *python.Proof
	minted   map[string]minted // by block hash
	order    []string          // of minted, the oldest first
	kept     int64             // bytes of minted
}

// minted is what an own block was made of.
type minted struct {
	items []item
	bytes int64
}

// reset starts over with an empty trigger.
func (p *pending) reset(proof *python.Proof) {
	p.items, p.size, p.bytes, p.proof = nil, 0, 0, proof
	if p.minted == nil {
		p.minted = map[string]minted{}
	}
}

// add appends an item and returns the short record of an acceptance. It fails where the block would get too large.
func (p *pending) add(i item) (*chain.Tx, error) {
	i.bytes = canon.Size(i.tx.Payload) + txBytes*int64(i.size())
	if p.size+i.size() > chain.MaxBlockTxs || p.bytes+i.bytes > p.maxBytes {
		return nil, python.ErrPendingFull
	}
	var short *chain.Tx
	if i.acceptance != nil {
		var err error
		if short, err = p.proof.Record(*i.acceptance, i.at); err != nil {
			return nil, err
		}
	}
	if err := p.proof.RecordTx(i.tx); err != nil {
		return nil, err
	}
	p.items, p.size, p.bytes = append(p.items, i), p.size+i.size(), p.bytes+i.bytes
	return short, nil
}

// keep drops the items that ok does not want. fresh makes an empty trigger.
func (p *pending) keep(ok func(*item) bool, fresh func() *python.Proof) {
	var kept []item
	for i := range p.items {
		if ok(&p.items[i]) {
			kept = append(kept, p.items[i])
		}
	}
	if len(kept) < len(p.items) {
		p.refill(kept, fresh())
	}
}

// refill starts over with items that had room before.
func (p *pending) refill(items []item, empty *python.Proof) {
	p.reset(empty)
	for _, i := range items {
		if _, err := p.add(i); err != nil {
			return // not reached
		}
	}
}

// ModelMember is where Python nodes put a trained model inside of parameters.
const ModelMember = "_model_b64"

// slim takes the models out of the waiting records of a domain, and reports whether there were any: a better claim has come, and
// with their models no block that reaches the threshold would have room for all.
func (p *pending) slim(domain string, fresh func() *python.Proof) bool {
	items, found := slices.Clone(p.items), false
	for n := range items {
		tx := *items[n].tx
		parameters, err := tx.Payload.ObjectOr("parameters", nil)
		if items[n].acceptance == nil || tx.DomainID != domain || err != nil || parameters == nil || !parameters.Has(ModelMember) {
			continue
		}
		parameters = parameters.Clone()
		parameters.Delete(ModelMember)
		tx.Payload, tx.Signature = tx.Payload.Clone().Set("parameters", parameters), ""
		tx.ID = tx.ComputeID()
		items[n].tx, found = &tx, true
	}
	if found {
		p.refill(items, fresh())
	}
	return found
}

// made notes that the items are in an own block now.
func (p *pending) made(hash string) {
	for len(p.order) > 0 && (len(p.order) >= maxMinted || p.kept+p.bytes > 2*p.maxBytes) {
		p.kept -= p.minted[p.order[0]].bytes
		delete(p.minted, p.order[0])
		p.order = p.order[1:]
	}
	p.minted[hash], p.order, p.kept = minted{p.items, p.bytes}, append(p.order, hash), p.kept+p.bytes
	p.items, p.size, p.bytes = nil, 0, 0
}

// restore puts the items of an own block that was dropped back, as far as there is room.
func (p *pending) restore(hash string) {
	for _, i := range p.minted[hash].items {
		if _, err := p.add(i); err != nil {
			return
		}
	}
}

// settlePending drops what the chain has: its transactions, and acceptances of optimae that it records.
func (e *Engine) settlePending() {
	e.pending.keep(func(i *item) bool {
		if i.acceptance != nil {
			return e.links.recorded[i.acceptance.OptimaeID] == 0
		}
		return !e.links.knows(i.tx.ID)
	}, e.newTrigger)
}

// newTrigger is an empty trigger that goes on where the one of now is.
func (e *Engine) newTrigger() *python.Proof { return e.newProof(e.pending.proof.LastBlockTime) }

// build makes a block when the pending increments reach the threshold and nothing is awaited.
func (e *Engine) build() bool {
	if len(e.pending.items) == 0 || e.now < max(e.buildAt, e.holdUntil) || !e.pending.proof.CanGenerate() {
		return false
	}
	at := timestamp.FromMicro(e.now)
	b := e.pending.proof.Generate(e.links.tip, e.key.PeerID(), at)
	for _, tx := range b.Transactions {
		if tx.PeerID == e.key.PeerID() && tx.Signature == "" {
			if err := chain.SignTx(tx, e.key, Network); err != nil {
				e.notice(true, "transaction not signed", "err", err)
			}
		}
	}
	if err := chain.SignBlock(b, e.key, Network); err != nil {
		e.notice(true, "block not signed", "err", err)
	}
	e.pending.made(b.Hash)
	if err := CheckBlock(e.links.height()+1, e.links.tip.Hash, b, e.links.knows); err != nil {
		e.notice(true, "own block is invalid, its transactions are dropped", "err", err)
		return false
	}
	e.accounts.Mint(python.Distribute(b.Header.Index, e.key.PeerID(), e.contributions, 0))
	e.contributions = nil
	e.fees.OnBlock(int64(len(b.Transactions)))
	sec := seconds(e.now)
	e.pending.proof.Threshold = e.difficulty.OnBlock(sec, sec)
	e.shared.made(b.Header.Index, e.finality.Depth(), len(e.peers) > 0)
	if err := e.adopt(e.links.height(), []*chain.Block{b}, nil); err != nil {
		e.notice(true, "own block not adopted", "err", err) // not reached: nothing is read for an extension
		return false
	}
	e.announced = 0
	e.announceTip()
	return true
}

// buildSoon allows a block: of own work at once, of others' after a delay by lot, so that not everybody who verified it
// makes the same block.
func (e *Engine) buildSoon(author string) {
	if author == e.key.PeerID() {
		e.buildAt = min(e.buildAt, e.now)
		return
	}
	lot := int64(chain.DeterministicSeed(e.links.tip.Hash, e.key.PeerID(), "mint"))
	later(&e.buildAt, e.now, e.cfg.BuildDelay+2*e.cfg.BuildDelay*lot>>32)
}

// hold keeps the node from making a block beside one that was announced.
func (e *Engine) hold() { later(&e.holdUntil, e.now, Second/2) }

// later moves a time to d after now, but not without end, whatever strangers send: between two moves there is a pause.
func later(at *int64, now, d int64) {
	if now >= *at+Second {
		*at = now + d
	}
}
