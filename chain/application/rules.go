package application

import (
	"encoding/hex"
	"fmt"

	"doin.network/node/chain/account"
	"doin.network/node/chain/streamlet"
)

// Pool is the transactions that wait for a block.
type Pool interface {
	// Pending returns them in the order in which they are to be tried. A block takes those that the rules allow after those before.
	Pending(parent *State) []*Tx
}

// Rules are a network's for one node. They are for one goroutine.
type Rules struct {
	net  *Network
	key  Key
	peer string
	pool Pool
	keys map[string][]byte // public keys of all that have been registered on some branch
	last *Result           // of the last block that was checked
	// trusted is the block without which no history is taken, nil for none.
	trusted *Checkpoint
}

var (
	_ streamlet.Rules = (*Rules)(nil)
	_ streamlet.Key   = (*Rules)(nil)
)

// NewRules returns the rules of a node with a key and a pool, which begins at a state: one after block 0, or a final one. A nil key is
// that of a node which only follows.
func NewRules(net *Network, at *State, key Key, pool Pool) (*Rules, error) {
	r := &Rules{net: net, key: key, pool: pool, keys: map[string][]byte{}}
	if key != nil {
		peer, err := net.scheme.Peer(key.Point())
		if err != nil {
			return nil, err
		}
		r.peer = peer
	}
	d := at.Draft()
	d.Range([]byte{'k'}, func(k, v []byte) bool {
		r.keys[account.ID(k[1:]).String()] = v
		return true
	})
	return r, d.Err()
}

// Trust makes every other block of the checkpoint's height invalid for this node. Nil is none.
func (r *Rules) Trust(c *Checkpoint) { r.trusted = c }

// Tree returns block 0 and nothing above it.
func (r *Rules) Tree() (*streamlet.Tree, error) {
	block, s, err := r.net.Genesis()
	if err != nil {
		return nil, err
	}
	e, err := s.Electorate()
	if err != nil {
		return nil, err
	}
	return streamlet.NewTree(block, s, e, r, r), nil
}

// Peer is this node's id, "" of one without a key.
func (r *Rules) Peer() string { return r.peer }

// Sign signs a block of a slot.
func (r *Rules) Sign(slot int64, block ID) []byte {
	signature, err := r.key.Sign(blockMessage(r.net.idOf(slot), slot, block))
	if err != nil {
		panic("application: " + err.Error()) // of a key that has signed before
	}
	return signature
}

// Verify reports whether a peer that has been registered has signed a block of a slot. A peer is the hash of its key, so that it does
// not matter on which branch the key became known.
func (r *Rules) Verify(peer string, slot int64, block ID, signature []byte) bool {
	point, ok := r.keys[peer]
	return ok && r.net.scheme.Verify(point, blockMessage(r.net.idOf(slot), slot, block), signature) == nil
}

// Keys are the public keys of all that have been registered on some branch, by peer. The caller must not change it.
func (r *Rules) Keys() map[string][]byte { return r.keys }

// Abandoned reports whether a peer has signed a block of a slot for a time that a recovery has given up: no honest node takes it, and none
// of those who made it is to blame.
func (r *Rules) Abandoned(peer string, slot int64, block ID, signature []byte) bool {
	now := r.net.idOf(slot)
	for _, e := range r.net.eras {
		if point, ok := r.keys[peer]; ok && e.id != now && r.net.scheme.Verify(point, blockMessage(e.id, slot, block), signature) == nil {
			return true
		}
	}
	return false
}

// Check applies a block.
func (r *Rules) Check(parent *streamlet.Node, b *streamlet.Block) (streamlet.Outcome, error) {
	w, ok := b.Body.(*Wire)
	if !ok {
		return streamlet.Outcome{}, fmt.Errorf("application: a body of type %T", b.Body)
	}
	if err := r.trusted.check(b.Height, b.ID); err != nil {
		return streamlet.Outcome{}, err
	}
	result, err := r.net.Apply(parent.State.(*State), w, parent.ShownTo().Height)
	if err != nil {
		return streamlet.Outcome{}, err
	}
	r.last = result
	for peer, point := range result.Keys {
		r.keys[peer] = point
	}
	out := streamlet.Outcome{
		Record: len(w.Txs) > 0 || len(result.Claims) > 0 || len(result.Paid) > 0,
		Work:   result.Counted.Paid,
		Change: result.Change,
		State:  result.State,
	}
	if x := result.Recovered; x != nil {
		out.Begin = streamlet.NewElectorate(x.Evaluators...)
	}
	return out, nil
}

// Result is what the last block did that Check has taken, nil before the first.
func (r *Rules) Result() *Result { return r.last }

// Build builds a block of a slot, of all that the pool has and the rules allow.
func (r *Rules) Build(parent *streamlet.Node, slot int64, due bool) (any, bool) {
	at := parent.State.(*State)
	pending := r.pool.Pending(at)
	if !due && len(pending) == 0 && !r.net.rules.Due(at.Draft(), slot, r.net.Time(slot)) {
		return nil, false
	}
	w, err := r.net.Build(at, parent.CertificateOf(), parent.ShownTo().Height, slot, r.key, pending)
	if err != nil || !due && len(w.Txs) == 0 && !r.net.rules.Due(at.Draft(), slot, r.net.Time(slot)) {
		return nil, false
	}
	return w, true
}

// Seal gives a block that Build made its id and its leader's signature.
func (r *Rules) Seal(_ *streamlet.Node, b *streamlet.Block) {
	w := b.Body.(*Wire)
	*b = *w.Chain()
}

// Build returns a block of a key's peer: of the transactions offered, in their order, those that the rules allow and that it has room
// for. An error says that there can be none.
func (n *Network) Build(parent *State, certificate *streamlet.Certificate, final, slot int64, key Key, offered []*Tx) (*Wire, error) {
	peer, err := n.scheme.Peer(key.Point())
	if err != nil {
		return nil, err
	}
	w := &Wire{Parent: parent.ID, Height: parent.Height + 1, Slot: slot, Certificate: certificate}
	if w.Leader, err = account.ParseID(peer); err != nil {
		return nil, err
	}
	proof, beacon := key.Prove(beaconMessage(n.idOf(slot), parent.Beacon))
	copy(w.Proof[:], proof)
	w.Beacon = beacon
	b, err := n.begin(parent, w, final)
	if err != nil {
		return nil, err
	}
	size := len(w.Append(nil))
	for _, x := range offered {
		more := len(x.Append(nil))
		if len(w.Txs) == MaxTransactions || size+more > MaxBlock {
			break
		}
		if b.transact(x) == nil {
			w.Txs, size = append(w.Txs, x), size+more
		}
	}
	result, err := b.end(w.inputs(), w.Beacon)
	if err != nil {
		return nil, err
	}
	w.Root = result.State.Root
	signature, err := key.Sign(blockMessage(n.idOf(slot), slot, w.Header().ID()))
	if err != nil {
		return nil, err
	}
	copy(w.Signature[:], signature)
	return w, nil
}

// hashOf reads a hash in hex; zeros for what is none.
func hashOf(text string) (id ID) {
	if b, err := hex.DecodeString(text); err == nil {
		copy(id[:], b)
	}
	return id
}

// Account is an account in a state.
func (s *State) Account(peer account.ID) account.Account {
	return account.Open(s.Draft(), s.Height, s.Slot).Account(peer)
}
