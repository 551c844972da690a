package consensus

import "doin.network/node/chain"

// maxVotes bounds the votes of a transaction that VerifyTx looks at: more than any genesis file allows in a quorum.
const maxVotes = 100

// VerifyTx checks everything about a transaction that needs no state: form, id, payload, and every signature, those of the
// votes and of the reveal inside included. What it passes CheckTx need not verify again: RecheckTx will do. Errors match
// ErrTx.
func VerifyTx(tx *chain.Tx, network string) error {
	if err := verifyTx(tx, network); err != nil {
		return err
	}
	k, ok := kindOf(tx.Type)
	if !ok {
		return refuse("type %q has no place in the strict chain", tx.Type)
	}
	parsed, err := k.parse(tx, network, true)
	if err != nil {
		return err
	}
	st, ok := parsed.(*Statement)
	if !ok {
		return nil
	}
	if len(st.Votes) > maxVotes {
		return refuse("%d votes, at most %d", len(st.Votes), maxVotes)
	}
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
