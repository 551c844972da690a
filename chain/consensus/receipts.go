package consensus

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// Receipt says what a transaction did.
type Receipt struct {
	TxID, Type          string
	OptimaeID, DomainID string
	OptimizerID         string
	Base                string
	Raw, Weight, Factor int64 // 10⁻⁶
	Effective           int64
	Improved            bool
	// Solo marks an acceptance whose only evaluator is its author.
	Solo              bool
	Agreed, Divergent []string
}

// Receipts are a block's consequences: derived, so not in the block, but kept beside it.
type Receipts struct {
	Tx      []Receipt
	Sum     int64 // Σ effective increments
	Reward  int64
	Fees    int64
	Outputs []ledger.Output
	Supply  int64 // base units in existence after the block; -1 where an earlier version stored the receipts
}

// ErrReceipts is matched when stored receipts cannot be read.
var ErrReceipts = errors.New("consensus: stored receipts are unreadable")

// AppendCanonical appends the stored form of the receipts, which is what people read too: ratios are decimals in it, and
// what the block itself shows (optimizers, votes) is left out.
func (r *Receipts) AppendCanonical(dst []byte) []byte { return canon.AppendCanonical(dst, r.object()) }

func (r *Receipts) object() *canon.Object {
	txs := make([]any, len(r.Tx))
	for i, t := range r.Tx {
		txs[i] = canon.NewObject("tx_id", t.TxID, "tx_type", t.Type, "domain_id", t.DomainID, "optimae_id", t.OptimaeID, "base", t.Base,
			"raw_increment", chain.MicroToFloat(t.Raw), "domain_weight", chain.MicroToFloat(t.Weight),
			"reputation_factor", chain.MicroToFloat(t.Factor), "effective_increment", chain.MicroToFloat(t.Effective),
			"improved", t.Improved, "solo", t.Solo)
	}
	outs := make([]any, len(r.Outputs))
	for i, o := range r.Outputs {
		outs[i] = canon.NewObject("recipient", o.Recipient, "amount", o.Amount, "reason", o.Reason)
	}
	o := canon.NewObject("weighted_sum", chain.MicroToFloat(r.Sum), "block_reward", r.Reward, "fees", r.Fees,
		"outputs", outs, "transactions", txs)
	if r.Supply >= 0 {
		o.Set("supply", r.Supply)
	}
	return o
}

// ParseReceipts reads what AppendCanonical wrote. Members that are not stored are empty; base and solo may be absent, as
// they are in receipts of format 0, and so may supply.
func ParseReceipts(data []byte) (*Receipts, error) {
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrReceipts, err)
	}
	f := &fields{o: o}
	supply, err := o.IntOr("supply", -1)
	get(f, supply, err)
	r := &Receipts{Supply: supply, Sum: f.micro("weighted_sum"), Reward: f.integer("block_reward"), Fees: f.integer("fees")}
	for _, t := range f.objects("transactions") {
		base, err := t.o.StringOr("base", "")
		get(t, base, err)
		solo, err := t.o.BoolOr("solo", false)
		get(t, solo, err)
		r.Tx = append(r.Tx, Receipt{TxID: t.text("tx_id"), Type: t.text("tx_type"), DomainID: t.text("domain_id"), OptimaeID: t.text("optimae_id"),
			Base: base, Raw: t.micro("raw_increment"), Weight: t.micro("domain_weight"), Factor: t.micro("reputation_factor"),
			Effective: t.micro("effective_increment"), Improved: t.flag("improved"), Solo: solo})
		f.join(t)
	}
	for _, t := range f.objects("outputs") {
		r.Outputs = append(r.Outputs, ledger.Output{Recipient: t.text("recipient"), Amount: t.integer("amount"), Reason: t.text("reason")})
		f.join(t)
	}
	if f.err != nil {
		return nil, fmt.Errorf("%w: %v", ErrReceipts, f.err)
	}
	return r, nil
}
