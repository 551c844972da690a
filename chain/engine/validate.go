package engine

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

// ValidatePayload checks what a message of the strict profile carries as far as that needs no state: members and their
// kinds, ids, and the signatures inside. It is for whoever takes messages from the network: what it refuses can be answered
// with a reason and need not reach the engine. Types that the strict profile has no use for pass.
func ValidatePayload(m *chain.Message, network string) error {
	switch m.Type {
	case chain.MsgOptimaeCommit:
		_, err := parseCommit(m)
		return err
	case chain.MsgOptimaeReveal:
		_, err := consensus.ParseReveal(m)
		return err
	case chain.MsgTaskCompleted:
		v, err := parseVote(m)
		if err != nil || v == nil {
			return err
		}
		if err := v.ValidateBasic(); err != nil {
			return err
		}
		return chain.VerifyVote(v, network)
	case chain.MsgTransaction:
		tx, err := parseTransaction(m)
		if err != nil {
			return err
		}
		if err := tx.ValidateBasic(); err != nil {
			return err
		}
		return chain.VerifyTx(tx, network)
	case chain.MsgBlockAnnouncement:
		_, _, err := parseAnnouncement(m)
		return err
	}
	return nil
}

// announcedCommit is the payload of an optimae_commit.
type announcedCommit struct{ hash, domain, anchor string }

func parseCommit(m *chain.Message) (c announcedCommit, err error) {
	var err1, err2, err3 error
	c.hash, err1 = m.Payload.String("commitment_hash")
	c.domain, err2 = m.Payload.String("domain_id")
	c.anchor, err3 = m.Payload.String("anchor")
	if err := errors.Join(err1, err2, err3); err != nil {
		return c, fmt.Errorf("commit: %w", err)
	}
	if !chain.IsHash(c.hash) || !chain.IsHash(c.anchor) {
		return c, errors.New("commit: commitment and anchor must be 64 hex digits")
	}
	return c, nil
}

// parseVote returns nil for a task_completed without a vote: an inference served elsewhere.
func parseVote(m *chain.Message) (*chain.Vote, error) {
	o, err := m.Payload.ObjectOr("vote", (*canon.Object)(nil))
	if err != nil || o == nil {
		return nil, err
	}
	return chain.VoteFromObject(o)
}

func parseTransaction(m *chain.Message) (*chain.Tx, error) {
	o, err := m.Payload.Object("transaction")
	if err != nil {
		return nil, err
	}
	return chain.TxFromObject(o)
}

func parseAnnouncement(m *chain.Message) (index int64, hash string, err error) {
	index, err1 := m.Payload.Int("block_index")
	hash, err2 := m.Payload.String("block_hash")
	if err := errors.Join(err1, err2); err != nil {
		return 0, "", fmt.Errorf("announcement: %w", err)
	}
	if index < 1 || !chain.IsHash(hash) {
		return 0, "", errors.New("announcement: block_index must be positive, block_hash 64 hex digits")
	}
	return index, hash, nil
}
