package streamlet

// LateSlots is how many slots after its own a block may still be signed.
const LateSlots = 8

// Lock is what an evaluator has promised by all of its signatures together.
type Lock struct {
	// Slot is the last that it signed in: it signs in later ones only.
	Slot int64
	// Height is that of the highest parent of a block that it signed: it signs children of that height and higher ones only. While it
	// runs, it knows a certified block as high; after a restart, only this says so.
	Height int64
}

// allows reports whether a block may be signed.
func (l Lock) allows(b *Block) bool { return b.Slot > l.Slot && b.Height-1 >= l.Height }

// with is the lock after a signature.
func (l Lock) with(b *Block) Lock { return Lock{Slot: b.Slot, Height: max(l.Height, b.Height-1)} }
