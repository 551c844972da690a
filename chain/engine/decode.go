package engine

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

// What Decode makes of a message, by its type.
type (
	// announcedCommit is the payload of an optimae_commit.
	announcedCommit struct{ hash, domain, anchor string }
	// revealed is the payload of an optimae_reveal.
	revealed struct {
		st      *consensus.Statement
		metrics *canon.Object
		bytes   int // of memory that keeping it takes
	}
	// signedTx is a transaction all of whose signatures have been verified, the votes and the reveal inside included; st is
	// what an acceptance states, nil for other types.
	signedTx struct {
		tx *chain.Tx
		st *consensus.Statement
	}
	// announcedBlock is the payload of a block_announcement.
	announcedBlock struct {
		index int64
		hash  string
	}
)

// Decode reads what a message of the strict profile carries and verifies all that needs no state: members and their
// kinds, ids, and every signature inside. It is for whoever takes messages from the network, on any goroutine: what it refuses
// can be answered with a reason and need not reach the engine; what it returns goes there as protocol.Received.Payload and is
// not verified again. The payload is nil for what the strict profile has no use for.
func Decode(m *chain.Message, network string) (any, error) {
	switch m.Type {
	case chain.MsgOptimaeCommit:
		return orNil(decodeCommit(m))
	case chain.MsgOptimaeReveal:
		return orNil(decodeReveal(m))
	case chain.MsgTaskCompleted:
		return orNil(decodeVote(m, network))
	case chain.MsgTransaction:
		return orNil(decodeTransaction(m, network))
	case chain.MsgBlockAnnouncement:
		return orNil(decodeAnnouncement(m))
	}
	return nil, nil
}

// MaxBytes is the largest message of a type, as bytes on the wire, for whoever takes messages from the network: those that carry
// parameters may be as large as a transaction with its envelope, all others say little. 0: the strict profile has no use for it.
func MaxBytes(kind string) int {
	switch kind {
	case chain.MsgOptimaeReveal, chain.MsgTransaction:
		return chain.MaxTxBytes + smallMessage
	case chain.MsgOptimaeCommit, chain.MsgTaskCompleted, chain.MsgBlockAnnouncement, chain.MsgPeerDiscovery:
		return smallMessage
	}
	return 0
}

// smallMessage is ample for a message without parameters: a vote with its signatures takes two kilobytes.
const smallMessage = 16 << 10

// orNil keeps a nil pointer from becoming a payload.
func orNil[T any](p *T, err error) (any, error) {
	if p == nil || err != nil {
		return nil, err
	}
	return p, nil
}

func decodeCommit(m *chain.Message) (*announcedCommit, error) {
	var c announcedCommit
	var err1, err2, err3 error
	c.hash, err1 = m.Payload.String("commitment_hash")
	c.domain, err2 = m.Payload.String("domain_id")
	c.anchor, err3 = m.Payload.String("anchor")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	if !chain.IsHash(c.hash) || !chain.IsHash(c.anchor) {
		return nil, errors.New("commit: commitment and anchor must be 64 hex digits")
	}
	return &c, nil
}

func decodeReveal(m *chain.Message) (*revealed, error) {
	st, err := consensus.ParseReveal(m)
	if err != nil {
		return nil, err
	}
	metrics, err := m.Payload.ObjectOr("champion_metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("reveal: %w", err)
	}
	return &revealed{st, metrics, canon.Memory(m.Payload)}, nil
}

// decodeVote returns nil for a task_completed without a vote: an inference served elsewhere.
func decodeVote(m *chain.Message, network string) (*chain.Vote, error) {
	o, err := m.Payload.ObjectOr("vote", (*canon.Object)(nil))
	if err != nil || o == nil {
		return nil, err
	}
	v, err := chain.VoteFromObject(o)
	if err != nil {
		return nil, err
	}
	return v, verifyVote(v, network)
}

func verifyVote(v *chain.Vote, network string) error {
	if err := v.ValidateBasic(); err != nil {
		return err
	}
	return chain.VerifyVote(v, network)
}

func decodeTransaction(m *chain.Message, network string) (*signedTx, error) {
	o, err := m.Payload.Object("transaction")
	if err != nil {
		return nil, err
	}
	tx, err := chain.TxFromObject(o)
	if err != nil {
		return nil, err
	}
	return verifiedTx(tx, network)
}

// Verify is Decode for a transaction that came by no message: what it returns is protocol.Submit's Payload.
func Verify(tx *chain.Tx, network string) (any, error) { return orNil(verifiedTx(tx, network)) }

func verifiedTx(tx *chain.Tx, network string) (*signedTx, error) {
	if err := consensus.VerifyTx(tx, network); err != nil {
		return nil, err
	}
	out := &signedTx{tx: tx}
	if tx.Type == consensus.TxAccepted {
		st, err := consensus.ParseAcceptance(tx)
		if err != nil {
			return nil, err
		}
		out.st = st
	}
	return out, nil
}

func decodeAnnouncement(m *chain.Message) (*announcedBlock, error) {
	index, err1 := m.Payload.Int("block_index")
	hash, err2 := m.Payload.String("block_hash")
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("announcement: %w", err)
	}
	if index < 1 || !chain.IsHash(hash) {
		return nil, errors.New("announcement: block_index must be positive, block_hash 64 hex digits")
	}
	return &announcedBlock{index, hash}, nil
}
