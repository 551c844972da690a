package node

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

var _ api.Accounts = accountView{}

// accountView is the chain's accounts as the API shows them, and the way of a transaction from a client into the pool.
type accountView struct{ n *Node }

// Submit implements api.Accounts. What this node's own key has signed is on the disk before it is answered for: it is offered again
// after a start, until it is in a block.
func (v accountView) Submit(ctx context.Context, tx *chain.Tx) (api.TxStatus, error) {
	if s, err := v.Transaction(ctx, tx.ID); err == nil || !errors.Is(err, api.ErrNotFound) {
		return s, err
	}
	payload, err := engine.Verify(tx, v.n.rules.Network)
	if err != nil {
		return api.TxStatus{}, fmt.Errorf("%w: %w", api.ErrInvalid, err)
	}
	own := tx.PeerID == v.n.PeerID()
	if own {
		if err := v.n.outbox.put(tx, v.n.loop.View().State); err != nil {
			return api.TxStatus{}, err
		}
	}
	if err := v.n.offer(ctx, tx, payload); err != nil {
		if own && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(err, v.n.outbox.drop(tx.ID))
		}
		return api.TxStatus{}, err
	}
	return api.TxStatus{Status: api.TxPending}, nil
}

// offer hands a verified transaction to the machine. A refusal is an api.ErrConflict.
func (n *Node) offer(ctx context.Context, tx *chain.Tx, payload any) error {
	out, err := n.loop.Call(ctx, protocol.Submit{Tx: tx, Payload: payload})
	if err != nil {
		return err
	}
	for _, f := range out {
		r, ok := f.(protocol.SubmitResult)
		switch {
		case !ok:
		case errors.Is(r.Err, protocol.ErrLate), errors.Is(r.Err, consensus.ErrTx):
			return fmt.Errorf("%w: at height %d: %w", api.ErrConflict, n.head().Height, r.Err)
		default:
			return r.Err
		}
	}
	return nil
}

// Transaction implements api.Accounts.
func (v accountView) Transaction(ctx context.Context, id string) (api.TxStatus, error) {
	state := v.n.loop.View().State
	if r := state.IncludedIn(id); r != nil {
		return api.TxStatus{Status: api.TxIncluded, Height: r.Height, BlockHash: r.Hash, Final: r.Height <= state.FinalizedHeight}, nil
	}
	pending := false
	if err := v.n.loop.Ask(ctx, func(loop.Tasks) { pending = v.n.engine.Pending(id) }); err != nil {
		return api.TxStatus{}, err
	}
	if !pending {
		return api.TxStatus{}, api.ErrNotFound
	}
	return api.TxStatus{Status: api.TxPending}, nil
}

// Account implements api.Accounts.
func (v accountView) Account(ctx context.Context, id string) (*canon.Object, error) {
	var waiting []*chain.Tx
	if err := v.n.loop.Ask(ctx, func(loop.Tasks) { waiting = v.n.engine.Waiting(id) }); err != nil {
		return nil, err
	}
	return account(v.n.loop.View().State, id, waiting, v.n.cfg.Register && id == v.n.PeerID()), nil
}

// Domains implements api.Accounts.
func (v accountView) Domains() *canon.Object { return v.n.domains() }

// account describes an account: the balance at the tip, what of it the account's waiting transactions will spend, and the nonce
// that its next transfer needs.
func account(s *consensus.State, id string, waiting []*chain.Tx, register bool) *canon.Object {
	locked, nonces := int64(0), map[int64]bool{}
	ids := []any{}
	for _, tx := range waiting {
		if t, ok := consensus.Transfer(tx); ok && t.Nonce > s.Ledger.Nonce(id) && !nonces[t.Nonce] {
			nonces[t.Nonce] = true
			locked = min(locked+t.Amount+t.Fee, ledger.MaxSupply)
		}
		if tx.Type == consensus.TxRegistered {
			locked = min(locked+ledger.Stake(s.BaseFee), ledger.MaxSupply)
		}
		ids = append(ids, tx.ID)
	}
	next := s.Ledger.Nonce(id) + 1
	for nonces[next] {
		next++
	}
	o := canon.NewObject("peer_id", id, "balance", ledger.FormatAmount(s.Ledger.Balance(id)), "locked", ledger.FormatAmount(locked),
		"nonce", s.Ledger.Nonce(id), "next_nonce", next, "reputation", chain.MicroToFloat(s.Reputation(id)),
		"evaluator", standingObject(engine.StandingOf(s, id, register)), "waiting", ids,
		"base_fee", ledger.FormatAmount(s.BaseFee), "stake", ledger.FormatAmount(ledger.Stake(s.BaseFee)),
		"height", s.Height, "tip_hash", s.Tip, "network_id", s.Rules().Network)
	switch at, registered, left := s.RegisteredAt(id); {
	case registered:
		o.Set("registered_at", at)
	case left != 0:
		o.Set("left_at", left)
	}
	return o
}
