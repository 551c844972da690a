package engine

import (
	"encoding/hex"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// maxIDBytes bounds the optimae ids that are looked at.
const maxIDBytes = 256

// links is what the engine keeps of the chain in memory: the hashes, the transaction ids, and which optimae it records.
type links struct {
	hashes   []string
	tip      *chain.Block
	ids      map[[32]byte]struct{}
	recorded map[string]int // acceptances by optimae id
}

func (l *links) height() int64 { return int64(len(l.hashes)) - 1 }

// at returns the hash at a height, "" above the tip.
func (l *links) at(height int64) string {
	if height < 0 || height > l.height() {
		return ""
	}
	return l.hashes[height]
}

// knows reports whether the chain has a transaction.
func (l *links) knows(id string) bool {
	k, ok := key(id)
	if !ok {
		return false
	}
	_, known := l.ids[k]
	return known
}

func key(id string) (k [32]byte, ok bool) {
	if len(id) != 2*len(k) {
		return k, false
	}
	_, err := hex.Decode(k[:], []byte(id))
	return k, err == nil
}

// push puts a block on the tip.
func (l *links) push(b *chain.Block) {
	l.hashes = append(l.hashes, b.Hash)
	l.tip = b
	for _, tx := range b.Transactions {
		if k, ok := key(tx.ID); ok {
			l.ids[k] = struct{}{}
		}
		if id := acceptedID(tx); id != "" {
			l.recorded[id]++
		}
	}
}

// pop takes the tip's contents out again; parent becomes the tip.
func (l *links) pop(b, parent *chain.Block) {
	l.hashes = l.hashes[:len(l.hashes)-1]
	l.tip = parent
	for _, tx := range b.Transactions {
		if k, ok := key(tx.ID); ok {
			delete(l.ids, k)
		}
		if id := acceptedID(tx); id != "" {
			if l.recorded[id]--; l.recorded[id] <= 0 {
				delete(l.recorded, id)
			}
		}
	}
}

// acceptedID returns the optimae id of an acceptance, "" for anything else.
func acceptedID(tx *chain.Tx) string {
	if tx.Type != chain.TxOptimaeAccepted {
		return ""
	}
	id, err := tx.Payload.String("optimae_id")
	if err != nil || len(id) > maxIDBytes {
		return ""
	}
	return id
}

// load reads the stored chain.
func (e *Engine) load() error {
	e.links = links{ids: map[[32]byte]struct{}{}, recorded: map[string]int{}}
	top, _ := e.history.Tip()
	if top < 0 {
		return fmt.Errorf("%w: there is none", ErrGenesis)
	}
	for h := int64(0); h <= top; h++ {
		b, err := e.history.Block(h)
		if err != nil {
			return fmt.Errorf("read block %d: %w", h, err)
		}
		if h == 0 && b.Hash != chain.GenesisHash {
			return fmt.Errorf("%w: %.12s", ErrGenesis, b.Hash)
		}
		e.links.push(b)
		e.shared.load(b, e.key.PeerID())
		e.noteChampions(b)
	}
	e.finalize()
	e.out = slices.DeleteFunc(e.out, func(f protocol.Effect) bool { // whoever opened the store anchors what is final
		_, due := f.(protocol.AnchorDue)
		return due
	})
	e.adoptNoted()
	return nil
}

// noteChampions remembers the best full record of a block per domain, to be trained here by adoptNoted: a full record has
// parameters and a verified performance.
func (e *Engine) noteChampions(b *chain.Block) {
	for _, tx := range b.Transactions {
		d := e.domains[tx.DomainID]
		if tx.Type != chain.TxOptimaeAccepted || d == nil {
			continue
		}
		p, err := tx.Payload.ObjectOr("parameters", nil)
		v, err2 := tx.Payload.Float("verified_performance")
		if err != nil || err2 != nil || p == nil {
			continue
		}
		if d.noted == nil || d.beats(v, d.noted.claimed, 0) {
			d.noted = &noted{parameters: p, claimed: v, optimizer: tx.PeerID}
		}
	}
}

// noted is a record of the chain that may be worth adopting.
type noted struct {
	parameters *canon.Object
	claimed    float64
	optimizer  string
}

// adoptNoted has the noted records trained where they claim to beat what is known here.
func (e *Engine) adoptNoted() {
	for _, c := range e.cfg.Domains {
		d := e.domains[c.ID]
		n := d.noted
		d.noted = nil
		if n != nil && e.better(d, n.claimed) {
			e.enqueue(&job{kind: jobAdopt, domain: d, parameters: n.parameters, peer: n.optimizer, source: "chain"})
		}
	}
}
