package application

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"doin.network/node/chain/account"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/streamlet"
)

// What nodes tell each other, in bytes. The first says what follows:
//
//	1 block         the block
//	2 signature     block 32 · slot u64 · peer 20 · signature 64
//	3 tip           height u64 · block 32 · its certificate, all zeros for block 0
//	4 request       above u64 · block wanted 32
//	5 branch        number of blocks u16 · each length u32 and the block · block 32 · its certificate, all zeros without one
//	6 transactions  number u16 · each length u32 and the transaction
const (
	messageBlock = 1 + iota
	messageSignature
	messageTip
	messageRequest
	messageBranch
	messageTransactions
)

// MaxMessage bounds a message in bytes: a block, or as many as a branch may have.
const MaxMessage = MaxBlock + 64<<10

// MaxSpread is how many transactions one message has at most.
const MaxSpread = 256

// Message is what a node tells others: one member is set.
type Message struct {
	Chain        streamlet.Message
	Transactions []*Tx
}

// Append appends the message's encoding. A branch is cut where the message would become longer than most bytes; it keeps its first block.
func (m *Message) Append(dst []byte, most int) []byte {
	b := cryptobyte.NewBuilder(dst)
	switch x := m.Chain; {
	case m.Transactions != nil:
		b.AddUint8(messageTransactions)
		b.AddUint16(uint16(len(m.Transactions)))
		for _, tx := range m.Transactions {
			addFramed(b, tx.Append(nil))
		}
	case x.Block != nil:
		b.AddUint8(messageBlock)
		b.AddBytes(x.Block.Body.(*Wire).Append(nil))
	case x.Signature != nil:
		b.AddUint8(messageSignature)
		b.AddBytes(x.Signature.Block[:])
		b.AddUint64(uint64(x.Signature.Slot))
		addPeer(b, x.Signature.Peer)
		b.AddBytes(x.Signature.Signature)
	case x.Tip != nil:
		b.AddUint8(messageTip)
		b.AddUint64(uint64(x.Tip.Height))
		addCertified(b, x.Tip.Certificate)
	case x.Request != nil:
		b.AddUint8(messageRequest)
		b.AddUint64(uint64(x.Request.Above))
		b.AddBytes(x.Request.Want[:])
	case x.Branch != nil:
		addBranch(b, x.Branch, most)
	}
	return b.BytesOrPanic()
}

func addFramed(b *cryptobyte.Builder, data []byte) {
	b.AddUint32(uint32(len(data)))
	b.AddBytes(data)
}

func addPeer(b *cryptobyte.Builder, peer string) {
	id, err := account.ParseID(peer)
	if err != nil {
		b.SetError(err)
	}
	b.AddBytes(id[:])
}

// addCertified writes a certificate after the block that it is of.
func addCertified(b *cryptobyte.Builder, c *streamlet.Certificate) {
	var id ID
	if c != nil {
		id = c.Block
	}
	b.AddBytes(id[:])
	addCertificate(b, c)
}

// addBranch writes as many blocks as most bytes have room for, and the certificate only with the last.
func addBranch(b *cryptobyte.Builder, x *streamlet.Branch, most int) {
	var blocks [][]byte
	size := 0
	for _, block := range x.Blocks {
		data := block.Body.(*Wire).Append(nil)
		if size += len(data) + 4; len(blocks) > 0 && size > most || len(blocks) == streamlet.MaxBranch {
			break
		}
		blocks = append(blocks, data)
	}
	b.AddUint8(messageBranch)
	b.AddUint16(uint16(len(blocks)))
	for _, data := range blocks {
		addFramed(b, data)
	}
	if len(blocks) < len(x.Blocks) {
		addCertified(b, nil)
		return
	}
	addCertified(b, x.Certificate)
}

// ParseMessage reads what Append has written. Of what it says nothing is verified but that blocks have their hash. The error matches
// ErrFormat.
func ParseMessage(data []byte) (*Message, error) {
	s := cryptobyte.String(data)
	var kind uint8
	if len(data) > MaxMessage || !s.ReadUint8(&kind) {
		return nil, fmt.Errorf("%w: message of %d bytes", ErrFormat, len(data))
	}
	m := new(Message)
	ok := true
	switch kind {
	case messageBlock:
		w, err := ParseBlock(s)
		if err != nil {
			return nil, err
		}
		m.Chain.Block, s = w.Chain(), nil
	case messageSignature:
		x := &streamlet.Signature{Signature: make([]byte, identity.SignatureBytes)}
		ok = s.CopyBytes(x.Block[:]) && readInt(&s, &x.Slot) && readPeer(&s, &x.Peer) && s.CopyBytes(x.Signature)
		m.Chain.Signature = x
	case messageTip:
		x := new(streamlet.Tip)
		ok = readInt(&s, &x.Height) && readCertified(&s, &x.Certificate) && (x.Height == 0) == (x.Certificate == nil)
		m.Chain.Tip = x
	case messageRequest:
		x := new(streamlet.Request)
		ok = readInt(&s, &x.Above) && s.CopyBytes(x.Want[:])
		m.Chain.Request = x
	case messageBranch:
		x, err := readBranch(&s)
		if err != nil {
			return nil, err
		}
		m.Chain.Branch = x
	case messageTransactions:
		ok = readTransactions(&s, m)
	default:
		ok = false
	}
	if !ok || !s.Empty() {
		return nil, fmt.Errorf("%w: message of kind %d", ErrFormat, kind)
	}
	return m, nil
}

func readPeer(s *cryptobyte.String, peer *string) bool {
	var id account.ID
	ok := s.CopyBytes(id[:])
	*peer = id.String()
	return ok
}

// readFramed reads a length of at most most, and so many bytes.
func readFramed(s *cryptobyte.String, most int, data *[]byte) bool {
	var n uint32
	return s.ReadUint32(&n) && int64(n) <= int64(most) && s.ReadBytes(data, int(n))
}

// readCertified reads a certificate and the block that it is of; nil for none.
func readCertified(s *cryptobyte.String, c **streamlet.Certificate) bool {
	var id ID
	if !s.CopyBytes(id[:]) {
		return false
	}
	var err error
	*c, err = readCertificate(s, id)
	return err == nil && (*c != nil || id == ID{})
}

func readBranch(s *cryptobyte.String) (*streamlet.Branch, error) {
	var n uint16
	if !s.ReadUint16(&n) || n > streamlet.MaxBranch {
		return nil, fmt.Errorf("%w: branch", ErrFormat)
	}
	x := new(streamlet.Branch)
	for i := range int(n) {
		var data []byte
		if !readFramed(s, MaxBlock, &data) {
			return nil, fmt.Errorf("%w: block %d of a branch", ErrFormat, i)
		}
		w, err := ParseBlock(data)
		if err != nil {
			return nil, err
		}
		x.Blocks = append(x.Blocks, w.Chain())
	}
	if !readCertified(s, &x.Certificate) {
		return nil, fmt.Errorf("%w: certificate of a branch", ErrFormat)
	}
	return x, nil
}

func readTransactions(s *cryptobyte.String, m *Message) bool {
	var n uint16
	if !s.ReadUint16(&n) || n == 0 || n > MaxSpread {
		return false
	}
	for range n {
		var data []byte
		if !readFramed(s, 2*MaxBody, &data) {
			return false
		}
		x, err := ParseTx(data)
		if err != nil {
			return false
		}
		m.Transactions = append(m.Transactions, x)
	}
	return true
}

// Author verifies a transaction's signature for a network, and returns who signed it. The error matches ErrSignature.
func (x *Tx) Author(scheme Scheme, network string) (peer string, err error) {
	if peer, err = scheme.Peer(x.Point[:]); err == nil {
		err = scheme.Verify(x.Point[:], x.message(network), x.Signature[:])
	}
	if err != nil {
		return "", fmt.Errorf("%w: %v of %.16s: %w", ErrSignature, x.Kind, peer, err)
	}
	return peer, nil
}
