package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/valyala/fasthttp"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// Where a transaction is.
const (
	TxPending  = "pending"  // it waits for a block
	TxIncluded = "included" // it is in a block of the chain
)

// TxStatus says where a transaction is.
type TxStatus struct {
	// Status is TxPending or TxIncluded.
	Status string
	// Height and BlockHash are the block's, Final is whether it can go again; of TxIncluded alone.
	Height    int64
	BlockHash string
	Final     bool
}

func (s TxStatus) object(id string) *canon.Object {
	o := canon.NewObject("id", id, "status", s.Status)
	if s.Status == TxIncluded {
		o.Set("height", s.Height).Set("block_hash", s.BlockHash).Set("final", s.Final)
	}
	return o
}

// transactions answers POST /transactions: 200 if the transaction waits, or is in the chain already, 400 if it is none or not
// signed by its author, 409 with the reason if the chain as it is does not take it.
func (a *API) transactions(ctx context.Context, rc *fasthttp.RequestCtx, _ string) error {
	const detail = "invalid transaction"
	o, err := bodyObject(rc, detail)
	if err != nil {
		return err
	}
	tx, err := chain.TxFromObject(o)
	if err == nil {
		err = tx.ValidateBasic()
	}
	if err == nil && len(rc.PostBody()) > chain.MaxTxBytes {
		err = fmt.Errorf("%d bytes, at most %d", len(rc.PostBody()), chain.MaxTxBytes)
	}
	if err == nil {
		err = chain.VerifyTx(tx, a.cfg.Network)
	}
	if err != nil {
		return bad(detail, err)
	}
	s, err := a.parts.Accounts.Submit(ctx, tx)
	if errors.Is(err, ErrConflict) {
		return status(fasthttp.StatusConflict, "transaction refused", err)
	}
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, s.object(tx.ID))
	return nil
}

// transaction answers GET /transactions/{id}.
func (a *API) transaction(ctx context.Context, rc *fasthttp.RequestCtx, id string) error {
	if !chain.IsHash(id) {
		return bad("a transaction's id has 64 hex digits", nil)
	}
	s, err := a.parts.Accounts.Transaction(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return status(fasthttp.StatusNotFound, fmt.Sprintf("transaction %s neither waits here nor is in a block of late", id), nil)
	}
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, s.object(id))
	return nil
}

// balance answers GET /balance/{id}, of any id: one that nobody has used has nothing.
func (a *API) balance(ctx context.Context, rc *fasthttp.RequestCtx, id string) error {
	if !identity.IsPeerID(id) {
		return bad(fmt.Sprintf("an account's id has %d hex digits", identity.PeerIDLen), nil)
	}
	o, err := a.parts.Accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	writeJSON(rc, fasthttp.StatusOK, o)
	return nil
}

// domains answers GET /domains.
func (a *API) domains(_ context.Context, rc *fasthttp.RequestCtx, _ string) error {
	writeJSON(rc, fasthttp.StatusOK, a.parts.Accounts.Domains())
	return nil
}
