package optimae

import "slices"

// Bounds of a block and of what the state remembers.
const (
	MaxTransactions = 1_024
	MaxBytes        = 1 << 20 // of bodies
	// TxLife is how many slots after that in which it was signed a transaction with a Slot is good, so that it need not be remembered longer.
	TxLife = 1_800
	// RecipeLife is how many slots after its reveal a recipe is known as published: a month of slots of 2 s.
	RecipeLife = 1_296_000
	// maxForgotten bounds what is forgotten of each kind in a block.
	maxForgotten = 64
)

// admit counts a transaction of size bytes, if the block has room for it.
func (b *Block) admit(size int) error {
	if b.taken >= MaxTransactions || b.bytes+size > MaxBytes {
		return refuse("a block of more than %d transactions or %d bytes", MaxTransactions, MaxBytes)
	}
	b.taken++
	b.bytes += size
	return nil
}

// fresh checks the slot in which a transaction was signed.
func (b *Block) fresh(slot int64) error {
	if slot < 0 || slot > b.ctx.Slot || slot < b.ctx.Slot-TxLife {
		return refuse("signed in slot %d, now it is %d", slot, b.ctx.Slot)
	}
	return nil
}

// acts checks that a registered peer has signed what it does after the last of that kind was taken: who repeats an old one is refused.
func (b *Block) acts(p *Peer, slot int64) error {
	if err := b.fresh(slot); err != nil {
		return err
	}
	if slot <= p.Acted {
		return refuse("signed in slot %d, before what was done in %d", slot, p.Acted)
	}
	p.Acted = b.ctx.Slot
	return nil
}

// remember notes when a commitment, or a recipe, is to be forgotten.
func (b *Block) remember(table byte, until int64, k []byte) {
	b.state.Put(key(table, number(until), k), []byte{1})
}

// forgetOld removes used commitments whose transactions are good no more, unless their claims are open, and recipes published long ago.
func (b *Block) forgetOld() {
	at := len(key('x')) + 8
	for _, k := range b.dueBy('x', b.ctx.Slot-1, maxForgotten) {
		b.state.Delete(k)
		var x index
		load(b.state, k[at:], &x)
		if load(b.state, claimKey(x.Seq), new(Claim)) {
			b.remember('x', b.ctx.Slot+RevealWindow, slices.Clone(k[at:]))
		} else {
			b.state.Delete(k[at:])
		}
	}
	for _, k := range b.dueBy('j', b.ctx.Slot-1, maxForgotten) {
		b.state.Delete(k)
		var first published
		if load(b.state, k[at:], &first) && first.Slot+RecipeLife < b.ctx.Slot {
			b.state.Delete(k[at:])
		}
	}
}
