package consensus

import (
	"maps"
	"slices"

	"doin.network/node/chain/ledger"
)

// overlay is a map being changed: what is put in lies over a map that stays as it is. To discard it is to forget it.
type overlay[V any] struct {
	under map[string]*V
	own   map[string]*V
}

// get returns the value of a key, nil if there is none. It must not be changed.
func (o *overlay[V]) get(key string) *V {
	if v := o.own[key]; v != nil {
		return v
	}
	return o.under[key]
}

// edit returns the value of a key to be changed, nil if there is none: a copy of its own, made once.
func (o *overlay[V]) edit(key string) *V {
	v := o.own[key]
	if v == nil && o.under[key] != nil {
		v = new(V)
		*v = *o.under[key]
		o.put(key, v)
	}
	return v
}

func (o *overlay[V]) put(key string, v *V) {
	if o.own == nil {
		o.own = make(map[string]*V)
	}
	o.own[key] = v
}

// len returns the number of keys.
func (o *overlay[V]) len() int {
	n := len(o.under)
	for key := range o.own {
		if o.under[key] == nil {
			n++
		}
	}
	return n
}

// merged returns a new map of everything; the values are shared.
func (o *overlay[V]) merged() map[string]*V {
	m := maps.Clone(o.under)
	maps.Copy(m, o.own)
	return m
}

// draft is a state being changed. It costs what is touched: peers, domains and accounts lie over the parent's, which no
// draft ever writes, and state makes a state of it.
type draft struct {
	State // what is not over the parent; its Domains, Added, Peers and Ledger are the parent's and not to be used
	peers overlay[Peer]
	doms  overlay[Domain]
	added overlay[Added]
	money *ledger.Ledger
}

func (s *State) draft() *draft {
	return &draft{State: *s, peers: overlay[Peer]{under: s.Peers}, doms: overlay[Domain]{under: s.Domains}, added: overlay[Added]{under: s.Added}, money: s.Ledger.Over()}
}

// state returns the draft as a state of its own. It is linear in all peers, domains and accounts, as is the root.
func (d *draft) state() *State {
	s := d.State
	s.Peers, s.Domains, s.Added, s.Ledger = d.peers.merged(), d.doms.merged(), d.added.merged(), d.money.Merged()
	return &s
}

// peer returns the record of a peer to be changed, made on first use.
func (d *draft) peer(id string) *Peer {
	p := d.peers.edit(id)
	if p == nil {
		p = &Peer{Reputation: Reputation{Last: d.TipTime}}
		d.peers.put(id, p)
	}
	return p
}

// reputation returns a peer's score at the draft's time; 0 for an unknown peer.
func (d *draft) reputation(id string) int64 {
	if p := d.peers.get(id); p != nil {
		return p.Reputation.At(d.TipTime)
	}
	return 0
}

// isRegistered reports whether a peer is an evaluator.
func (d *draft) isRegistered(id string) bool {
	p := d.peers.get(id)
	return p != nil && p.PublicKey != ""
}

// register makes a peer an evaluator.
func (d *draft) register(id, publicKey string) {
	p := d.peer(id)
	p.PublicKey, p.Registered, p.Certified = publicKey, d.Height, 0
	i, _ := slices.BinarySearch(d.registered, id)
	d.registered = slices.Insert(slices.Clone(d.registered), i, id)
}

// unregister ends a registration, at the draft's height.
func (d *draft) unregister(id string) {
	p := d.peer(id)
	p.PublicKey, p.Registered, p.Certified = "", d.Height, 0
	d.registered = slices.DeleteFunc(slices.Clone(d.registered), func(have string) bool { return have == id })
}

// left returns the height at which a peer that is not registered has left, 0 if it was never registered.
func (d *draft) left(id string) int64 { return d.peers.get(id).left() }

// certify notes that a registered peer has signed a block at height h or something built on it.
func (d *draft) certify(id string, h int64) {
	if d.isRegistered(id) {
		p := d.peer(id)
		p.Certified = max(p.Certified, h)
	}
}
