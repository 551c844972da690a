package application

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"golang.org/x/crypto/cryptobyte"

	"doin.network/node/chain/account"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/streamlet"
)

// ID is a SHA-256 hash.
type ID = streamlet.ID

// ErrFormat is matched by the error for bytes that are not the one encoding of anything.
var ErrFormat = errors.New("application: bad encoding")

// KindTransfer is the kind of a transfer, behind those of package optimae.
const KindTransfer optimae.Kind = 32

// MaxBody bounds the body of a transaction in bytes: a reveal with the largest recipe and nonce.
const MaxBody = 34_000

// A Tx is a signed transaction.
type Tx struct {
	Kind      optimae.Kind
	Point     [identity.PointBytes]byte // the author's public key
	Body      []byte
	Signature [identity.SignatureBytes]byte
}

// unsigned appends what a signature is about: kind u8 · key 64 · length of body u32 · body.
func (x *Tx) unsigned(dst []byte) []byte {
	b := cryptobyte.NewBuilder(dst)
	b.AddUint8(uint8(x.Kind))
	b.AddBytes(x.Point[:])
	b.AddUint32(uint32(len(x.Body)))
	b.AddBytes(x.Body)
	return b.BytesOrPanic()
}

// Append appends the transaction's encoding: what is signed, and the signature.
func (x *Tx) Append(dst []byte) []byte { return append(x.unsigned(dst), x.Signature[:]...) }

// message is what the author signs.
func (x *Tx) message(network string) []byte { return x.unsigned(preimage("transaction", network)) }

// ID is the SHA-256 of what the author signs: it does not depend on the signature.
func (x *Tx) ID(network string) ID { return sha256.Sum256(x.message(network)) }

// ParseTx reads what Append has written. What is behind the frame, the body, is read when it is applied. The error matches ErrFormat.
func ParseTx(data []byte) (*Tx, error) {
	s := cryptobyte.String(data)
	x, ok := readTx(&s)
	if !ok || !s.Empty() {
		return nil, fmt.Errorf("%w: transaction of %d bytes", ErrFormat, len(data))
	}
	return x, nil
}

func readTx(s *cryptobyte.String) (*Tx, bool) {
	x := new(Tx)
	var size uint32
	ok := s.ReadUint8((*uint8)(&x.Kind)) && s.CopyBytes(x.Point[:]) && s.ReadUint32(&size) && size <= MaxBody &&
		s.ReadBytes(&x.Body, int(size)) && s.CopyBytes(x.Signature[:])
	return x, ok
}

// Transfer moves money. The fee is at least the base fee, which is burned; the rest of it is the leader's.
type Transfer struct {
	To                 account.ID
	Amount, Fee, Nonce int64
}

// Encode is recipient 20 · amount u64 · fee u64 · nonce u64.
func (t *Transfer) Encode() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes(t.To[:])
	for _, v := range []int64{t.Amount, t.Fee, t.Nonce} {
		b.AddUint64(uint64(v))
	}
	return b.BytesOrPanic()
}

// ParseTransfer reads what Encode has written. The error matches ErrFormat.
func ParseTransfer(body []byte) (*Transfer, error) {
	t, s := new(Transfer), cryptobyte.String(body)
	if !s.CopyBytes(t.To[:]) || !readInt(&s, &t.Amount) || !readInt(&s, &t.Fee) || !readInt(&s, &t.Nonce) || !s.Empty() {
		return nil, fmt.Errorf("%w: transfer", ErrFormat)
	}
	return t, nil
}

// readInt reads a number that is not negative.
func readInt(s *cryptobyte.String, v *int64) bool {
	var u uint64
	ok := s.ReadUint64(&u) && u <= math.MaxInt64
	*v = int64(u)
	return ok
}

// paced reports whether a transaction waits for the network's commit interval.
func paced(kind optimae.Kind) bool { return kind == optimae.KindCommit || kind == KindTransfer }

// Sign returns the transaction of a body.
func Sign(key Key, network string, kind optimae.Kind, body []byte) (*Tx, error) {
	x := &Tx{Kind: kind, Body: body}
	if copy(x.Point[:], key.Point()) != len(x.Point) {
		return nil, fmt.Errorf("application: a key of %d bytes", len(key.Point()))
	}
	signature, err := key.Sign(x.message(network))
	if err != nil {
		return nil, err
	}
	copy(x.Signature[:], signature)
	return x, nil
}

// transfer moves money of a sender.
func (b *Block) transfer(from string, body []byte) error {
	t, err := ParseTransfer(body)
	if err != nil {
		return err
	}
	if b.transfers == ledger.MaxBlockSize {
		return refuse("more than %d transfers", ledger.MaxBlockSize)
	}
	fee, err := b.optimae.Book().Transfer(ledger.Transfer{Sender: from, Recipient: t.To.String(), Amount: t.Amount, Fee: t.Fee, Nonce: t.Nonce}, b.fee)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRule, err)
	}
	b.optimae.Book().Burn(b.fee)
	if fee > b.fee {
		b.optimae.Book().Pay(b.leader, fee-b.fee)
	}
	b.transfers++
	return nil
}

// short is the beginning of a hash, for people.
func short(id ID) string { return hex.EncodeToString(id[:4]) }
