package replica

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
)

const (
	// waitSlots is how long a transaction waits for a block.
	waitSlots = 300
	// againSlots is how often a node says its own transactions again, to who was not there.
	againSlots = 5
	// mostOfOne bounds the transactions of one author that wait.
	mostOfOne = 64
)

// pool is the transactions that wait for a block. It does not know whether the rules will take them: whoever builds tries each.
type pool struct {
	network string
	most    int
	waiting map[application.ID]*waiting
	of      map[string]int                // by author
	done    map[application.ID]Included   // those in final blocks, so that they do not come again
	fresh   bool                          // something has come since the machine looked
	trusted func(author string) (ok bool) // whether the chain knows an author: others make room for those
}

type waiting struct {
	id     application.ID
	tx     *application.Tx
	author string
	since  int64 // slot
	own    bool  // of this node's key: there is room for it
	again  bool  // said again until a block has it
	bytes  int
}

// Included is where a transaction is.
type Included struct {
	Slot, Height int64
	Hash         string // of the block that readers know
}

func newPool(network string, most int) *pool {
	return &pool{network: network, most: most, waiting: map[application.ID]*waiting{}, of: map[string]int{}, done: map[application.ID]Included{},
		trusted: func(string) bool { return true }}
}

// add takes a verified transaction, unless it is or was there or there is no room, and reports whether it is new.
func (p *pool) add(tx *application.Tx, author string, slot int64, own bool) bool {
	id := tx.ID(p.network)
	if w := p.waiting[id]; w != nil {
		w.own, w.again = w.own || own, w.again || own
		return false
	}
	if _, ok := p.done[id]; ok || !own && (p.of[author] >= mostOfOne || len(p.waiting) >= p.most && !p.makeRoom(author)) {
		return false
	}
	p.waiting[id] = &waiting{id: id, tx: tx, author: author, since: slot, own: own, again: own, bytes: len(tx.Append(nil))}
	p.of[author]++
	p.fresh = true
	return true
}

// makeRoom drops the youngest transaction of a stranger for one of an author whom the chain knows.
func (p *pool) makeRoom(author string) bool {
	if !p.trusted(author) {
		return false
	}
	for _, w := range slices.Backward(p.sorted()) {
		if !w.own && !p.trusted(w.author) {
			p.drop(w.id)
			return true
		}
	}
	return false
}

func (p *pool) drop(id application.ID) {
	if w := p.waiting[id]; w != nil {
		delete(p.waiting, id)
		if p.of[w.author]--; p.of[w.author] == 0 {
			delete(p.of, w.author)
		}
	}
}

// include notes that a transaction is in a final block.
func (p *pool) include(tx *application.Tx, at Included) {
	id := tx.ID(p.network)
	p.drop(id)
	p.done[id] = at
}

// tick drops what has waited for too long, and forgets what nobody can send again.
func (p *pool) tick(slot int64) {
	for id, w := range p.waiting {
		if slot > w.since+waitSlots {
			p.drop(id)
		}
	}
	for id, at := range p.done {
		if slot > at.Slot+optimae.TxLife {
			delete(p.done, id)
		}
	}
}

// urgency orders kinds: proofs of offences, then what a window waits for, then the rest, transfers last.
func urgency(kind optimae.Kind) int {
	switch kind {
	case optimae.KindTwoBlocks, optimae.KindTwoVotes:
		return 0
	case optimae.KindOpen, optimae.KindUnseal, optimae.KindVote, optimae.KindRefuse, optimae.KindAbstain, optimae.KindReveal, optimae.KindAppeal:
		return 1
	case application.KindTransfer:
		return 3
	}
	return 2
}

// sorted is all that wait, the urgent first.
func (p *pool) sorted() []*waiting {
	return slices.SortedFunc(maps.Values(p.waiting), func(a, b *waiting) int {
		return cmp.Or(cmp.Compare(urgency(a.tx.Kind), urgency(b.tx.Kind)), cmp.Compare(a.since, b.since), bytes.Compare(a.id[:], b.id[:]))
	})
}

// Pending implements application.Pool. A block that this node builds is one that a message has room for.
func (p *pool) Pending(*application.State) (txs []*application.Tx) {
	size := 0
	for _, w := range p.sorted() {
		if size += w.bytes; size > mostBlock {
			break
		}
		txs = append(txs, w.tx)
	}
	return txs
}

// repeated is the transactions that were given to this node and wait, as many as a message has room for.
func (p *pool) repeated() (txs []*application.Tx) {
	size := 0
	for _, w := range p.sorted() {
		if !w.again {
			continue
		}
		if size += w.bytes; size > mostSpread || len(txs) == application.MaxSpread {
			break
		}
		txs = append(txs, w.tx)
	}
	return txs
}
