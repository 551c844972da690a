package mempool

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Errors of Add and Readd, in the order in which they are checked.
var (
	ErrKnown        = errors.New("mempool: transaction already pending")
	ErrTooLarge     = errors.New("mempool: transaction too large")
	ErrDuplicateKey = errors.New("mempool: another transaction with this key is pending")
	ErrRateLimited  = errors.New("mempool: author submits too much") // Add only
	ErrFull         = errors.New("mempool: full of transactions with no lower fee")
)

type entry struct {
	tx      *chain.Tx
	key     string
	fee     int64
	arrival int64 // Unix µs
	size    int64
}

// compare orders the pool: the highest fee first, then the earliest arrival, then the id.
func (e *entry) compare(o *entry) int {
	return cmp.Or(cmp.Compare(o.fee, e.fee), cmp.Compare(e.arrival, o.arrival), cmp.Compare(e.tx.ID, o.tx.ID))
}

// Pool is the set of pending transactions of one node. See the package comment for ownership.
type Pool struct {
	cfg     Config
	byID    map[string]*entry
	byKey   map[string]*entry
	byPeer  map[string][]*entry // by author, in the order in which they came
	types   map[string]int
	ordered []*entry // in order of compare
	bytes   int64
	rate    rateLimit
}

// New returns an empty pool, or what is wrong with cfg.
func New(cfg Config) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("mempool: %w", err)
	}
	return &Pool{
		cfg: cfg, byID: map[string]*entry{}, byKey: map[string]*entry{},
		byPeer: map[string][]*entry{}, types: map[string]int{},
		rate: rateLimit{cfg: cfg, peers: map[string]*submissions{}, busy: math.MinInt64},
	}, nil
}

// Add makes a transaction pending. key is a name beside the id that only one pending transaction
// may have, or empty; fee orders the pool, in any unit; nowMicro is the arrival. Errors change
// nothing, except that a submission refused with ErrFull counts for its author's rate.
func (p *Pool) Add(tx *chain.Tx, key string, fee, nowMicro int64) error {
	e, err := p.admit(tx, key, fee, nowMicro)
	if err != nil {
		return err
	}
	if !p.rate.allow(tx.PeerID, aboutOptimae(tx.Type), nowMicro) {
		return ErrRateLimited
	}
	return p.insert(e)
}

// Readd is Add for a transaction of a block that a reorganisation has undone: its author's rate
// is neither asked nor counted.
func (p *Pool) Readd(tx *chain.Tx, key string, fee, nowMicro int64) error {
	e, err := p.admit(tx, key, fee, nowMicro)
	if err != nil {
		return err
	}
	return p.insert(e)
}

// admit makes the entry of a transaction that is small enough and new.
func (p *Pool) admit(tx *chain.Tx, key string, fee, nowMicro int64) (*entry, error) {
	if p.Has(tx.ID) {
		return nil, ErrKnown
	}
	size := int64(len(canon.Default(tx.Object())))
	if size > p.cfg.MaxTxBytes || size > p.cfg.MaxBytes {
		return nil, ErrTooLarge
	}
	if p.HasKey(key) {
		return nil, ErrDuplicateKey
	}
	return &entry{tx: tx, key: key, fee: fee, arrival: nowMicro, size: size}, nil
}

// insert adds an entry, in a full pool in place of as many of the last ones as it needs, if they
// all pay less.
func (p *Pool) insert(e *entry) error {
	keep, bytes := len(p.ordered), p.bytes
	for keep >= p.cfg.MaxTx || bytes+e.size > p.cfg.MaxBytes {
		last := p.ordered[keep-1] // there is one: e alone fits
		if last.fee >= e.fee {
			return ErrFull
		}
		keep--
		bytes -= last.size
	}
	for len(p.ordered) > keep {
		p.drop(p.ordered[len(p.ordered)-1])
	}
	p.byID[e.tx.ID] = e
	if e.key != "" {
		p.byKey[e.key] = e
	}
	p.byPeer[e.tx.PeerID] = append(p.byPeer[e.tx.PeerID], e)
	p.types[e.tx.Type]++
	i, _ := slices.BinarySearchFunc(p.ordered, e, (*entry).compare)
	p.ordered = slices.Insert(p.ordered, i, e)
	p.bytes += e.size
	return nil
}

func (p *Pool) drop(e *entry) {
	i, _ := slices.BinarySearchFunc(p.ordered, e, (*entry).compare)
	p.ordered = slices.Delete(p.ordered, i, i+1)
	delete(p.byID, e.tx.ID)
	if e.key != "" {
		delete(p.byKey, e.key)
	}
	rest := slices.DeleteFunc(p.byPeer[e.tx.PeerID], func(o *entry) bool { return o == e })
	if p.byPeer[e.tx.PeerID] = rest; len(rest) == 0 {
		delete(p.byPeer, e.tx.PeerID)
	}
	if p.types[e.tx.Type]--; p.types[e.tx.Type] == 0 {
		delete(p.types, e.tx.Type)
	}
	p.bytes -= e.size
}

// Remove drops transactions by id and returns how many were pending.
func (p *Pool) Remove(ids ...string) int {
	n := 0
	for _, id := range ids {
		if e, ok := p.byID[id]; ok {
			p.drop(e)
			n++
		}
	}
	return n
}

// RemoveKey drops the transaction with a key; false if there is none.
func (p *Pool) RemoveKey(key string) bool {
	e, ok := p.byKey[key]
	if ok {
		p.drop(e)
	}
	return ok
}

// Has reports whether a transaction is pending.
func (p *Pool) Has(id string) bool { _, ok := p.byID[id]; return ok }

// HasKey reports whether a transaction with a key is pending; never for the empty key.
func (p *Pool) HasKey(key string) bool { _, ok := p.byKey[key]; return ok }

// Get returns a pending transaction.
func (p *Pool) Get(id string) (*chain.Tx, bool) {
	e, ok := p.byID[id]
	if !ok {
		return nil, false
	}
	return e.tx, true
}

// Pending returns all transactions: the highest fee first, then the earliest arrival, then
// by id. The list is the caller's.
func (p *Pool) Pending() []*chain.Tx {
	txs := make([]*chain.Tx, len(p.ordered))
	for i, e := range p.ordered {
		txs[i] = e.tx
	}
	return txs
}

// Of returns the transactions of an author in the order in which they came. The list is the caller's.
func (p *Pool) Of(peer string) []*chain.Tx {
	var txs []*chain.Tx
	for _, e := range p.byPeer[peer] {
		txs = append(txs, e.tx)
	}
	return txs
}

// Count returns the number of transactions of a type.
func (p *Pool) Count(kind string) int { return p.types[kind] }

// Len returns the number of pending transactions.
func (p *Pool) Len() int { return len(p.ordered) }

// Bytes returns their size together, as JSON.
func (p *Pool) Bytes() int64 { return p.bytes }
