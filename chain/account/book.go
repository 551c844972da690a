package account

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain/ledger"
)

// Rules of records: see the package's doc.
const (
	// Dust is the balance below which an account expires: what a transfer costs at least.
	Dust = ledger.MinBaseFee
	// DustSlots is a month of slots of 2 s.
	DustSlots = 1_296_000
	// MaxExpired bounds the records that expire in a block.
	MaxExpired = 64
	// NonceStep is more than the transfers of an account in a block.
	NonceStep = 64
)

// Set is the state that a Book changes; *state.Draft is one.
type Set interface {
	Get(key []byte) (value []byte, ok bool)
	Put(key, value []byte)
	Delete(key []byte)
	Range(prefix []byte, f func(key, value []byte) bool)
}

// Book is the accounts and peers of a state during a block. What it changes is in the state after Close. It is for one goroutine.
type Book struct {
	set            Set
	height, slot   int64
	accounts       map[ID]*entry[Account]
	peers          map[ID]*entry[Peer]
	minted, burned int64
	supply         bool // minted or burned have changed
	err            error
}

// entry is a record as it was and as it is.
type entry[R any] struct {
	had     bool
	due     int64 // as it was
	now     R
	changed bool
}

// Open begins a block of a height and a slot.
func Open(set Set, height, slot int64) *Book {
	b := &Book{set: set, height: height, slot: slot, accounts: map[ID]*entry[Account]{}, peers: map[ID]*entry[Peer]{}}
	if v, ok := set.Get(supplyKey); ok {
		r := reader{b: v}
		b.minted, b.burned = r.number(), r.number()
		b.fail(supplyKey, r.end())
	}
	return b
}

func (b *Book) fail(key []byte, err error) {
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("%w: %x", err, key)
	}
}

// Minted returns the units made since block 0.
func (b *Book) Minted() int64 { return b.minted }

// Burned returns the units destroyed since block 0.
func (b *Book) Burned() int64 { return b.burned }

// account returns the entry of an account. One that begins here begins with the nonce of its height.
func (b *Book) account(id ID) *entry[Account] {
	e := b.accounts[id]
	if e == nil {
		e = &entry[Account]{now: Account{Nonce: NonceStep * b.height}}
		key := AccountKey(id)
		if v, ok := b.set.Get(key); ok {
			a, err := ParseAccount(v)
			b.fail(key, err)
			e.had, e.due, e.now = true, a.Due, a
		}
		b.accounts[id] = e
	}
	return e
}

// Account returns an account as it is now.
func (b *Book) Account(id ID) Account { return b.account(id).now }

// Transfer moves t's amount, and returns its fee for the block: who calls it must pay it out, or burn it. Its errors are those of
// ledger.Transfer; after them nothing has changed.
func (b *Book) Transfer(t ledger.Transfer, baseFee int64) (fee int64, err error) {
	sender, err := ParseID(t.Sender)
	recipient, err2 := ParseID(t.Recipient)
	if err := errors.Join(err, err2); err != nil {
		return 0, fmt.Errorf("%w: %w", ledger.ErrPeer, err)
	}
	from := b.account(sender)
	if err := t.Check(from.now.Balance, from.now.Nonce, baseFee); err != nil {
		return 0, err
	}
	if t.Nonce > NonceStep*(b.height+1) {
		return 0, fmt.Errorf("%w: %d is for a later block", ledger.ErrNonce, t.Nonce)
	}
	b.add(from, -t.Amount-t.Fee)
	from.now.Nonce = t.Nonce
	b.add(b.account(recipient), t.Amount)
	return t.Fee, nil
}

func (b *Book) add(e *entry[Account], amount int64) {
	e.now.Balance += amount
	e.changed = true
}

// Pay credits an account, by an amount that has been taken from others or minted. It must be positive.
func (b *Book) Pay(id ID, amount int64) {
	if amount <= 0 {
		panic(fmt.Sprintf("account: payment of %d", amount))
	}
	b.add(b.account(id), amount)
}

// Take debits an account by up to an amount and returns by how much: who calls it pays it to others, or burns it.
func (b *Book) Take(id ID, amount int64) int64 {
	e := b.account(id)
	if amount = min(amount, e.now.Balance); amount <= 0 {
		return 0
	}
	b.add(e, -amount)
	return amount
}

// Mint counts units that are made; false, and nothing is, where they would be more than there can be.
func (b *Book) Mint(amount int64) bool {
	if amount < 0 || amount > ledger.MaxSupply-b.minted {
		return false
	}
	b.minted += amount
	b.supply = true
	return true
}

// Burn counts units, taken before, that are destroyed.
func (b *Book) Burn(amount int64) {
	b.burned += amount
	b.supply = true
}

func (b *Book) peer(id ID) *entry[Peer] {
	e := b.peers[id]
	if e == nil {
		e = &entry[Peer]{now: Peer{Since: b.slot}}
		key := PeerKey(id)
		if v, ok := b.set.Get(key); ok {
			p, err := ParsePeer(v)
			b.fail(key, err)
			e.had, e.due, e.now = true, p.Due, p
		}
		b.peers[id] = e
	}
	return e
}

// Peer returns a peer as it is now.
func (b *Book) Peer(id ID) Peer { return b.peer(id).now }

// SetPeer changes what is known of a peer, Due apart. Key must have 64 bytes, or none.
func (b *Book) SetPeer(id ID, p Peer) {
	if p.Key != nil && len(p.Key) != keyBytes || min(p.Registered, p.Left, p.Score, p.Since) < 0 {
		panic(fmt.Sprintf("account: record of peer %v", id))
	}
	e := b.peer(id)
	e.now, e.changed = p, true
}

// Close writes what has changed and lets expire what is due. An error says that a record was unreadable: the state is to be thrown away.
func (b *Book) Close() error {
	for _, id := range sortedIDs(b.accounts) {
		if e := b.accounts[id]; e.changed {
			e.now.Due = 0
			if e.now.Balance < Dust {
				e.now.Due = b.slot + DustSlots
			}
			keep := e.now.Balance > 0
			b.write(AccountKey(id), e.had, keep, e.due, e.now.Due, func(dst []byte) []byte { return e.now.AppendRecord(dst) })
		}
	}
	for _, id := range sortedIDs(b.peers) {
		if e := b.peers[id]; e.changed {
			due := e.now.forgotten()
			e.now.Due = due
			keep := due == 0 || due > b.slot
			b.write(PeerKey(id), e.had, keep, e.due, due, func(dst []byte) []byte { return e.now.AppendRecord(dst) })
		}
	}
	b.expire()
	if b.supply {
		b.set.Put(supplyKey, numbers(nil, b.minted, b.burned))
	}
	return b.err
}

// write puts a record, or removes it, and the note of when it expires.
func (b *Book) write(key []byte, had, keep bool, oldDue, due int64, record func([]byte) []byte) {
	if !keep {
		due = 0
	}
	if had && oldDue != 0 && oldDue != due {
		b.set.Delete(dueKey(oldDue, key))
	}
	switch {
	case keep:
		b.set.Put(key, record(nil))
		if due != 0 {
			b.set.Put(dueKey(due, key), nil)
		}
	case had:
		b.set.Delete(key)
	}
}

// expire removes the records that are due, the earliest first, at most MaxExpired.
func (b *Book) expire() {
	var due [][]byte
	b.set.Range([]byte{kindDue}, func(key, _ []byte) bool {
		if len(due) == MaxExpired || len(key) < 1+8 || binary.BigEndian.Uint64(key[1:]) > uint64(b.slot) {
			return false
		}
		due = append(due, bytes.Clone(key))
		return true
	})
	for _, note := range due {
		key := note[1+8:]
		if v, ok := b.set.Get(key); ok && len(key) > 0 && key[0] == kindAccount {
			a, err := ParseAccount(v)
			b.fail(key, err)
			b.Burn(a.Balance)
		}
		b.set.Delete(key)
		b.set.Delete(note)
	}
}

func sortedIDs[V any](m map[ID]V) []ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
}
