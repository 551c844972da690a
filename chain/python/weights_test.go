package python

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func vectorWeights(t *testing.T, c golden.Case) {
	w := NewWeights()
	for _, d := range objects(c.Inputs, "domains") {
		w.Register(str(d, "domain_id"), num(d, "base_weight"), flag(d, "has_synthetic_data"))
	}
	w.Update(looseTxs(c.Inputs)...)
	got := canon.NewObject()
	for _, d := range w.All() {
		got.Set(d.ID, d.Weight)
	}
	same(t, "weights", got, val(c.Expected, "weights"))

	want := list(c.Expected, "effective_increment_of_3_in_d0_by_reputation")
	for i, r := range floats(c.Inputs, "reputations") {
		near(t, "effective increment", w.EffectiveIncrement("d0", 3, r), want[i])
	}
}

// looseTxs reads transactions that have only a type, a domain, a peer and a payload, each of
// which may be missing.
func looseTxs(o *canon.Object) []*chain.Tx {
	var txs []*chain.Tx
	for _, v := range objects(o, "transactions") {
		tx := &chain.Tx{Payload: must(v.ObjectOr("payload", canon.NewObject()))}
		tx.Type = must(v.StringOr("tx_type", ""))
		tx.DomainID = must(v.StringOr("domain_id", ""))
		tx.PeerID = must(v.StringOr("peer_id", ""))
		txs = append(txs, tx)
	}
	return txs
}

func TestWeightsEdges(t *testing.T) {
	w := NewWeights()
	if all := w.All(); len(all) != 0 || w.Weight("x") != 0 || w.EffectiveIncrement("x", 1, 10) != 0 {
		t.Errorf("empty weights: %v, weight of unknown %v", all, w.Weight("x"))
	}
	w.Unverified = 0
	w.Register("a", 1, false)
	w.Register("b", 1, true)
	w.Register("a", 2, false) // keeps its place
	if all := w.All(); all[0] != (DomainWeight{"a", 0}) || all[1] != (DomainWeight{"b", 0.5}) {
		t.Errorf("weights = %v", all)
	}
	w.Update(&chain.Tx{Type: "optimae_accepted", DomainID: "b", Payload: canon.NewObject("increment", "x")},
		&chain.Tx{Type: "optimae_accepted", DomainID: "b", Payload: canon.NewObject("increment", -3)},
		&chain.Tx{Type: "optimae_rejected", DomainID: "b"})
	if u, _ := w.Use("b"); u.Accepted != 2 || u.Rejected != 1 || u.TotalIncrement != 3 {
		t.Errorf("use = %+v", u)
	}
}
