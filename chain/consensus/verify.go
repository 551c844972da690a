package consensus

import (
	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// VerifyTx checks everything about a transaction that needs no state: size, form, id, payload, and every signature, those of
// the votes and of the reveal inside included. What it passes CheckTx need not verify again: RecheckTx will do. Errors match
// ErrTx.
func VerifyTx(tx *chain.Tx, network string) error {
	if _, err := measure(tx); err != nil {
		return err
	}
	k, ok := kindOf(tx.Type)
	if !ok {
		return refuse("type %q has no place in the strict chain", tx.Type)
	}
	if err := verifyTx(tx, network); err != nil {
		return err
	}
	parsed, err := k.parse(tx, network, true)
	if err != nil {
		return err
	}
	if st, ok := parsed.(*Statement); ok {
		return st.verifyVotes(network)
	}
	return nil
}

// measure returns a transaction's size, and refuses what is too large or nested too deep.
func measure(tx *chain.Tx) (size int, err error) {
	if size = len(canon.Canonical(tx.Object())); size > MaxTxBytes {
		return size, refuse("transaction of %d bytes, at most %d", size, MaxTxBytes)
	}
	if n := depth(tx.Payload); n > MaxPayloadDepth {
		return size, refuse("payload nested %d deep, at most %d", n, MaxPayloadDepth)
	}
	return size, nil
}

// verifyTx checks what a transaction itself shows: form, id and its author's signature.
func verifyTx(tx *chain.Tx, network string) error {
	if err := tx.ValidateBasic(); err != nil {
		return refuse("%v", err)
	}
	if err := chain.VerifyTx(tx, network); err != nil {
		return refuse("%v", err)
	}
	return nil
}

// verifyVotes checks form and signature of all votes, whoever cast them; there are at most chain.MaxQuorum.
func (st *Statement) verifyVotes(network string) error {
	for _, v := range st.Votes {
		if err := v.ValidateBasic(); err != nil {
			return refuse("vote of %.12s: %v", v.EvaluatorID, err)
		}
		if err := chain.VerifyVote(v, network); err != nil {
			return refuse("vote of %.12s: %v", v.EvaluatorID, err)
		}
	}
	return nil
}
