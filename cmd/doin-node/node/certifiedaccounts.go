package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/replica"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

var _ api.Accounts = certifiedAccounts{}

// certifiedAccounts is the accounts of a certified chain as the API shows them. A transaction comes in the form of protocol 1, signed as
// there, and carries the one of protocol 2 in its payload: what a wallet says to a person and what the chain takes are by one key.
type certifiedAccounts struct{ n *Certified }

// certifiedKey is the payload's member with the transaction of protocol 2, in hex.
const certifiedKey = "certified"

// inside is the transaction of protocol 2 that one of protocol 1 carries.
func (v certifiedAccounts) inside(tx *chain.Tx) (*application.Tx, error) {
	text, err := tx.Payload.String(certifiedKey)
	if err != nil {
		return nil, fmt.Errorf("%w: a network of protocol 2 wants the transaction in its payload, as doin-node wallet of this version writes it: %w", api.ErrInvalid, err)
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", api.ErrInvalid, err)
	}
	x, err := application.ParseTx(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", api.ErrInvalid, err)
	}
	author, err := x.Author(application.P256{}, v.n.network.ID())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", api.ErrInvalid, err)
	}
	if author != tx.PeerID {
		return nil, fmt.Errorf("%w: signed by %.12s, and what is inside by %.12s", api.ErrInvalid, tx.PeerID, author)
	}
	return x, nil
}

// Submit implements api.Accounts.
func (v certifiedAccounts) Submit(ctx context.Context, tx *chain.Tx) (api.TxStatus, error) {
	x, err := v.inside(tx)
	if err != nil {
		return api.TxStatus{}, err
	}
	id := x.ID(v.n.network.ID())
	v.n.sent.put(tx.ID, id)
	if s, err := v.where(ctx, id); err == nil || !errors.Is(err, api.ErrNotFound) {
		return s, err
	}
	out, err := v.n.loop.Call(ctx, protocol.Submit{Tx: tx, Payload: x})
	if err != nil {
		return api.TxStatus{}, err
	}
	for _, f := range out {
		if r, ok := f.(protocol.SubmitResult); ok && r.Err != nil {
			return api.TxStatus{}, fmt.Errorf("%w: %w", api.ErrConflict, r.Err)
		}
	}
	return api.TxStatus{Status: api.TxPending}, nil
}

// Transaction implements api.Accounts.
func (v certifiedAccounts) Transaction(ctx context.Context, id string) (api.TxStatus, error) {
	inside, ok := v.n.sent.get(id)
	if !ok {
		return api.TxStatus{}, api.ErrNotFound
	}
	return v.where(ctx, inside)
}

func (v certifiedAccounts) where(ctx context.Context, id application.ID) (api.TxStatus, error) {
	var at replica.Included
	var included, waits bool
	if err := v.n.loop.Ask(ctx, func(loop.Tasks) { at, included, waits = v.n.machine.Where(id) }); err != nil {
		return api.TxStatus{}, err
	}
	switch {
	case included:
		return api.TxStatus{Status: api.TxIncluded, Height: at.Height, BlockHash: at.Hash, Final: true}, nil
	case waits:
		return api.TxStatus{Status: api.TxPending}, nil
	}
	return api.TxStatus{}, api.ErrNotFound
}

// Account implements api.Accounts.
func (v certifiedAccounts) Account(ctx context.Context, id string) (*canon.Object, error) {
	var a replica.Account
	if err := v.n.loop.Ask(ctx, func(loop.Tasks) { a = v.n.machine.Account(id) }); err != nil {
		return nil, err
	}
	waiting, domains := make([]any, len(a.Waiting)), make([]any, len(a.Domains))
	for i, w := range a.Waiting {
		waiting[i] = w
	}
	for i, d := range a.Domains {
		domains[i] = d
	}
	view := v.n.loop.View()
	return canon.NewObject("peer_id", id, "balance", ledger.FormatAmount(a.Balance), "locked", ledger.FormatAmount(a.Locked), "nonce", a.Nonce,
		"next_nonce", a.Next, "reputation", chain.MicroToFloat(a.Reputation), "evaluator", standingObject(engine.Standing(a.Standing)), "waiting", waiting,
		"base_fee", ledger.FormatAmount(a.BaseFee), "stake", ledger.FormatAmount(a.Stake), "height", view.Height, "tip_hash", view.Tip,
		"network_id", v.n.network.NetworkID(), "signing_id", v.n.network.ID(), "protocol", chain.Certified, "slot", a.Slot, "domains", domains), nil
}

// Domains implements api.Accounts.
func (v certifiedAccounts) Domains() *canon.Object {
	list := make([]any, 0, len(v.n.genesis.Domains))
	for i := range v.n.genesis.Domains {
		d := &v.n.genesis.Domains[i]
		o := canon.NewObject("domain_id", d.ID, "added", false, "entry", d.Object(), "optimize", false, "evaluate", false)
		for _, c := range v.n.cfg.Domains {
			if c.ID == d.ID {
				o.Set("optimize", c.Optimize).Set("evaluate", c.Evaluate)
			}
		}
		list = append(list, o)
	}
	view := v.n.loop.View()
	return canon.NewObject("domains", list, "may_be_added", false, "height", view.Height, "network_id", v.n.network.NetworkID())
}
