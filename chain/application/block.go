package application

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"

	"doin.network/node/chain/account"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/light"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
	"doin.network/node/chain/vrf"
)

// Bounds of a block.
const (
	MaxTransactions = optimae.MaxTransactions
	MaxBlock        = 4 << 20 // bytes of its encoding
)

// A Wire is a block as it is sent, stored and hashed. Big-endian, without names or padding:
//
//	parent 32 · height u64 · slot u64 · root 32 · rest · leader's signature 64
//	rest         leader 20 · beacon 32 · proof 81 · certificate · number of transactions u16 · transactions
//	certificate  slot u64 · number of signers u16 · ids of 20, ascending · signatures of 64, in their order
//
// Root is that of the state after the block. The certificate is the parent's; that of block 0, which needs none, is all zeros.
type Wire struct {
	Parent       ID
	Height, Slot int64
	Root         state.ID
	Leader       account.ID
	Beacon       ID
	Proof        [vrf.ProofSize]byte
	Certificate  *streamlet.Certificate // nil: of block 0
	Txs          []*Tx
	Signature    [identity.SignatureBytes]byte
}

// Header is what the block's id is the hash of: see light.Header.
func (w *Wire) Header() light.Header {
	return light.Header{Parent: w.Parent, Height: w.Height, Slot: w.Slot, Root: w.Root, Rest: w.restHash()}
}

// restHash is SHA-256("doin/2 rest\n" · rest).
func (w *Wire) restHash() ID { return sha256.Sum256(w.rest([]byte("doin/2 rest\n"))) }

// inputs is the hash of what the block's results follow from, which the rules know it by: SHA-256("doin/2 inputs\n" · parent · height ·
// slot · SHA-256 of rest as in Header). It is the header without the root, which the results decide.
func (w *Wire) inputs() ID {
	b := append([]byte("doin/2 inputs\n"), w.Parent[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(w.Height))
	b = binary.BigEndian.AppendUint64(b, uint64(w.Slot))
	rest := w.restHash()
	return sha256.Sum256(append(b, rest[:]...))
}

func (w *Wire) rest(dst []byte) []byte {
	b := cryptobyte.NewBuilder(dst)
	b.AddBytes(w.Leader[:])
	b.AddBytes(w.Beacon[:])
	b.AddBytes(w.Proof[:])
	addCertificate(b, w.Certificate)
	b.AddUint16(uint16(len(w.Txs)))
	for _, x := range w.Txs {
		b.AddBytes(x.Append(nil))
	}
	return b.BytesOrPanic()
}

// addCertificate writes a certificate, nil as zeros.
func addCertificate(b *cryptobyte.Builder, c *streamlet.Certificate) {
	if c == nil {
		b.AddUint64(0)
		b.AddUint16(0)
		return
	}
	b.AddUint64(uint64(c.Slot))
	b.AddUint16(uint16(len(c.Signers)))
	for _, peer := range c.Signers {
		id, err := account.ParseID(peer)
		if err != nil {
			b.SetError(err)
		}
		b.AddBytes(id[:])
	}
	for _, s := range c.Signatures {
		b.AddBytes(s)
	}
}

// Append appends the block's encoding. The block must be one that ParseBlock would take.
func (w *Wire) Append(dst []byte) []byte {
	b := cryptobyte.NewBuilder(dst)
	b.AddBytes(w.Parent[:])
	b.AddUint64(uint64(w.Height))
	b.AddUint64(uint64(w.Slot))
	b.AddBytes(w.Root[:])
	return append(w.rest(b.BytesOrPanic()), w.Signature[:]...)
}

// ParseBlock reads what Append has written: nothing else has its form. Of what it says nothing is verified. The error matches ErrFormat.
func ParseBlock(data []byte) (*Wire, error) {
	if len(data) > MaxBlock {
		return nil, fmt.Errorf("%w: a block of %d bytes, at most %d", ErrFormat, len(data), MaxBlock)
	}
	w, s := new(Wire), cryptobyte.String(data)
	if !s.CopyBytes(w.Parent[:]) || !readInt(&s, &w.Height) || !readInt(&s, &w.Slot) || !s.CopyBytes(w.Root[:]) ||
		!s.CopyBytes(w.Leader[:]) || !s.CopyBytes(w.Beacon[:]) || !s.CopyBytes(w.Proof[:]) || w.Height == 0 {
		return nil, fmt.Errorf("%w: header", ErrFormat)
	}
	var err error
	if w.Certificate, err = readCertificate(&s, w.Parent); err != nil {
		return nil, err
	}
	var n uint16
	if !s.ReadUint16(&n) || n > MaxTransactions {
		return nil, fmt.Errorf("%w: %d transactions, at most %d", ErrFormat, n, MaxTransactions)
	}
	for i := range int(n) {
		x, ok := readTx(&s)
		if !ok {
			return nil, fmt.Errorf("%w: transaction %d", ErrFormat, i)
		}
		w.Txs = append(w.Txs, x)
	}
	if !s.CopyBytes(w.Signature[:]) || !s.Empty() {
		return nil, fmt.Errorf("%w: behind the transactions", ErrFormat)
	}
	return w, nil
}

// readCertificate reads a certificate of a block; nil for that of block 0.
func readCertificate(s *cryptobyte.String, block ID) (*streamlet.Certificate, error) {
	c := &streamlet.Certificate{Block: block}
	var n uint16
	if !readInt(s, &c.Slot) || !s.ReadUint16(&n) || n > 2*light.MaxPeers || n == 0 && c.Slot != 0 {
		return nil, fmt.Errorf("%w: certificate", ErrFormat)
	}
	if n == 0 {
		return nil, nil
	}
	for range n {
		var id account.ID
		if !s.CopyBytes(id[:]) {
			return nil, fmt.Errorf("%w: certificate ends early", ErrFormat)
		}
		c.Signers = append(c.Signers, id.String())
	}
	if !slices.IsSorted(c.Signers) || len(slices.Compact(slices.Clone(c.Signers))) != len(c.Signers) {
		return nil, fmt.Errorf("%w: signers are not ascending", ErrFormat)
	}
	for range n {
		signature := make([]byte, identity.SignatureBytes)
		if !s.CopyBytes(signature) {
			return nil, fmt.Errorf("%w: certificate ends early", ErrFormat)
		}
		c.Signatures = append(c.Signatures, signature)
	}
	return c, nil
}

// Chain returns the block as the certified chain takes it. Of what it says nothing is verified but that ID is the hash of it.
func (w *Wire) Chain() *streamlet.Block {
	return &streamlet.Block{ID: w.Header().ID(), Parent: w.Parent, Height: w.Height, Slot: w.Slot, Leader: w.Leader.String(), Beacon: w.Beacon,
		Certificate: w.Certificate, Body: w, Signature: w.Signature[:]}
}
