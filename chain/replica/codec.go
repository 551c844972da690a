package replica

import (
	"encoding/base64"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/streamlet"
	"doin.network/node/internal/canon"
)

// dataKey is the one member of a message's payload: what application.Message writes, in base64.
const dataKey = "data"

// Bounds of messages, as bytes on the wire. A node builds blocks of so few bytes that they fit; branches are cut.
const (
	mostBytes  = 480 << 10 // of a message with blocks or transactions
	mostSmall  = 16 << 10  // of one without
	mostBranch = 320 << 10 // blocks of a branch, before base64
	mostSpread = 256 << 10 // transactions of a message, before base64
	mostBlock  = 192 << 10 // transactions of a block that this node builds
)

// MaxBytes is the largest message of a type, as bytes on the wire; 0: the certified chain has no use for it.
func MaxBytes(kind string) int {
	switch kind {
	case chain.MsgBlockAnnouncement, chain.MsgBlockResponse, chain.MsgTransaction:
		return mostBytes
	case chain.MsgVote, chain.MsgBlockRequest:
		return mostSmall
	case chain.MsgChainStatus: // with the certificate of a large electorate
		return mostBytes
	}
	return 0
}

// kindOf is the type of the envelope that a message travels in: its topic and its bounds follow from it.
func kindOf(m *application.Message) string {
	switch x := m.Chain; {
	case m.Transactions != nil:
		return chain.MsgTransaction
	case x.Block != nil:
		return chain.MsgBlockAnnouncement
	case x.Signature != nil:
		return chain.MsgVote
	case x.Tip != nil:
		return chain.MsgChainStatus
	case x.Request != nil:
		return chain.MsgBlockRequest
	}
	return chain.MsgBlockResponse
}

// payload is a message as an envelope's payload.
func payload(m *application.Message) *canon.Object {
	return canon.NewObject(dataKey, base64.StdEncoding.EncodeToString(m.Append(nil, mostBranch)))
}

// received is a message whose transactions are verified.
type received struct {
	application.Message
	authors []string // of the transactions
}

// Decode reads what a message carries and verifies all that needs no state: its form, and each transaction's signature. Signatures of
// blocks are verified by the machine, which knows whose turn it is. What it refuses can be answered with a reason.
func Decode(m *chain.Message, network string) (any, error) {
	if MaxBytes(m.Type) == 0 {
		return nil, nil
	}
	text, err := m.Payload.String(dataKey)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Type, err)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Type, err)
	}
	x, err := application.ParseMessage(data)
	if err != nil {
		return nil, err
	}
	if want := kindOf(x); m.Type != want {
		return nil, fmt.Errorf("%w: a %s in a message of type %s", application.ErrFormat, want, m.Type)
	}
	r := &received{Message: *x}
	for _, tx := range x.Transactions {
		author, err := tx.Author(application.P256{}, network)
		if err != nil {
			return nil, err
		}
		r.authors = append(r.authors, author)
	}
	return r, nil
}

// hear hands a message to the certified chain, or its transactions to the pool.
func (m *Machine) hear(from string, r *received) {
	if r.Chain.Request != nil && !m.serving.may(from, m.now) {
		return // who asks in earnest asks again in the next slot
	}
	if m.bygone(&r.Chain) {
		return
	}
	if r.Transactions == nil {
		m.step(streamlet.Received{From: from, Message: r.Chain})
		if b := r.Chain.Branch; b != nil && b.Certificate == nil {
			m.send(from, &application.Message{Chain: streamlet.Message{Tip: m.chain.Tip()}}) // there is more: who is ahead says how far
		}
		return
	}
	for i, tx := range r.Transactions {
		m.pool.add(tx, r.authors[i], m.slot, false)
	}
}
