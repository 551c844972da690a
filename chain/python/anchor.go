package python

import "slices"

// AnchorInterval is the default number of blocks between external anchors.
const AnchorInterval = 100

// Anchor is a record of the chain for publication on an external ledger.
type Anchor struct {
	Height    int64
	BlockHash string
	StateHash string // chain.ChainStateHash of the hashes of blocks 0 … Height
	Ledger    string // where it was published, empty before
	LedgerTx  string
}

// Anchors is the local list of anchors.
type Anchors struct {
	interval int64
	list     []Anchor
}

// NewAnchors returns an empty list; interval is in blocks and must be positive.
func NewAnchors(interval int64) *Anchors { return &Anchors{interval: interval} }

// Due reports whether the block at height is to be anchored.
func (a *Anchors) Due(height int64) bool { return height > 0 && height%a.interval == 0 }

// Add records an anchor.
func (a *Anchors) Add(height int64, blockHash, stateHash string) {
	a.list = append(a.list, Anchor{Height: height, BlockHash: blockHash, StateHash: stateHash})
}

// Publish notes where the anchor of a height was published; false if there is none.
func (a *Anchors) Publish(height int64, ledger, ledgerTx string) bool {
	for i := range a.list {
		if a.list[i].Height == height {
			a.list[i].Ledger, a.list[i].LedgerTx = ledger, ledgerTx
			return true
		}
	}
	return false
}

// Verify compares a chain with the anchor of a height; known is false if there is none.
func (a *Anchors) Verify(height int64, blockHash, stateHash string) (match, known bool) {
	for i := range a.list {
		if a.list[i].Height == height {
			return a.list[i].BlockHash == blockHash && a.list[i].StateHash == stateHash, true
		}
	}
	return false, false
}

// All returns the anchors in order; the list is a copy.
func (a *Anchors) All() []Anchor { return slices.Clone(a.list) }
