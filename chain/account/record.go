package account

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
)

// ErrRecord is matched when a record cannot be read.
var ErrRecord = errors.New("account: record is unreadable")

// ID is a peer id in bytes.
type ID [20]byte

// ParseID reads a peer id, 40 lower-case hex digits.
func ParseID(text string) (id ID, err error) {
	if len(text) == 2*len(id) {
		if _, err = hex.Decode(id[:], []byte(text)); err == nil && id.String() == text {
			return id, nil
		}
	}
	return ID{}, fmt.Errorf("account: peer id %.64q is not 40 hex digits", text)
}

// String returns the id as 40 hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Kinds of keys: the first byte.
const (
	kindAccount = 'a'
	kindPeer    = 'p'
	kindDue     = 'x'
	kindSupply  = 's'
)

var supplyKey = []byte{kindSupply}

// AccountKey returns the key of an account's record.
func AccountKey(id ID) []byte { return append([]byte{kindAccount}, id[:]...) }

// PeerKey returns the key of a peer's record.
func PeerKey(id ID) []byte { return append([]byte{kindPeer}, id[:]...) }

func dueKey(slot int64, key []byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{kindDue}, uint64(slot)), key...)
}

// Account is money of a peer. No number is negative.
type Account struct {
	Balance int64 // base units
	Nonce   int64 // of the last transfer
	Due     int64 // slot in which it expires, 0 for never
}

// AppendRecord appends the account's record.
func (a Account) AppendRecord(dst []byte) []byte { return numbers(dst, a.Balance, a.Nonce, a.Due) }

// ParseAccount reads what AppendRecord wrote; its error is an ErrRecord.
func ParseAccount(b []byte) (a Account, err error) {
	r := reader{b: b}
	a = Account{r.number(), r.number(), r.number()}
	return a, r.end()
}

// HalfLife of a reputation, in slots: a week of slots of 2 s.
const HalfLife = 302_400

// Peer is what the state knows of a peer. No number is negative.
type Peer struct {
	Out        bool // put out, for an offence
	Registered int64
	Left       int64 // height at which it left, 0 if it never did
	Score      int64 // reputation at Since, in 10⁻⁶
	Since      int64 // slot
	Due        int64 // slot in which the record expires, 0 for never
	// Key is the public key's point, x and y, while the peer is registered; else nil.
	Key []byte
}

// keyBytes is the length of a Key.
const keyBytes = 64

// Reputation returns the score in a slot: it halves each HalfLife, linearly between.
func (p Peer) Reputation(slot int64) int64 {
	elapsed := slot - p.Since
	if elapsed <= 0 {
		return p.Score
	}
	n := elapsed / HalfLife
	if n >= int64(bits.Len64(uint64(p.Score))) {
		return 0
	}
	s := p.Score >> uint(n)
	hi, lo := bits.Mul64(uint64(s), uint64(elapsed%HalfLife))
	q, _ := bits.Div64(hi, lo, 2*HalfLife)
	return s - int64(q)
}

// forgotten returns the slot from which on nothing is left of a peer that was never registered nor put out, 0 for the others.
func (p Peer) forgotten() int64 {
	if p.Out || p.Left != 0 || p.Key != nil {
		return 0
	}
	return p.Since + HalfLife*int64(bits.Len64(uint64(p.Score)))
}

const flagOut = 1

// AppendRecord appends the peer's record.
func (p Peer) AppendRecord(dst []byte) []byte {
	var flags byte
	if p.Out {
		flags = flagOut
	}
	return append(numbers(append(dst, flags), p.Registered, p.Left, p.Score, p.Since, p.Due), p.Key...)
}

// ParsePeer reads what AppendRecord wrote; its error is an ErrRecord. Key is a part of b.
func ParsePeer(b []byte) (p Peer, err error) {
	r := reader{b: b}
	flags := r.byte()
	p = Peer{Out: flags == flagOut, Registered: r.number(), Left: r.number(), Score: r.number(), Since: r.number(), Due: r.number()}
	if flags > flagOut || len(r.b) != 0 && len(r.b) != keyBytes {
		r.bad = true
	}
	if len(r.b) == keyBytes {
		p.Key, r.b = r.b[:keyBytes:keyBytes], nil
	}
	return p, r.end()
}

func numbers(dst []byte, list ...int64) []byte {
	for _, v := range list {
		dst = binary.AppendUvarint(dst, uint64(v))
	}
	return dst
}

// reader takes a record apart. After the first fault everything is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() (v byte) {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v, r.b = r.b[0], r.b[1:]
	return v
}

func (r *reader) number() int64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n > 9 || n > 1 && r.b[n-1] == 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return int64(v) // nine bytes have 63 bits
}

func (r *reader) end() error {
	if r.bad || len(r.b) > 0 {
		return ErrRecord
	}
	return nil
}
